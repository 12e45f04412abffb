"""The journal: one row a presentation, on disk before anybody is let in on it, and what a gate remembers by it.

A thread of its own writes, another one reads: what a slow commit keeps waiting are those whose record it is, not
whoever is asked about next. Who was there is kept only as a keyed pseudonym.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final, TypeVar

from gate.errors import JournalError
from gate.journal import memory, passages
from gate.journal.database import open_to_read, open_to_write
from gate.journal.worker import Worker, refused
from gate.model import PassageResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from gate.journal.passages import Passage
    from gate.model import Past

T = TypeVar("T")

QUEUE_LIMIT: Final = 256
"""Tasks that may wait for a slow disk; past that a new record, or a question, fails at once."""


class Journal:
    """Takes rows from the event loop and commits them one by one, in order; answers what it remembers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = Worker("journal", self._connect)
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

        The future gives its sequence number once it is safe on disk, or ``JournalError``.
        """
        # Only new rows are refused: what is said later about a row that is taken must not be lost, or a pass that was
        # not let out would stand on record as one that was.
        if self._writer.waiting >= QUEUE_LIMIT:
            return refused("the disk is too slow: too many records wait for it")

        def insert(db: sqlite3.Connection) -> int:
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

    def change(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Do something else with the rows, in a transaction of its own, in order with them: the outbox's business."""
        return self._writer.submit(work)

    def close(self) -> None:
        """Commit what waits, then close."""
        self._reader.close()  # first: who closes last puts the write-ahead log into the file, and a reader can't
        self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        db, self.set_aside = open_to_write(self._path)
        return db
