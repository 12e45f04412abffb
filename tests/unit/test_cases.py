from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import rule_set_samples as samples

from gate.errors import RuleSetError
from gate.model import Assurance, CredentialKind, Direction, Outcome, Reason, Temperature, TestResult
from gate.rules import ruleset
from gate.rules.cases import Case, differences, judge_case, load_cases

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)
CASE: dict[str, Any] = {
    "case": "everything in order",
    "order": "凭绿码通行。",
    "at": "2022-06-20T10:00:00+08:00",
    "checkpoint": {"site_class": "station"},
    "card": {"birth": "1990-01-01"},
    "records": {"codes": [{"source": "city", "as_of": "-10m", "colour": "green"}]},
    "expect": {"outcome": "pass", "reason": "green_code"},
}
TEST = {"source": "lab", "as_of": "-1h", "result": "negative", "sampled_at": "-1d2h3m4s", "reported_at": "-1h"}


def line(**changes: Any) -> str:
    """One line of a file; a change to None takes the member away, but for records, which may be null."""
    found = {**CASE, **changes}
    return json.dumps({key: value for key, value in found.items() if value is not None or key == "records"})


def load(*lines: str) -> tuple[Case, ...]:
    return load_cases("\n".join(lines).encode())


def one(**changes: Any) -> Case:
    return load(line(**changes))[0]


LASTING = {"refresh_by": "2029-01-01T00:00:00+08:00", "expires": "2029-06-01T00:00:00+08:00"}
GREEN_SET = ruleset.load(samples.blob(samples.rule_set(**LASTING)))


def test_a_case_says_who_stands_where_and_when() -> None:
    case = one(
        checkpoint={
            "site_class": "医院",
            "lane": "yellow",
            "direction": "out",
            "attended": True,
            "zone": "东区",
            "thermometer": True,
            "time_zone": "Europe/Berlin",
        },
        card={"birth": "2004-02-29", "valid_from": "2012-07-01", "valid_to": "2022-06-30"},
        companion={"records": None},
        temperature={"tenths": 373, "measurement": 2},
        retries=2,
        clock_trusted=False,
    )
    found = case.inputs
    assert (found.moment.at, found.moment.trusted) == (AT, False)
    place = found.checkpoint
    assert (place.site_class, place.lane, place.direction, place.zone) == ("医院", "yellow", Direction.OUT, "东区")
    assert (place.attended, place.thermometer, place.time_zone) == (True, True, "Europe/Berlin")
    assert found.credential.validity is not None
    assert found.credential.validity.last_day == date(2022, 6, 30)
    assert found.credential.holder is not None
    assert found.credential.holder.birth_date == date(2004, 2, 29)
    assert found.companion is not None
    assert found.companion.records is None
    assert (found.temperature, found.retries) == (Temperature(373, 2), 2)


def test_a_card_without_an_end_and_another_credential() -> None:
    forever = one(card={"valid_to": "长期"}).inputs.credential
    assert forever.validity is not None
    assert forever.validity.last_day is None
    printed = one(
        card=None, credential={"kind": "hcert", "assurance": "static_code", "issued_at": "-14d"}
    ).inputs.credential
    assert (printed.kind, printed.assurance) == (CredentialKind.HCERT, Assurance.STATIC_CODE)
    assert printed.certificate is not None
    assert printed.certificate.issued_at == AT - timedelta(days=14)


