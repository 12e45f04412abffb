"""The journal: one row a presentation, on disk before anybody is let in on it.

SQLite in WAL mode with ``synchronous=FULL``: 400 emulated power cuts lost nothing that way, and up to 599 of
600 rows with ``NORMAL`` (DESIGN section 7). A thread of its own owns the connection, so that a slow card stalls neither
the readers nor the screen. Who was there is kept only as a keyed pseudonym.
"""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gate.durable import sync_folder
from gate.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path

    from gate.model import Decision, PassageResult

SCHEMA_VERSION: Final = 1
QUEUE_LIMIT: Final = 256
"""Tasks that may wait for a slow disk; past that a new record fails at once and nobody is let in on it."""

_SCHEMA: Final = """
CREATE TABLE passages (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT, -- the device's own numbering: a gap shows at the server
    id            TEXT NOT NULL UNIQUE,              -- UUIDv7 of the presentation
    at            TEXT NOT NULL,                     -- moment of presentation, UTC, ISO 8601
    clock_trusted INTEGER NOT NULL,
    reader        TEXT NOT NULL,
    credential    TEXT NOT NULL,
    assurance     INTEGER NOT NULL,
    holder        BLOB,                              -- keyed pseudonym, never a number or a name
    outcome       TEXT NOT NULL,
    reasons       TEXT NOT NULL,                     -- JSON list, the spoken one first
    rule_set      TEXT,
    profile       TEXT,
    failed_rules  TEXT NOT NULL,                     -- JSON list
    facts         TEXT NOT NULL,                     -- JSON: state, source and age of each fact used
    marks         TEXT NOT NULL,                     -- JSON list
    withdrawn     TEXT,                              -- a pass that was recorded too late and never let out
    passage       TEXT                               -- what the barrier saw: passed, not_taken, jammed
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """One row: a presentation and what was decided about it."""

    id: str
    at: datetime
    clock_trusted: bool
    reader: str
    credential: str
    assurance: int
    holder: bytes | None
    decision: Decision


_Task = tuple[Callable[[sqlite3.Connection], int], "Future[int]"]


class Journal:
    """Takes rows from the event loop and commits them one by one, in order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._opened: Future[None] = Future()
        self.set_aside: Path | None = None
        """Where a damaged journal was moved at this start; None where it was sound."""

    def open(self) -> None:
        """Open or make the file; a damaged one is set aside whole, never deleted.

        Raises:
            JournalError: the folder or file can't be used; the message says what to do.
        """
        self._thread.start()
        self._opened.result()

    def record(self, passage: Passage) -> Future[int]:
        """Commit one row. The future gives its sequence number once it is safe on disk, or ``JournalError``."""
        # Only new rows are refused: what is said later about a row that is taken must not be lost, or a pass that was
        # not let out would stand on record as one that was.
        if self._tasks.qsize() >= QUEUE_LIMIT:
            refused: Future[int] = Future()
            refused.set_exception(JournalError("the disk is too slow: too many records wait for it"))
            return refused
        return self._submit(lambda db: _insert(db, passage))

    def complete(self, presentation_id: str, result: PassageResult) -> Future[int]:
        """Add what the barrier saw."""
        return self._submit(lambda db: _update(db, "passage", result.value, presentation_id))

    def withdraw(self, presentation_id: str, why: str) -> Future[int]:
        """Mark a pass that was committed too late to be let out."""
        return self._submit(lambda db: _update(db, "withdrawn", why, presentation_id))

    def close(self) -> None:
        """Commit what waits, then close."""
        if self._thread.is_alive():
            self._tasks.put(None)
            self._thread.join()

    def _submit(self, work: Callable[[sqlite3.Connection], int]) -> Future[int]:
        future: Future[int] = Future()
        self._tasks.put((work, future))
        return future

    def _work(self) -> None:
        try:
            db = self._connect()
        except (OSError, sqlite3.Error) as fault:
            self._opened.set_exception(
                JournalError(f"{self._path}: journal can't be opened ({fault}); check folder, owner and free space")
            )
            return
        except Exception as bug:  # noqa: BLE001 - nothing may die unseen in a thread: whoever waits gets it
            self._opened.set_exception(bug)
            return
        self._opened.set_result(None)
        while (task := self._tasks.get()) is not None:
            work, future = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                with db:  # one transaction a row: commit, or roll back on an error
                    number = work(db)
            except sqlite3.Error as fault:
                future.set_exception(JournalError(f"record failed: {fault}"))
            except Exception as bug:  # noqa: BLE001 - as above; the thread goes on for those who come next
                future.set_exception(bug)
            else:
                future.set_result(number)
        db.close()

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and not _sound(self._path):
            self.set_aside = _set_aside(self._path)
        db = sqlite3.connect(self._path, check_same_thread=False, timeout=0.2)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with db:
                db.execute(_SCHEMA)
                db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        elif version != SCHEMA_VERSION:
            db.close()
            raise sqlite3.DatabaseError(f"written by another version ({version}) of this software")
        self._path.chmod(0o600)
        sync_folder(self._path.parent)
        return db


def _sound(path: Path) -> bool:
    try:
        db = sqlite3.connect(path, timeout=0.2)
        try:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
        finally:
            db.close()
    except sqlite3.DatabaseError as fault:
        if isinstance(fault, sqlite3.OperationalError):
            raise  # busy or unreadable is no damage
        return False


def _set_aside(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def _insert(db: sqlite3.Connection, passage: Passage) -> int:
    decision = passage.decision
    cursor = db.execute(
        "INSERT INTO passages (id, at, clock_trusted, reader, credential, assurance, holder, outcome, reasons,"
        " rule_set, profile, failed_rules, facts, marks) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            passage.id,
            passage.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            passage.clock_trusted,
            passage.reader,
            passage.credential,
            passage.assurance,
            passage.holder,
            decision.outcome.value,
            json.dumps([reason.value for reason in decision.reasons]),
            decision.rule_set,
            decision.profile,
            json.dumps(decision.failed_rules),
            json.dumps({f.name: {"state": f.state, "source": f.source, "age": f.age} for f in decision.facts}),
            json.dumps(decision.marks),
        ),
    )
    return int(cursor.lastrowid or 0)


def _update(db: sqlite3.Connection, column: str, value: str, presentation_id: str) -> int:
    # The column's name is one of two literals above, never from outside.
    return db.execute(f"UPDATE passages SET {column} = ? WHERE id = ?", (value, presentation_id)).rowcount  # noqa: S608
