"""The outbox: the rows of the journal that the server has not got, or not as they are now.

The row itself is what waits, so nothing can be in one and not in the other. ``acked`` is the revision that the server
has; a row that changes afterwards waits again. What the server refuses is a dead letter: it keeps its row and its
place, waits for a person, and no other row waits for it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from gate.model import Direction, Outcome, PassageResult
from gate.wire.message import encode
from gate.wire.passages import Passage, Sealed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_WAITS: Final = "acked < revision AND refused IS NULL"
"""As the index ``unsent`` has it."""
_COLUMNS: Final = (
    "seq, id, revision, at, clock_trusted, reader, credential, assurance, outcome, reasons, direction, zone, holder, "
    "code, permit, rule_set, profile, failed_rules, facts, marks, withdrawn, passage, sealed, sealed_to"
)
_UNSENT: Final = f"SELECT {_COLUMNS} FROM passages WHERE {_WAITS} AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
_COUNTS: Final = f"""
SELECT (SELECT count(*) FROM passages WHERE {_WAITS}),
       (SELECT at FROM passages WHERE {_WAITS} ORDER BY seq LIMIT 1),
       (SELECT count(*) FROM passages WHERE refused IS NOT NULL),
       (SELECT seq FROM passages WHERE {_WAITS} ORDER BY seq LIMIT 1),
       (SELECT seq FROM sqlite_sequence WHERE name = 'passages')
"""  # noqa: S608 - nothing in it is anybody's
_REASON_CHARACTERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A row that can't be sent as it is on disk."""

    seq: int
    revision: int
    why: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """Rows that wait, the oldest first."""

    rows: tuple[Passage, ...]
    spoiled: tuple[Spoiled, ...]

    @property
    def last(self) -> int | None:
        """The number of the last one; None where none waits."""
        numbers = [*(row.seq for row in self.rows), *(row.seq for row in self.spoiled)]
        return max(numbers, default=None)


@dataclass(frozen=True, slots=True)
class Counts:
    """How the outbox stands."""

    unsent: int
    oldest_unsent: datetime | None
    dead_letters: int
    watermark: int
    """Every row up to it is with the server, or is a dead letter."""


def series(db: sqlite3.Connection) -> int:
    """The number that tells this file from the one before it; drawn, in a transaction, where it has none.

    It lies in the file's header, where SQLite keeps 31 bits for whoever owns the file.
    """
    found = int(db.execute("PRAGMA application_id").fetchone()[0])
    if not found:
        found = secrets.randbelow((1 << 31) - 1) + 1
        db.execute(f"PRAGMA application_id = {found}")
    return found


def as_it_is(text: bytes) -> str:
    """A connection's ``text_factory`` for ``unsent``: what is no UTF-8 any more spoils its own row and no other."""
    return text.decode("utf-8", "surrogateescape")


def unsent(db: sqlite3.Connection, after: int, most_rows: int, most_bytes: int) -> Unsent:
    """Rows that wait.

    Args:
        db: may be one that only reads.
        after: only rows with a higher number.
        most_rows: so many at most.
        most_bytes: of all of them as they are sent, uncompressed; one goes in any case.
    """
    rows: list[Passage] = []
    spoiled: list[Spoiled] = []
    size = 0
    for values in db.execute(_UNSENT, (after, most_rows)):
        try:
            row = _row(values)
            size += len(encode(row))
        except (ValueError, TypeError, msgspec.DecodeError) as fault:
            why = f"this row can't be read as it is on disk ({type(fault).__name__})"
            spoiled.append(Spoiled(values[0], values[2], why))
            continue
        if rows and size > most_bytes:
            break
        rows.append(row)
    return Unsent(tuple(rows), tuple(spoiled))


def acknowledge(db: sqlite3.Connection, rows: Iterable[Passage]) -> int:
    """Note what the server has; a row that changed meanwhile goes on waiting. Gives how many wait no more."""
    done = 0
    for row in rows:
        done += db.execute(
            "UPDATE passages SET acked = ? WHERE seq = ? AND id = ? AND revision = ? AND acked < ?",
            (row.revision, row.seq, row.id, row.revision, row.revision),
        ).rowcount
    return done


