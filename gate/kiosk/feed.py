"""Server-sent events (WHATWG HTML, section 9.2): the newest snapshot to every screen that listens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse, StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import Receive, Scope, Send

CLIENTS: Final = 16


class Feed:
    """ASGI endpoint. A client gets the snapshot when it comes and after every change.

    Nothing is queued: a client that reads slowly finds the newest snapshot when it is ready for one. The heartbeat
    is an event and not a comment, because a page can't see comments and must notice a gate that hangs.

    Args:
        snapshot: gives the current revision and the JSON that goes with it.
        beat_s: seconds between signs of life.
    """

    def __init__(self, snapshot: Callable[[], tuple[int, str]], beat_s: float) -> None:
        self._snapshot = snapshot
        self._beat_s = beat_s
        self._changed = asyncio.Event()
        self._closed = False
        self._clients = 0

    def changed(self) -> None:
        """Wake every client; called on the loop's thread."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        self.changed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._clients >= CLIENTS or self._closed:
            await PlainTextResponse("too many screens", 503)(scope, receive, send)
            return
        self._clients += 1
        try:
            await StreamingResponse(self._events(), media_type="text/event-stream")(scope, receive, send)
        finally:
            self._clients -= 1

    async def _events(self) -> AsyncIterator[str]:
        yield "retry: 1000\n\n"  # milliseconds until the browser comes back by itself
        sent = None
        while not self._closed:
            changed = self._changed  # taken before the snapshot: no change can fall between the two
            revision, snapshot = self._snapshot()
            if revision != sent:
                yield f"event: state\ndata: {snapshot}\n\n"
                sent = revision
            elif not await _within(changed, self._beat_s):
                yield f"event: beat\ndata: {revision}\n\n"


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
