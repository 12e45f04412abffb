"""The demo's panel: a page from which presentations are repeated and pictures held to the camera.

Served by the demo's own process, for a browser on this machine only. It changes things, so a request that does must
come from the panel's own page: its ``Origin`` has to be the ``Host`` that it was sent to.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gate.errors import GateError
from gate.webserver import LocalOnly

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from gate.model import Outcome

PICTURE_BYTES: Final = 10_000_000
PICTURE_S: Final = 30
"""A picture that takes longer to arrive is given up, so that the next one has its turn."""
_FOLDER: Final = Path(__file__).parent / "page"


@dataclass(frozen=True, slots=True)
class PanelItem:
    """One presentation that can be repeated."""

    id: str
    names: Mapping[str, str]
    """By language tag, in the order in which they are shown."""
    reader: str
    expected: Outcome
    last: Outcome | None = None
    """What came of it the last time; None before the first."""


class _Panel:
    def __init__(
        self,
        items: Callable[[], list[PanelItem]],
        present: Callable[[str], Awaitable[None]],
        show_picture: Callable[[bytes], Awaitable[None]],
    ) -> None:
        self._items = items
        self._present = present
        self._show_picture = show_picture
        self._one_picture = asyncio.Lock()

    async def list_items(self, _request: Request) -> Response:
        return JSONResponse(
            [
                {
                    "id": item.id,
                    "names": [{"lang": lang, "text": text} for lang, text in item.names.items()],
                    "reader": item.reader,
                    "expected": item.expected.value,
                    "last": item.last and item.last.value,
                }
                for item in self._items()
            ]
        )

    async def present(self, request: Request) -> Response:
        if not _same_origin(request):
            return PlainTextResponse("not from this page", 403)
        item = request.path_params["item"]
        if item not in {known.id for known in self._items()}:
            return PlainTextResponse("no such presentation", 404)
        return await _answer(self._present(item))

    async def picture(self, request: Request) -> Response:
        if not _same_origin(request):
            return PlainTextResponse("not from this page", 403)
        if self._one_picture.locked():
            return PlainTextResponse("one picture at a time", 409)
        async with self._one_picture:
            try:
                async with asyncio.timeout(PICTURE_S):
                    picture = await _body(request, PICTURE_BYTES)
            except TimeoutError:
                return PlainTextResponse("the picture took too long", 408, {"Connection": "close"})
            if picture is None:
                return PlainTextResponse(f"more than {PICTURE_BYTES} bytes", 413, {"Connection": "close"})
            if not picture:
                return PlainTextResponse("no picture", 400)
            return await _answer(self._show_picture(picture))


def build_panel(
    items: Callable[[], list[PanelItem]],
    present: Callable[[str], Awaitable[None]],
    show_picture: Callable[[bytes], Awaitable[None]],
    allowed_frame_ancestor: str,
) -> Starlette:
    """Build the panel; serve it with ``gate.webserver.serve``.

    Args:
        items: what can be presented now, with its last outcome; asked for every second.
        present: presents an item again, by its id; a ``GateError`` becomes the answer 409 with its message.
        show_picture: holds a picture of at most ``PICTURE_BYTES`` to the camera; not checked to be one.
        allowed_frame_ancestor: origin of the page that may frame the panel, e.g. ``http://127.0.0.1:8765``.
    """
    panel = _Panel(items, present, show_picture)
    csp = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {allowed_frame_ancestor}"
    )
    routes = [
        Route("/", _file("index.html", "text/html")),
        Route("/panel.css", _file("panel.css", "text/css")),
        Route("/panel.js", _file("panel.js", "text/javascript")),
        Route("/items", panel.list_items),
        Route("/present/{item}", panel.present, methods=["POST"]),
        Route("/picture", panel.picture, methods=["POST"]),
    ]
    guard = Middleware(LocalOnly, methods={"GET", "POST"}, headers={"Content-Security-Policy": csp})
    return Starlette(routes=routes, middleware=[guard])


def _file(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    body = (_FOLDER / name).read_bytes()

    async def answer(_request: Request) -> Response:
        return Response(body, media_type=media_type)

    return answer


def _same_origin(request: Request) -> bool:
    origin = urlsplit(request.headers.get("origin", ""))
    return origin.scheme == "http" and origin.netloc == request.headers["host"]


async def _body(request: Request, limit: int) -> bytes | None:
    """The body, or None where it is longer than ``limit``; never holds more than that."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


async def _answer(done: Awaitable[None]) -> Response:
    try:
        await done
    except GateError as error:
        return PlainTextResponse(str(error), 409)
    return Response(status_code=204)
