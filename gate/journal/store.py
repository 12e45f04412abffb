"""The journal: one row a presentation, on disk before anybody is let in on it, and what a gate remembers by it.

A thread of its own writes, another one reads: what a slow commit keeps waiting are those whose record it is, not
whoever is asked about next. Who was there is kept only as a keyed pseudonym.
"""

from __future__ import annotations

import math
import sqlite3
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar

from gate.errors import JournalError, JournalFull
from gate.journal import memory, passages
from gate.journal.database import mended, open_to_read, open_to_write
from gate.journal.space import Space
from gate.journal.worker import Worker, refused
from gate.model import PassageResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gate.journal.passages import Passage
    from gate.journal.retention import Retention
    from gate.model import Past

T = TypeVar("T")

QUEUE_LIMIT: Final = 256
"""Tasks that may wait for a slow disk; past that a new record, or a question, fails at once."""
LOOK_AGAIN_S: Final = 5.0
"""How often a full disk is looked at again."""
_FULL: Final = (
    "the disk is full, and nothing on it may be dropped: make room, or connect the gate so that it can upload"
)


class Journal:
    """Takes rows from the event loop and commits them one by one, in order; answers what it remembers.

    Args:
        path: of the file.
        keep: drops rows that were kept long enough; None: every row stays.
    """

    def __init__(self, path: Path, keep: Retention | None = None) -> None:
        self._path = path
        self._writer = Worker("journal", self._connect, self._chore, self._rescue)
        self._space = Space(path)
        self._keep = keep
        self._waiting_for_room: list[Future[None]] = []
        self._reader = Worker("journal-past", lambda: open_to_read(path))
        self.set_aside: Path | None = None
        """Where a damaged journal was moved at this start; None where it was sound."""

    def open(self) -> None:
        """Open or make the file; a damaged one is set aside whole, never deleted.

        Raises:
            JournalError: the folder or file can't be used; the message says what to do.
        """
        try:
            self._writer.open()
            self._reader.open()
        except (OSError, sqlite3.Error) as fault:
            self.close()
            raise JournalError(
                f"{self._path}: journal can't be opened ({fault}); check folder, owner and free space"
            ) from None

    def record(self, passage: Passage) -> Future[int]:
        """Commit one row, and what is remembered by it.

        The future gives its sequence number once it is safe on disk, or ``JournalError``; ``JournalFull`` where there
        is no room for it.
        """
        # Only new rows are refused: what is said later about a row that is taken must not be lost, or a pass that was
        # not let out would stand on record as one that was.
        if self._writer.waiting >= QUEUE_LIMIT:
            return refused("the disk is too slow: too many records wait for it")

        def insert(db: sqlite3.Connection) -> int:
            if not self._space.takes_rows(db):
                raise JournalFull(_FULL)
            number = passages.insert(db, passage)
            memory.remember(db, number, passage)
            return number

        return self._writer.submit(insert)

    def complete(self, presentation_id: str, result: PassageResult) -> Future[int]:
        """Add what the barrier saw; a pass that was not taken gives back what it used up."""

        def complete(db: sqlite3.Connection) -> int:
            if result is PassageResult.NOT_TAKEN:
                memory.give_back(db, presentation_id)
            return passages.complete(db, presentation_id, result.value)

        return self._writer.submit(complete)

    def withdraw(self, presentation_id: str, why: str) -> Future[int]:
        """Mark a pass that was committed too late to be let out, and give back what it used up."""

        def withdraw(db: sqlite3.Connection) -> int:
            memory.give_back(db, presentation_id)
            return passages.withdraw(db, presentation_id, why)

        return self._writer.submit(withdraw)

    def past(self, holder: bytes | None, zone: str, code: bytes | None) -> Future[Past]:
        """What this gate remembers; whoever was let out of the lane before is in it.

        Args:
            holder: pseudonym; None where nobody knows whose credential it is.
            zone: which crossings are meant.
            code: digest of a dynamic code; None where none was presented.

        Returns:
            A future that gives it, or ``JournalError``.
        """
        if self._reader.waiting >= QUEUE_LIMIT:
            return refused("the disk is too slow: too many questions wait for it")
        return self._reader.submit(lambda db: memory.past(db, holder, zone, code))

    def room(self) -> Future[None]:
        """Done once there is room on the disk for new rows."""
        found: Future[None] = Future()

        def wait(_: sqlite3.Connection) -> None:
            if self._space.full:
                self._waiting_for_room.append(found)
            else:
                found.set_result(None)

        self._writer.submit(wait)
        return found

    def change(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Do something else with the rows, in a transaction of its own, in order with them: the outbox's business."""
        return self._writer.submit(work)

    def close(self) -> None:
        """Commit what waits, then close."""
        self._reader.close()  # first: who closes last puts the write-ahead log into the file, and a reader can't
        self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        self._space.release()  # a full disk must not keep the file from being opened
        db, self.set_aside = open_to_write(self._path)
        self._space.regain(db)
        return db

    def _rescue(self, db: sqlite3.Connection, fault: sqlite3.Error) -> JournalError | None:
        """A task is tried once more that found an index damaged, or the disk full: with what was set aside for that."""
        if mended(db, fault):
            return JournalError(f"the journal failed: {fault}")
        if not self._space.lacking(fault):
            return None
        self._space.make(db)
        return JournalFull(_FULL)

    def _chore(self, db: sqlite3.Connection) -> float:
        """What is done between passages: rows go that were kept long enough, and a full disk is looked at again."""
        due = math.inf if self._keep is None else self._quietly(db, self._keep)
        if self._space.full and not self._space.regain(db):
            return min(due, LOOK_AGAIN_S)
        while self._waiting_for_room:
            self._waiting_for_room.pop().set_result(None)
        return due

    @staticmethod
    def _quietly(db: sqlite3.Connection, keep: Retention) -> float:
        """One step of retention; it may be lost in a power cut, so that nobody waits for the disk on its account."""
        try:
            db.execute("PRAGMA synchronous=NORMAL")
            with db:
                return keep.step(db)
        except (sqlite3.Error, UnicodeDecodeError):
            return LOOK_AGAIN_S  # whoever is recorded next finds out what is the matter
        finally:
            db.execute("PRAGMA synchronous=FULL")
