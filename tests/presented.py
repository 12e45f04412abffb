"""Somebody who stands at the gate: what ``derive`` makes of a card, records and a moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from gate.model import Assurance, Checkpoint, Credential, CredentialKind, Direction, Moment, Records, Validity
from gate.rules.derive import Inputs, Limits, derive

Shown = dict[str, int | str | bool | None]

NOW = datetime(2021, 6, 20, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai
MOMENT = Moment(NOW, trusted=True)
HERE = Checkpoint("c", "station", "1", Direction.IN, attended=True)
CARD = Credential(CredentialKind.RESIDENT_ID, Assurance.CHIP, validity=Validity(date(2010, 1, 1), date(2021, 6, 20)))


def ago(**span: float) -> datetime:
    """So long before ``NOW``."""
    return NOW - timedelta(**span)


def moment(*local: int, trusted: bool = True) -> Moment:
    """A moment in UTC from its parts."""
    return Moment(datetime(*local, tzinfo=UTC), trusted)  # type: ignore[misc,arg-type]


def shown(
    records: Records | None = None,
    *,
    limits: dict[str, int] | None = None,
    retired: tuple[str, ...] = (),
    **others: Any,
) -> dict[str, Shown]:
    """What the rules see; ``others`` are members of ``Inputs`` that differ from the usual."""
    inputs = Inputs(**{"credential": CARD, "records": records, "moment": MOMENT, "checkpoint": HERE, **others})
    return derive(inputs, Limits(limits or {}, frozenset(retired))).to_payload()
