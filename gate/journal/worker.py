"""A thread of its own for one SQLite connection, so that a slow card stalls neither the readers nor the screen."""

from __future__ import annotations

import math
import queue
import sqlite3
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

from gate.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

    Chore = Callable[[sqlite3.Connection], float]
    Rescue = Callable[[sqlite3.Connection, sqlite3.Error], JournalError | None]

T = TypeVar("T")


class _Task(Generic[T]):
    """One piece of work, and whoever waits for what it gives."""

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self._work = work
        self.future: Future[T] = Future()

    def run(self, db: sqlite3.Connection, rescue: Rescue) -> None:
        """Do it; ``rescue`` as ``Worker`` has it."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            try:
                found = self._try(db)
            except sqlite3.Error as fault:
                if (spare := rescue(db, fault)) is None:
                    raise
                found = self._once_more(db, spare)
        except sqlite3.Error as fault:
            self.future.set_exception(JournalError(f"the journal failed: {fault}"))
        except JournalError as fault:
            self.future.set_exception(fault)
        except Exception as bug:  # noqa: BLE001 - nothing may die unseen in a thread: whoever waits gets it
            self.future.set_exception(bug)
        else:
            self.future.set_result(found)

    def _try(self, db: sqlite3.Connection) -> T:
        with db:  # one transaction a task: commit, or roll back on an error
            return self._work(db)

    def _once_more(self, db: sqlite3.Connection, spare: JournalError) -> T:
        try:
            return self._try(db)
        except sqlite3.Error:
            raise spare from None


def _no_chores(_: sqlite3.Connection) -> float:
    return math.inf


def _no_rescue(_: sqlite3.Connection, __: sqlite3.Error) -> None:
    return None


class Worker:
    """Does what it is given, one after the other, each in a transaction of its own.

    Args:
        name: of the thread.
        connect: opens the connection; called in the thread.
        chore: a little work of its own that is done while nothing waits; gives the seconds until it is due again.
        rescue: is told of a task that failed. It is tried once more where that gives an error, which then stands for
            what went wrong should it fail again.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], sqlite3.Connection],
        chore: Chore = _no_chores,
        rescue: Rescue = _no_rescue,
    ) -> None:
        self._connect = connect
        self._chore = chore
        self._rescue = rescue
        self._due = time.monotonic()
        """When the chore is."""
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
        while True:
            try:
                task = self._tasks.get(timeout=min(max(0.0, self._due - time.monotonic()), threading.TIMEOUT_MAX))
            except queue.Empty:
                self._due = time.monotonic() + self._chore(db)
                continue
            if task is None:
                break
            task.run(db, self._trouble)
        db.close()

    def _trouble(self, db: sqlite3.Connection, fault: sqlite3.Error) -> JournalError | None:
        """A task failed: chores may mend the cause, so they don't wait for their time."""
        self._due = time.monotonic()
        return self._rescue(db, fault)


def refused(why: str) -> Future[T]:
    """What stands for work that is not taken on."""
    future: Future[T] = Future()
    future.set_exception(JournalError(why))
    return future
