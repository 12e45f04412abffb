"""What a journal holds and whether it is whole, read from the file itself: the gate's own, or a copy of it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.errors import JournalError
from gate.journal import outbox
from gate.journal.database import SCHEMA_VERSION, open_to_read
from gate.journal.sealing import BOX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.journal.outbox import Counts

MOST_NAMED: Final = 10
"""Faults of one kind that are named; the others are counted."""

_STATS: Final = """
SELECT count(*), min(seq), max(seq), min(at), max(at), count(sealed), count(DISTINCT sealed_to),
       count(*) FILTER (WHERE sealed IS NULL AND marks LIKE '%"unsealed"%')
FROM passages
"""
_CHECKS: Final = {
    "says that the server has more of it than there is": "revision < 1 OR acked < 0 OR acked > revision",
    "has a box without the name of its key, or the other way round": "(sealed IS NULL) <> (sealed_to IS NULL)",
    "has a box of another size": f"length(sealed) <> {BOX_BYTES}",
}


@dataclass(frozen=True, slots=True)
class Stats:
    """What is in it."""

    rows: int
    first: int | None
    last: int | None
    dropped: int
    """Rows that were kept long enough."""
    oldest: str | None
    """Moments as rows have them; of a row whose clock was not trusted it may be any."""
    newest: str | None
    sealed: int
    keys: int
    unsealed: int
    """Rows that should say who was there and do not."""
    outbox: Counts
    dead_letters: tuple[tuple[int, str, str], ...]
    """Number, presentation id and reason of the oldest of them."""
    file_bytes: int
    log_bytes: int


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as it stands at one moment, whatever the gate writes meanwhile.

    Raises:
        JournalError: there is none, it is no journal, or one of another version.
    """
    if not path.is_file():
        raise JournalError(f"{path}: there is no journal")
    try:
        db = _alone(path) if _lies_still(path) else open_to_read(path)
        try:
            db.text_factory = lambda raw: raw.decode("utf-8", "replace")  # a damaged file may hold anything
            db.execute("BEGIN")
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if version != SCHEMA_VERSION:
                raise JournalError(
                    f"{path}: a journal of version {version}, this software has version {SCHEMA_VERSION}; a gate that "
                    f"starts on it brings an older one up to date"
                )
            yield db
        finally:
            db.close()
    except (sqlite3.Error, UnicodeDecodeError) as fault:
        raise JournalError(f"{path}: can't be read as a journal ({fault})") from None


def stats(db: sqlite3.Connection, path: Path) -> Stats:
    """Count what is there."""
    rows, first, last, oldest, newest, sealed, keys, unsealed = db.execute(_STATS).fetchone()
    (dropped,) = db.execute("SELECT coalesce(sum(last - first + 1), 0) FROM dropped").fetchone()
    return Stats(
        *(rows, first, last, dropped, oldest, newest, sealed, keys, unsealed),
        outbox.counts(db),
        tuple(outbox.dead_letters(db, MOST_NAMED)),
        _size(path),
        _size(path.with_name(f"{path.name}-wal")),
    )


def faults(db: sqlite3.Connection) -> Iterator[str]:
    """Everything that is wrong with it, one sentence each."""
    for (found,) in db.execute(f"PRAGMA integrity_check({MOST_NAMED})"):
        if found != "ok":
            yield f"the file is damaged: {found}"
    yield from _first_ones("not here and not dropped: lost", _gaps(db))
    for what, condition in _CHECKS.items():
        query = f"SELECT seq FROM passages WHERE {condition} ORDER BY seq"  # noqa: S608 - from the table above
        yield from _first_ones(what, (str(number) for (number,) in db.execute(query)))


def _gaps(db: sqlite3.Connection) -> Iterator[str]:
    """Numbers that were given and are neither those of a row nor those of a row that was dropped."""
    found = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
    newest, expected = (found[0] if found else 0), 1
    known = db.execute("SELECT seq, seq FROM passages UNION ALL SELECT first, last FROM dropped ORDER BY 1")
    for first, last in (*known, (newest + 1, newest + 1)):
        if first > expected:
            yield f"{expected}" if first == expected + 1 else f"{expected} to {first - 1}"
        expected = max(expected, last + 1)


def _first_ones(what: str, numbers: Iterator[str]) -> Iterator[str]:
    for count, number in enumerate(numbers):
        if count == MOST_NAMED:
            yield f"and {1 + sum(1 for _ in numbers):,} more of these"
            return
        yield f"row {number}: {what}"


def _lies_still(path: Path) -> bool:
    """A copy that nobody may write beside: SQLite could not make the files that it wants for a log."""
    return not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()


def _alone(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
