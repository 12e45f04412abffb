"""A thread of its own for one SQLite connection, so that a slow card stalls neither the readers nor the screen."""

from __future__ import annotations

import queue
import sqlite3
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

from gate.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _Task(Generic[T]):
    """One piece of work, and whoever waits for what it gives."""

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self._work = work
        self.future: Future[T] = Future()

    def run(self, db: sqlite3.Connection) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            with db:  # one transaction a task: commit, or roll back on an error
                found = self._work(db)
        except sqlite3.Error as fault:
            self.future.set_exception(JournalError(f"the journal failed: {fault}"))
        except Exception as bug:  # noqa: BLE001 - nothing may die unseen in a thread: whoever waits gets it
            self.future.set_exception(bug)
        else:
            self.future.set_result(found)


class Worker:
    """Does what it is given, one after the other, each in a transaction of its own.

    Args:
        name: of the thread.
        connect: opens the connection; called in the thread.
    """

    def __init__(self, name: str, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._tasks: queue.SimpleQueue[_Task[object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._opened: Future[None] = Future()

    def open(self) -> None:
        """Connect; whatever ``connect`` raises is raised here."""
        self._thread.start()
        self._opened.result()

    @property
    def waiting(self) -> int:
        """How many tasks wait for those before them."""
        return self._tasks.qsize()

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Hand over work; the future gives what it gives, ``JournalError`` where SQLite could not."""
        task = _Task(work)
        self._tasks.put(task)  # type: ignore[arg-type]  # nobody but whoever waits looks at what it gives
        return task.future

    def close(self) -> None:
        """Do what waits, then close."""
        if self._thread.is_alive():
            self._tasks.put(None)
            self._thread.join()

    def _run(self) -> None:
        try:
            db = self._connect()
        except Exception as fault:  # noqa: BLE001 - as above
            self._opened.set_exception(fault)
            return
        self._opened.set_result(None)
        while (task := self._tasks.get()) is not None:
            task.run(db)
        db.close()


def refused(why: str) -> Future[T]:
    """What stands for work that is not taken on."""
    future: Future[T] = Future()
    future.set_exception(JournalError(why))
    return future
