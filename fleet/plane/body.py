"""What a gate sends, up to a size, unpacked; and answers in the contract's words."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from gate.errors import WireFault
from gate.wire.message import MEDIA_TYPE, Problem, encode, unsqueeze

if TYPE_CHECKING:
    import msgspec
    from starlette.requests import Request

BODY_S: Final = 20.0
"""For a body to come."""


class TooLarge(Exception):  # noqa: N818 - says what is the case
    """More was sent than can rightly be."""


async def read(request: Request, most_bytes: int) -> bytes:
    """The body of a request.

    Raises:
        TooLarge: it is, or says that it is, longer than ``most_bytes``.
        WireFault: it is not what its headers say, or does not come in time.
    """
    if int(request.headers.get("content-length", "0")) > most_bytes:  # h11 lets nothing through but digits
        raise TooLarge
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for piece in request.stream():
                found += piece
                if len(found) > most_bytes:
                    raise TooLarge
    except TimeoutError:
        raise WireFault("the question did not come in time") from None
    match request.headers.get("content-encoding", "identity").lower():
        case "identity":
            return bytes(found)
        case "gzip":
            return unsqueeze(bytes(found), most_bytes)
        case _:
            raise WireFault("only gzip is unpacked here")


def said(message: msgspec.Struct) -> Response:
    """An answer."""
    return Response(encode(message), media_type=MEDIA_TYPE)


def refused(status: int, why: str, after_s: int | None = None) -> Response:
    """A refusal; ``after_s``: when to come again."""
    headers = {} if after_s is None else {"Retry-After": str(after_s)}
    return Response(encode(Problem(why[:1000])), status, headers, MEDIA_TYPE)