@pytest.mark.parametrize(
    ("written", "ago"),
    [
        ("-47h59m59s", timedelta(hours=47, minutes=59, seconds=59)),
        ("-1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("-0s", timedelta(0)),
        ("+5m", -timedelta(minutes=5)),
        ("2022-06-20T01:59:59Z", timedelta(seconds=1)),
    ],
)
def test_times_are_told_from_the_moment_or_in_full(written: str, ago: timedelta) -> None:
    records = one(records={"tests": [{**TEST, "sampled_at": written}]}).inputs.records
    assert records is not None
    assert records.tests[0].sampled_at == AT - ago
    assert records.tests[0].result is TestResult.NEGATIVE


@pytest.mark.parametrize(
    "written",
    ["1h", "-", "-h", "-1h1d", "-1h1h", "-1.5h", "-1 h", "-1H", "-１h", "2022-06-20T01:59:59", "-999999d", 60, None],
)
def test_a_time_that_can_be_read_in_two_ways_is_refused(written: Any) -> None:
    with pytest.raises(RuleSetError, match=r"^line 1: records tests sampled_at"):
        one(records={"tests": [{**TEST, "sampled_at": written}]})


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"order": None}, "case: lacks order"),
        ({"order": ""}, "order: must be a text"),
        ({"remark": "x"}, "case: has the unknown key 'remark'"),
        ({"at": "2022-06-20T10:00:00"}, "at: must be a date-time with a zone"),
        ({"card": None}, "case: needs either a card or another credential"),
        ({"credential": {"kind": "hcert", "assurance": "chip"}}, "case: needs either a card or another credential"),
        ({"card": {"birth": "1990-02-30"}}, "card birth: must be a day"),
        ({"card": {"birth": "19900131"}}, "card birth: must be a day"),
        ({"card": {"number": "1"}}, "card: has the unknown key"),
        ({"checkpoint": {}}, "checkpoint: lacks site_class"),
        ({"checkpoint": {"site_class": "x", "time_zone": "Mars/Olympus"}}, "checkpoint time_zone: is not known"),
        ({"checkpoint": {"site_class": "x", "time_zone": "a/../../etc/passwd"}}, "checkpoint time_zone: is not known"),
        ({"checkpoint": {"site_class": "x", "attended": 1}}, "checkpoint attended: must be one of"),
        ({"records": {"temperatures": []}}, "records: has the unknown key"),
        ({"records": {"codes": [{"source": "city", "colour": "green"}]}}, "records codes: lacks as_of"),
        ({"records": {"codes": [{"source": "city", "as_of": "-1h", "colour": "blue"}]}}, "records codes: is refused"),
        (
            {"records": {"vaccinations": [{"source": "c", "as_of": "-1h", "doses": 1.5}]}},
            "records vaccinations: is ref",
        ),
        ({"temperature": {"tenths": 37.3}}, "temperature tenths: must be an integer"),
        ({"retries": -1}, "retries: must be an integer from 0"),
        ({"orders": []}, "orders: has 0 items"),
        ({"sets": ["../a.json"]}, "sets: must be"),
        ({"sets": ["a/b.json"]}, "sets: names a folder"),
        ({"expect": {"outcome": "pass"}}, "expect: lacks reason"),
        ({"expect": {"outcome": "open", "reason": "green_code"}}, "expect outcome: must be one of"),
        ({"expect": {"outcome": "pass", "reason": "fine"}}, "expect reason: must be one of"),
        (
            {"expect": {"outcome": "pass", "reason": "green_code", "advisories": [["test_due"]]}},
            "expect advisories: has 1 items",
        ),
    ],
)
def test_a_faulty_case_is_refused_by_its_line_and_place(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(RuleSetError) as refused:
        load(line(case="first"), line(**changes))
    assert str(refused.value).startswith(f"line 2: {fault}")


def test_a_file_has_one_case_a_line_and_no_name_twice() -> None:
    assert [case.line for case in load(line(case="a"), line(case="b"), "")] == [1, 2]
    with pytest.raises(RuleSetError, match="line 2: file: is not JSON"):
        load(line(case="a"), "", line(case="b"))
    with pytest.raises(RuleSetError, match="line 3: case: has the name of line 1"):
        load(line(case="a"), line(case="b"), line(case="a"))
    with pytest.raises(RuleSetError, match="line 1: file: has the key"):
        load_cases(b'{"case": "a", "case": "b"}')
    with pytest.raises(RuleSetError, match="line 1: file: is not UTF-8"):
        load_cases(b"\xff")


def test_a_case_that_is_decided_as_expected_shows_no_difference() -> None:
    case = one()
    assert differences(case, judge_case(case, GREEN_SET)) == []


def test_every_difference_is_named() -> None:
    case = one(
        records={"codes": [{"source": "city", "as_of": "-10m", "colour": "red"}]},
        expect={
            "outcome": "pass",
            "reason": "green_code",
            "spoken": "staff_called",
            "advisories": [["test_due", "+1h"]],
            "marks": ["grace:X"],
            "calls_staff": True,
            "failed": [],
            "rule_set": "test-set@2",
        },
    )
    assert differences(case, judge_case(case, GREEN_SET)) == [
        "outcome: expected pass, decided refer",
        "first reason: expected green_code, decided code_not_green",
        "spoken: expected staff_called, decided none",
        "advisories: expected test_due by 2022-06-20T03:00:00+00:00, decided none",
        "marks: expected grace:X, decided none",
        "calls_staff: expected True, decided False",
        "failed rules: expected none, decided CN-TEST-0001",
        "rule set: expected test-set@2, decided test-set@3",
    ]


def test_nobody_is_judged_by_a_set_that_is_not_in_force() -> None:
    case = one(at="2021-06-20T10:00:00+08:00")
    decision = judge_case(case, GREEN_SET)
    assert (decision.outcome, decision.reasons) == (Outcome.REFER, (Reason.NO_RULE_SET,))


def test_orders_of_a_case_that_the_gate_would_refuse_are_refused() -> None:
    case = one(orders=[{"id": "X"}])
    with pytest.raises(RuleSetError, match="order X"):
        judge_case(case, GREEN_SET)