def refuse(db: sqlite3.Connection, refused: Iterable[tuple[int, int, str]]) -> int:
    """Make dead letters: number, revision and reason of each; one that changed meanwhile goes on waiting.

    Gives how many there are more.
    """
    done = 0
    for seq, revision, why in refused:
        done += db.execute(
            f"UPDATE passages SET refused = ? WHERE seq = ? AND revision = ? AND {_WAITS}",  # noqa: S608 - as above
            (why[:_REASON_CHARACTERS] or "no reason given", seq, revision),
        ).rowcount
    return done


def release(db: sqlite3.Connection, numbers: Sequence[int] | None = None) -> int:
    """Have dead letters sent again, all of them or the rows with these numbers; gives how many."""
    if numbers is None:
        return db.execute("UPDATE passages SET refused = NULL WHERE refused IS NOT NULL").rowcount
    return sum(
        db.execute("UPDATE passages SET refused = NULL WHERE seq = ? AND refused IS NOT NULL", (number,)).rowcount
        for number in numbers
    )


def send_again(db: sqlite3.Connection, gaps: Iterable[tuple[int, int]]) -> int:
    """Have rows sent again that the server has lost, by their numbers from and to; gives how many."""
    return sum(
        db.execute(
            "UPDATE passages SET acked = 0 WHERE seq BETWEEN ? AND ? AND acked > 0 AND refused IS NULL", gap
        ).rowcount
        for gap in gaps
    )


def dead_letters(db: sqlite3.Connection, most: int) -> list[tuple[int, str, str]]:
    """Number, presentation id and reason of each, the oldest first."""
    return db.execute(
        "SELECT seq, id, refused FROM passages WHERE refused IS NOT NULL ORDER BY seq LIMIT ?", (most,)
    ).fetchall()


def counts(db: sqlite3.Connection) -> Counts:
    """How the outbox stands."""
    waiting, oldest, dead, first, newest = db.execute(_COUNTS).fetchone()
    return Counts(waiting, _moment(oldest), dead, (newest or 0) if first is None else first - 1)


def _moment(text: str | None) -> datetime | None:
    try:
        found = None if text is None else datetime.fromisoformat(text)
    except ValueError:  # a spoiled row
        return None
    return found if found is None or found.tzinfo is not None else found.replace(tzinfo=UTC)


class _Fact(msgspec.Struct, frozen=True):
    """One of the column ``facts``."""

    state: str
    source: str | None = None
    age: int | None = None


_WORDS: Final = msgspec.json.Decoder(tuple[str, ...])
_FACTS: Final = msgspec.json.Decoder(dict[str, _Fact])


def _row(values: Sequence[object]) -> Passage:
    """A row as it is sent.

    Raises:
        ValueError, TypeError, msgspec.DecodeError: the columns hold something else than what is written into them.
    """
    named = dict(zip(_COLUMNS.split(", "), values, strict=True))
    facts = _FACTS.decode(str(named.pop("facts")))
    sealed, key = named.pop("sealed"), named.pop("sealed_to")
    for name in ("reasons", "failed_rules", "marks"):
        named[name] = _WORDS.decode(str(named[name]))
    for name, kind in (("direction", Direction), ("outcome", Outcome), ("passage", PassageResult)):
        named[name] = None if named[name] is None else kind(str(named[name]))
    row = {
        **named,
        "at": datetime.fromisoformat(str(named["at"])),
        "clock_trusted": bool(named["clock_trusted"]),
        "facts": [
            {"name": name, "state": fact.state, "source": fact.source, "age_s": fact.age}
            for name, fact in facts.items()
        ],
        "sealed": None if sealed is None else Sealed(str(key), bytes(sealed)),  # type: ignore[call-overload]
    }
    return msgspec.convert(row, Passage)
