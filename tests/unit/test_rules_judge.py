from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from vectors import ROOT

from gate.app.demo.people import healthy
from gate.model import (
    Assurance,
    Checkpoint,
    CodeRecord,
    Colour,
    Credential,
    CredentialKind,
    Direction,
    Moment,
    Outcome,
    Reason,
    Validity,
)
from gate.rules import ruleset
from gate.rules.derive import Inputs
from gate.rules.judge import judge
from gate.rules.orders import Order, OrderKind

STATION = ruleset.load((ROOT / "config/rules/station-48h.json").read_bytes())
NOW = Moment(datetime(2021, 6, 18, tzinfo=UTC), trusted=True)
CARD = Credential(CredentialKind.RESIDENT_ID, Assurance.CHIP, validity=Validity(date(2011, 6, 18), None))
HERE = Checkpoint("c", "station", "1", Direction.IN, attended=False)
DAY = 86_400


def seen(seconds: int) -> Inputs:
    """Somebody in order whose colour was last updated so long ago."""
    records = replace(healthy(NOW.at), codes=(CodeRecord("city", NOW.at - timedelta(seconds=seconds), Colour.GREEN),))
    return Inputs(credential=CARD, records=records, moment=NOW, checkpoint=HERE)


GRACE = Order(
    id="CODE-DOWN",
    kind=OrderKind.GRACE,
    issued_at=NOW.at,
    valid_from=NOW.at,
    valid_to=NOW.at + timedelta(days=1),
    profiles=frozenset({"station"}),
    parameters={"max_age_s": {"code": 3 * DAY, "pop_up": DAY, "travel": DAY}},
    description={},
)


@pytest.mark.parametrize(("seconds", "passes"), [(DAY - 1, True), (DAY, True), (DAY + 1, False)])
def test_the_profile_says_how_old_records_may_be(seconds: int, passes: bool) -> None:
    decision = judge(seen(seconds), STATION)
    assert decision.reasons == ((Reason.GREEN_CODE,) if passes else (Reason.DATA_STALE,))


@pytest.mark.parametrize(("seconds", "passes"), [(DAY + 1, True), (3 * DAY, True), (3 * DAY + 1, False)])
def test_a_grace_order_reaches_the_age_of_records_too(seconds: int, passes: bool) -> None:
    decision = judge(seen(seconds), STATION, (GRACE,))
    assert (decision.outcome is Outcome.PASS) == passes
    assert decision.marks == ("grace:CODE-DOWN",)


def test_records_of_a_retired_source_are_not_believed() -> None:
    parameters = {**STATION.profiles["station"].parameters, "retired_sources": ["clinic"]}
    profile = replace(STATION.profiles["station"], parameters=parameters)
    held = replace(STATION, profiles={**STATION.profiles, "station": profile})
    assert judge(seen(0), held).outcome is Outcome.REFER
    assert judge(seen(0), None).reasons == (Reason.NO_RULE_SET,)
