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

TOO_LARGE: Final = 413
BODY_S: Final = 20.0
"""For a body to come."""


class Refusal(Exception):  # noqa: N818 - says what is the case
    """The answer to a question that is not taken: a status, why, and in how many seconds to come again."""

    def __init__(self, status: int, why: str, after_s: int | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.after_s = after_s

    def answer(self) -> Response:
        headers = {} if self.after_s is None else {"Retry-After": str(self.after_s)}
        return Response(encode(Problem(str(self)[:1000])), self.status, headers, MEDIA_TYPE)


async def read(request: Request, most_bytes: int) -> bytes:
    """The body of a request.

    Raises:
        Refusal: it is, or says that it is, longer than ``most_bytes``.
        WireFault: it is not what its headers say, or does not come in time.
    """
    if int(request.headers.get("content-length", "0")) > most_bytes:  # h11 lets nothing through but digits
        raise Refusal(TOO_LARGE, f"at most {most_bytes} bytes")
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for piece in request.stream():
                found += piece
                if len(found) > most_bytes:
                    raise Refusal(TOO_LARGE, f"at most {most_bytes} bytes")
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
