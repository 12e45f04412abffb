"""The rows of a site in a window, and what is in their boxes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Final

from fleet.days import daykeys
from fleet.errors import FleetError
from fleet.row_ids import first_id
from gate.errors import JournalError, WireFault
from gate.journal.sealing import open_box
from gate.model import Outcome, PassageResult
from gate.wire.message import decode
from gate.wire.passages import Passage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import psycopg
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from fleet.days.people import Unlocked
    from fleet.trace.question import Question

MOST_ROWS: Final = 50_000
UNSEALED: Final = "unsealed"
"""Mark of a row that a gate wrote without a key of that day."""
_SLACK: Final = timedelta(minutes=5)
"""Between the moment in an id and that of the presentation."""
SITE: Final = "SELECT id FROM sites WHERE name = %s"
GONE: Final = "SELECT max(day) FROM days_gone"
ROWS: Final = """
SELECT devices.name, passages.body FROM passages JOIN devices ON devices.id = passages.device_id
WHERE passages.id >= %s AND passages.id < %s AND passages.at >= %s AND passages.at < %s
    AND passages.device_id = ANY(ARRAY(SELECT id FROM devices WHERE site_id = %s))
ORDER BY passages.at LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who passed; still shut."""

    gate: str
    row: Passage


@dataclass(frozen=True, slots=True)
class Opened:
    """The same, with whose it was, or why nobody can tell."""

    gate: str
    row: Passage
    documents: tuple[tuple[str, str], ...]
    """Types and numbers."""
    why_not: str = ""


def find(link: psycopg.Connection, asked: Question) -> list[Found]:
    """Everybody who passed.

    Raises:
        FleetError: there is no such site, its rows of those days are gone, or they are too many.
    """
    site = link.execute(SITE, (asked.site,)).fetchone()
    if site is None:
        raise FleetError("there is no such site")
    gone: date | None = (link.execute(GONE).fetchone() or (None,))[0]
    if gone is not None and asked.begins.astimezone(UTC).date() <= gone:
        raise FleetError(
            f"the days up to {gone} (UTC) are past their time: their keys are destroyed, nobody can open them"
        )
    bounds = first_id(asked.begins - _SLACK), first_id(asked.ends + _SLACK), asked.begins, asked.ends
    rows = link.execute(ROWS, (*bounds, site[0], MOST_ROWS + 1)).fetchall()
    if len(rows) > MOST_ROWS:
        raise FleetError(f"more than {MOST_ROWS} rows: ask for a shorter time")
    return list(_passed(rows))


def unlock(rows: Iterable[Found], folder: Path, here: tuple[Unlocked, Unlocked]) -> dict[str, X25519PrivateKey]:
    """The keys that open these rows, by their ids; of days whose key is not here there is none.

    Raises:
        FleetError: a key is here, and these two can't use it.
    """
    found = {}
    for id_ in sorted({one.row.sealed.key for one in rows if one.row.sealed is not None}):
        with contextlib.suppress(ValueError):  # the key of another one's, who names it otherwise
            if (key := daykeys.read(folder, date.fromisoformat(id_))) is not None:
                found[id_] = daykeys.unlock(key, here)
    return found


def open_all(rows: Iterable[Found], keys: Mapping[str, X25519PrivateKey]) -> list[Opened]:
    """Whose each row was."""
    return [_open(one, keys) for one in rows]


def _passed(rows: Iterable[tuple[str, bytes]]) -> Iterable[Found]:
    for gate, body in rows:
        try:
            row = decode(bytes(body), Passage)
        except WireFault:
            raise FleetError(f"a row of {gate} can't be read: it is of a version that is no more") from None
        if row.outcome is Outcome.PASS and row.withdrawn is None and row.passage is not PassageResult.NOT_TAKEN:
            yield Found(gate, row)


def _open(one: Found, keys: Mapping[str, X25519PrivateKey]) -> Opened:
    row = one.row
    if row.sealed is None:
        return Opened(one.gate, row, (), _without_box(row))
    if (key := keys.get(row.sealed.key)) is None:
        return Opened(one.gate, row, (), f"the key of {row.sealed.key} is destroyed, or was never here")
    try:
        documents = open_box(row.sealed.box, key, row.id, row.sealed.key)
    except JournalError as fault:
        return Opened(one.gate, row, (), str(fault))
    return Opened(one.gate, row, tuple((document.type.value, document.number) for document in documents))


def _without_box(row: Passage) -> str:
    if UNSEALED in row.marks:
        return "the gate had no key that day: nothing was sealed"
    if row.holder is not None:
        return f"known by a pseudonym alone, {row.holder.hex()}: for such a credential nothing is sealed"
    return "the credential names nobody: nothing was sealed"
