"""Rows for a journal: people who are let through, and what of them is in the file."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gate.journal.passages import Passage
from gate.model import Decision, Direction, FactState, FactUsed, OneTimeCode, Outcome, PermitRecord, Reason
from gate.presentation_id import new_presentation_id

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2021, 6, 20, 8, tzinfo=UTC)
ZONE = "east-3"
ANNA, BERT = bytes([1] * 16), bytes([2] * 16)
FACTS = (FactUsed("code", FactState.KNOWN, "city", 600),)


def passage(outcome: Outcome = Outcome.PASS, **changes: Any) -> Passage:
    """A card of Anna's on its way in, and whatever is otherwise."""
    usual: dict[str, Any] = {
        "id": new_presentation_id(),
        "at": AT,
        "clock_trusted": True,
        "reader": "id-reader",
        "direction": Direction.IN,
        "zone": ZONE,
        "credential": "resident_id",
        "assurance": 4,
        "holder": ANNA,
        "code": None,
        "permit": None,
        "decision": Decision(outcome, (Reason.GREEN_CODE,), "station-48h@1", "station", (), FACTS, ("demo",)),
    }
    return Passage(**{**usual, **changes})


def dynamic(number: int, lives: timedelta = timedelta(minutes=5)) -> OneTimeCode:
    """One of several codes."""
    return OneTimeCode(bytes([number] * 16), AT + lives)


def limited(
    permit_id: str | None = "P-1", entries: int | None = 3, end: datetime = AT + timedelta(days=30)
) -> PermitRecord:
    """A permit for so many entries."""
    return PermitRecord("office", AT, frozenset({ZONE}), AT - timedelta(days=1), end, None, entries, permit_id)


def rows(path: Path, columns: str, table: str = "passages") -> list[tuple[Any, ...]]:
    """What another process sees."""
    db = sqlite3.connect(path)
    try:
        return db.execute(f"SELECT {columns} FROM {table} ORDER BY seq").fetchall()  # noqa: S608 - of a test
    finally:
        db.close()
