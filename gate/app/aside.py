"""Work that takes longer than a person may wait for an answer, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def aside(work: Callable[[], None], name: str) -> None:
    """Do it and wait for its end; an exception in it is raised here.

    The thread is a daemon: a disk that hangs must not keep the process from ending.
    """
    done: Future[None] = Future()
    done.set_running_or_notify_cancel()  # who waits may give up; the work is done to its end all the same

    def run() -> None:
        try:
            work()
        except BaseException as bug:  # noqa: BLE001 - whoever waits gets it
            done.set_exception(bug)
        else:
            done.set_result(None)

    threading.Thread(target=run, name=name, daemon=True).start()
    await asyncio.wrap_future(done)
