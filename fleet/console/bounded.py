"""Turns away what is too long before anything of it is kept: Django would put any length on the disk first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MOST_BYTES: Final = 9 * 1024 * 1024
"""A file to import, and the form around it."""


class Bounded:
    """The pages, for questions that say how long they are, and are not too long."""

    def __init__(self, pages: ASGIApp) -> None:
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._pages
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if "transfer-encoding" in headers:
                answer = PlainTextResponse("how long is it?\n", 411)
            elif int(headers.get("content-length", "0")) > MOST_BYTES:  # h11 lets nothing through but digits
                answer = PlainTextResponse("too large\n", 413)
        await answer(scope, receive, send)
