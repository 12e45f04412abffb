"""The rows of the journal: one a presentation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

    from gate.model import Decision, Direction, OneTimeCode, PermitRecord

_INSERT: Final = """
INSERT INTO passages (id, at, clock_trusted, reader, direction, zone, credential, assurance, holder, code, permit,
                      outcome, reasons, rule_set, profile, failed_rules, facts, marks, sealed, sealed_to)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# A row that changed is sent again: its revision is above the one that the server has.
_COMPLETE: Final = "UPDATE passages SET passage = ?, revision = revision + 1 WHERE id = ?"
_WITHDRAW: Final = "UPDATE passages SET withdrawn = ?, revision = revision + 1 WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Passage:
    """One row: a presentation and what was decided about it."""

    id: str
    at: datetime
    clock_trusted: bool
    reader: str
    direction: Direction
    zone: str
    """The one that somebody goes into or comes out of."""
    credential: str
    assurance: int
    holder: bytes | None
    code: OneTimeCode | None
    """The dynamic code that was presented, whatever was decided about it."""
    permit: PermitRecord | None
    """The permit that somebody is let through on."""
    decision: Decision
    sealed: bytes | None = None
    """The box that says whose it was, see ``gate.journal.sealing``; None: nobody knows, or there was no key."""
    sealed_to: str | None = None
    """Id of the key that opens it."""


def insert(db: sqlite3.Connection, passage: Passage) -> int:
    """Write a row; gives its number."""
    decision = passage.decision
    cursor = db.execute(
        _INSERT,
        (
            passage.id,
            passage.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            passage.clock_trusted,
            passage.reader,
            passage.direction.value,
            passage.zone,
            passage.credential,
            passage.assurance,
            passage.holder,
            None if passage.code is None else passage.code.digest,
            None if passage.permit is None else passage.permit.id,
            decision.outcome.value,
            json.dumps([reason.value for reason in decision.reasons]),
            decision.rule_set,
            decision.profile,
            json.dumps(decision.failed_rules),
            json.dumps({f.name: {"state": f.state, "source": f.source, "age": f.age} for f in decision.facts}),
            json.dumps(decision.marks),
            passage.sealed,
            passage.sealed_to,
        ),
    )
    return int(cursor.lastrowid or 0)


def complete(db: sqlite3.Connection, presentation_id: str, result: str) -> int:
    """Add what the barrier saw; gives how many rows that concerns, one or none."""
    return db.execute(_COMPLETE, (result, presentation_id)).rowcount


def withdraw(db: sqlite3.Connection, presentation_id: str, why: str) -> int:
    """Mark a pass that was not let out; gives how many rows that concerns, one or none."""
    return db.execute(_WITHDRAW, (why, presentation_id)).rowcount
