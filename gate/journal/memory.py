"""What a gate remembers besides the rows: who is on which side, entries used of permits, dynamic codes used.

Kept in tables beside the rows and written in the row's own transaction, so that both are there after a power cut or
neither is. Everything carries the number of the row that it comes from: a pass that nobody used gives it all back.

* Only a pass counts; a refusal changes nothing.
* A code counts as used once it has let somebody in. It is forgotten at its end; a code that lets somebody out is not
  used up, since whoever goes home may have come a minute ago.
* Crossings and codes are kept for ``MOST_KEPT`` presentations; past that the oldest are forgotten.
* An entry of a permit is kept as long as that, and until the permit's end, however far that is: to forget it would
  give it back, and a clock that shows next year for a moment must not give them all back.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil
from typing import TYPE_CHECKING, Final

from gate.errors import JournalError
from gate.model import Direction, Outcome, Past

if TYPE_CHECKING:
    import sqlite3

    from gate.journal.passages import Passage

MOST_KEPT: Final = 200_000
"""A busy gate's fortnight; a code lives for minutes."""


def remember(db: sqlite3.Connection, number: int, passage: Passage) -> None:
    """Take note of a row, in its transaction.

    Args:
        db: in the transaction.
        number: the row's.
        passage: what the row says.
    """
    if passage.decision.outcome is not Outcome.PASS:
        return
    _forget(db, number, passage)
    holder, permit, code = passage.holder, passage.permit, passage.code
    if holder is not None:
        at = passage.at.astimezone(UTC).isoformat() if passage.clock_trusted else None
        row = (number, holder, passage.zone, passage.direction.value, at)
        db.execute("INSERT INTO presence (seq, holder, zone, direction, at) VALUES (?, ?, ?, ?, ?)", row)
    if passage.direction is Direction.OUT:
        return
    if holder is not None and permit is not None and permit.id is not None and permit.entries_left is not None:
        entry = (number, holder, permit.id, _second(permit.valid_to))
        db.execute("INSERT INTO entries (seq, holder, permit, expires) VALUES (?, ?, ?, ?)", entry)
    if code is not None:
        used = (number, code.digest, _second(code.expires_at))
        db.execute("INSERT INTO codes (seq, digest, expires) VALUES (?, ?, ?)", used)


def give_back(db: sqlite3.Connection, presentation_id: str) -> None:
    """Forget a pass that nobody used, in the transaction that says so."""
    for table in ("presence", "entries", "codes"):
        db.execute(
            f"DELETE FROM {table} WHERE seq = (SELECT seq FROM passages WHERE id = ?)",  # noqa: S608 - of these three
            (presentation_id,),
        )


def past(db: sqlite3.Connection, holder: bytes | None, zone: str, code: bytes | None) -> Past:
    """What is remembered of a holder in a zone, and of a code; of None there is nothing.

    Raises:
        JournalError: the disk has made something else of it.
    """
    db.execute("BEGIN")  # all of it as it stood at one moment
    last = db.execute(
        "SELECT direction, at FROM presence WHERE holder = ? AND zone = ? ORDER BY seq DESC LIMIT 1", (holder, zone)
    ).fetchone()
    direction, at = last or (None, None)
    used = db.execute("SELECT 1 FROM codes WHERE digest = ? LIMIT 1", (code,)).fetchone()
    try:
        return Past(
            direction=None if direction is None else Direction(direction),
            at=None if at is None else datetime.fromisoformat(at),
            entries=dict(
                db.execute("SELECT permit, count(*) FROM entries WHERE holder = ? GROUP BY permit", (holder,))
            ),
            code_used=used is not None,
        )
    except ValueError as fault:
        raise JournalError(f"what is remembered of somebody is damaged: {fault}") from None


def _forget(db: sqlite3.Connection, number: int, passage: Passage) -> None:
    oldest = number - MOST_KEPT
    db.execute("DELETE FROM presence WHERE seq <= ?", (oldest,))
    db.execute("DELETE FROM codes WHERE seq <= ?", (oldest,))
    if passage.clock_trusted:
        now = int(passage.at.timestamp())
        db.execute("DELETE FROM codes WHERE expires <= ?", (now,))
        db.execute("DELETE FROM entries WHERE seq <= ? AND expires <= ?", (oldest, now))


def _second(at: datetime) -> int:
    """Whole seconds of Unix time, rounded up."""
    return ceil(at.timestamp())
