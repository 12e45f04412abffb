"""Which rows may go, and when: only what the server has.

Rows are dropped a few at a time between passages. A dropped row leaves its number behind, so that a gap in the numbers
is either explained here or a loss.

* By days: a row that the server has goes once it is older than the keep. No day is over on a clock that is not trusted.
* By space: where the file is larger than it should be, the oldest rows that the server has go, however new.
* A row that the server does not have, be it that it refused it (a dead letter), never goes, and the newest ``SETTLING``
  stay: what the barrier saw may still be added to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from gate.model import Moment

ROWS: Final = 20
"""Dropped at once at most: less than a millisecond of work."""
LOOKED_AT: Final = 100
"""Rows that may go, looked at in one step at most."""
PAGES: Final = 16
"""Pages given back to the disk in one step at most."""
SETTLING: Final = 100
PAUSE_S: Final = 0.05
"""Between two steps; whoever presents in between is recorded first."""
ROUND_S: Final = 600.0
"""Between two looks at all rows."""

_MAY_GO: Final = """
SELECT seq, at < ? FROM passages INDEXED BY may_go
WHERE seq > ? AND seq <= ? AND acked >= revision ORDER BY seq LIMIT ?
"""
"""Number, and whether it is past its keep."""
_SENT: Final = """
SELECT seq FROM passages INDEXED BY may_go
WHERE seq <= ? AND acked >= revision ORDER BY seq LIMIT ?
"""
_NO_DAY: Final = ""
"""Before every moment."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How much is kept of what the server has."""

    days: int = 30
    most_bytes: int = 1 << 30


class Retention:
    """Goes through the rows again and again, a few of them at each step.

    Args:
        keep: how much.
        moment: the clock.
    """

    def __init__(self, keep: Keep, moment: Callable[[], Moment]) -> None:
        self._keep = keep
        self._moment = moment
        self._position = 0
        """Number of the row that was looked at last; 0 where a round begins."""

    def step(self, db: sqlite3.Connection) -> float:
        """Do a little; gives the seconds until the next step is due."""
        going = self._past_keep(db)
        if not going and used_bytes(db) > self._keep.most_bytes:
            going = _oldest(db, ROWS)
        drop(db, going)
        shrunk = give_back_pages(db, PAGES)
        self._position = going[-1] if going else 0  # the oldest come first: after those that stay nothing is older
        return PAUSE_S if going or shrunk else ROUND_S

    def _past_keep(self, db: sqlite3.Connection) -> list[int]:
        now = self._moment()
        before = _text(now.at - timedelta(days=self._keep.days)) if now.trusted else _NO_DAY
        found = db.execute(_MAY_GO, (before, self._position, _newest(db) - SETTLING, LOOKED_AT)).fetchall()
        return [number for number, past in found if past][:ROWS]


def drop_oldest(db: sqlite3.Connection, most: int) -> int:
    """Drop the oldest rows that the server has; gives how many."""
    return drop(db, _oldest(db, most))


def _oldest(db: sqlite3.Connection, most: int) -> list[int]:
    return [number for (number,) in db.execute(_SENT, (_newest(db) - SETTLING, most))]


def drop(db: sqlite3.Connection, numbers: Sequence[int]) -> int:
    """Delete rows and keep their numbers; gives how many.

    Args:
        db: in a transaction, or to begin one.
        numbers: rising.
    """
    for number in numbers:
        db.execute("DELETE FROM passages WHERE seq = ?", (number,))
        if db.execute("UPDATE dropped SET last = ?1 WHERE last = ?1 - 1", (number,)).rowcount == 0:
            db.execute("INSERT INTO dropped (first, last) VALUES (?1, ?1)", (number,))
        # A row that had stayed between two others that went: all of them are one gap now.
        after = db.execute("SELECT last FROM dropped WHERE first = ? + 1", (number,)).fetchone()
        if after is not None:
            db.execute("DELETE FROM dropped WHERE first = ? + 1", (number,))
            db.execute("UPDATE dropped SET last = ? WHERE last = ?", (after[0], number))
    return len(numbers)


def used_bytes(db: sqlite3.Connection) -> int:
    """What the rows take, without pages that are free for the next ones."""
    return (_number(db, "page_count") - free_pages(db)) * _number(db, "page_size")


def free_pages(db: sqlite3.Connection) -> int:
    """Pages of the file that hold nothing."""
    return _number(db, "freelist_count")


def give_back_pages(db: sqlite3.Connection, most: int) -> bool:
    """Shrink the file by some free pages; whether there were any.

    A gate writes all day: some are kept for what comes next.
    """
    spare = free_pages(db) - most
    if spare <= 0 or _number(db, "auto_vacuum") == 0:
        return False
    if not db.in_transaction:
        db.execute("BEGIN")
    for _ in range(min(spare, most)):
        db.execute("PRAGMA incremental_vacuum(1)")  # Python's sqlite3 takes one step of it, which is one page
    return True


def _newest(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(seq), 0) FROM passages").fetchone()[0])


def _number(db: sqlite3.Connection, pragma: str) -> int:
    return int(db.execute(f"PRAGMA {pragma}").fetchone()[0])


def _text(at: datetime) -> str:
    """As rows have their moments, which then sort as texts."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
