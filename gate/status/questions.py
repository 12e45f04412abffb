"""Questions about people for a thread of their own, so that whoever is asked can't hold up the event loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from gate.errors import StatusUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUEUE_LIMIT: Final = 16
"""Questions that may wait; past that nothing is known at once."""

T = TypeVar("T")


class Questions(Generic[T]):
    """Asked from the event loop, answered one after the other in a thread.

    Args:
        name: of the thread.
        answer: called there with the pseudonyms of one person; whatever it raises is raised where it was asked.
        limit_s: how long a person waits for it at most.
    """

    def __init__(self, name: str, answer: Callable[[tuple[bytes, ...]], T], limit_s: float) -> None:
        self._answer = answer
        self._limit_s = limit_s
        self._waiting: queue.Queue[tuple[tuple[bytes, ...], Future[T]] | None] = queue.Queue(QUEUE_LIMIT)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def open(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answer what waits, then stop."""
        self._waiting.put(None)
        self._thread.join()

    async def ask(self, holders: Sequence[bytes]) -> T:
        """What is known about a person.

        Raises:
            StatusUnavailable: too many ask, or there is no answer in time.
        """
        future: Future[T] = Future()
        try:
            self._waiting.put_nowait((tuple(holders), future))
            async with asyncio.timeout(self._limit_s):
                return await asyncio.wrap_future(future)
        except queue.Full:
            raise StatusUnavailable("too many questions wait") from None
        except TimeoutError:
            raise StatusUnavailable("no answer in time") from None

    def _run(self) -> None:
        while (question := self._waiting.get()) is not None:
            holders, future = question
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._answer(holders))
            except Exception as fault:  # noqa: BLE001 - nothing may die unseen in a thread: whoever waits gets it
                future.set_exception(fault)
