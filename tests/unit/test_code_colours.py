"""Every number of every shipped table, and every number that is in none, through to the decision of a station."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from health_codes import CODES, ISSUERS, KEY, SHIPPED, Provider, id_number
from lane_rig import HERE, Believing, NothingHappened, Slot, Source

from gate.app.demo.people import healthy
from gate.app.judge import Judge
from gate.credentials.health_code import recognise
from gate.model import Moment, Outcome, PayloadKind, Reading, Reason, Records
from gate.rules.eu_rules import EuRules

if TYPE_CHECKING:
    from gate.model import Decision

AT = Moment(datetime(2022, 4, 5, 8, 0, tzinfo=UTC), trusted=True)

STATES = [
    "0",
    "00",
    "000",
    "1",
    "01",
    "10",
    "2",
    "3",
    "4",
    "-1",
    "11",
    "99",
    "green",
    "GREEN",
    "绿码",
    "",
    None,
    0,
    1,
    10,
    -1,
]
GREEN = {"cn-national": ("0", 0), "gd-yuekang": ("00",), "sh-suishen": ()}
"""What alone may pass; Shanghai's numbers are not public, so nothing may."""


def answered(issuer: str, state: object) -> dict[str, Any]:
    """A provider's raw answer about somebody with this colour."""
    match issuer:
        case "cn-national":
            return {"code": 10000, "data": json.dumps({"qrCodeType": state, "idCard": id_number(1)})}
        case "gd-yuekang":
            return {"RetCode": 0, "status": state, "id": id_number(1), "vaccine": 3}
        case _:
            return {"zjhm": id_number(1), "status": state, "colour": state}


def decided(issuer: str, raw: dict[str, Any], known: Records) -> Decision:
    """What a station says about a code whose provider answers so, and about whose holder this is known besides."""
    code = CODES[issuer]
    recognised = recognise(code, SHIPPED)
    assert recognised is not None

    async def besides(_: bytes) -> Records | None:
        return known

    judge = Judge(
        checkpoint=HERE,
        rules=Slot("station-48h", None),
        certificate_rules=EuRules(()),
        certificate_country="CN",
        trust=Believing(SHIPPED),
        status=Source(besides),
        directions={},
        history=NothingHappened(),
        gateway=Provider(ISSUERS[issuer], {recognised.token: raw}, AT.at),
        status_deadline_s=5,
        key=KEY,
    )
    reading = Reading("gun", PayloadKind.CODE_TEXT, code, time.monotonic())
    (judgement,) = asyncio.run(judge.judge(reading, AT, lambda _: 0))
    return judgement.decision


@pytest.mark.parametrize("issuer", sorted(ISSUERS))
def test_only_the_number_that_its_own_table_calls_green_passes(issuer: str) -> None:
    everything_else_well = replace(healthy(AT.at), codes=())
    passed = [
        state
        for state in STATES
        if decided(issuer, answered(issuer, state), everything_else_well).outcome is Outcome.PASS
    ]
    assert passed == [state for state in STATES if state in GREEN[issuer] and not isinstance(state, bool)]


@pytest.mark.parametrize("issuer", ["cn-national", "gd-yuekang"])
def test_a_number_that_is_in_no_table_is_worse_than_the_green_of_another_source(issuer: str) -> None:
    as_new = healthy(AT.at)
    as_new = replace(as_new, codes=tuple(replace(code, as_of=AT.at) for code in as_new.codes))
    decision = decided(issuer, answered(issuer, "77"), as_new)
    assert decision.outcome is Outcome.REFER
    assert decision.reasons[0] is Reason.CODE_NOT_GREEN


@pytest.mark.parametrize(("result", "passes"), [("阴性", True), ("阳性", False), ("1", False), ("", False), (1, False)])
def test_only_the_state_that_its_own_table_calls_negative_counts_as_a_test(result: object, *, passes: bool) -> None:
    raw = answered("gd-yuekang", "00") | {
        "stNucleicAcid": [{"checkTime": "2022-04-05 06:00:00", "checkResult": result}]
    }
    decision = decided("gd-yuekang", raw, replace(healthy(AT.at), tests=()))
    assert (decision.outcome is Outcome.PASS) == passes
