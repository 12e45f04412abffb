"""What a line of cases leaves out, what it may hold at most, and every fault of one word for word."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import rule_set_samples as samples

from gate.errors import RuleSetError
from gate.model import (
    Advisory,
    Assurance,
    Certificate,
    Checkpoint,
    CodeRecord,
    Colour,
    Credential,
    CredentialKind,
    Direction,
    Holder,
    Moment,
    Outcome,
    Past,
    Reason,
    Records,
    Temperature,
    TestMethod,
    TestRecord,
    TestResult,
    Validity,
)
from gate.rules import ruleset
from gate.rules.cases import Case, differences, judge_case, load_cases
from gate.rules.derive import Companion, Inputs

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)
GREEN = {"source": "city", "as_of": "-10m", "colour": "green"}
CASE: dict[str, Any] = {
    "case": "in order",
    "order": "凭绿码通行。",
    "at": "2022-06-20T10:00:00+08:00",
    "checkpoint": {"site_class": "station"},
    "card": {},
    "records": {"codes": [GREEN]},
    "expect": {"outcome": "pass", "reason": "green_code"},
}
HELD = ruleset.load(
    samples.blob(samples.rule_set(refresh_by="2029-01-01T00:00:00+08:00", expires="2029-06-01T00:00:00+08:00"))
)


def one(**changes: Any) -> Case:
    """The case of one line; what is changed to ``...`` is left out."""
    found = {key: value for key, value in {**CASE, **changes}.items() if value is not ...}
    (case,) = load_cases(json.dumps(found).encode())
    return case


def fault(**changes: Any) -> str:
    with pytest.raises(RuleSetError) as raised:
        one(**changes)
    return str(raised.value).removeprefix("line 1: ")


def expecting(**changes: Any) -> dict[str, Any]:
    return {**CASE["expect"], **changes}


# --- what a line says ----------------------------------------------------------------------------------------


def test_what_a_line_leaves_out_is_the_usual() -> None:
    case = one()
    assert case.inputs == Inputs(
        credential=Credential(CredentialKind.RESIDENT_ID, Assurance.CHIP, None, Validity(date(2015, 1, 1), None)),
        records=Records(codes=(CodeRecord("city", AT - timedelta(minutes=10), Colour.GREEN),)),
        moment=Moment(AT, trusted=True),
        checkpoint=Checkpoint("case", "station", "1", Direction.IN, attended=False),
        companion=None,
        temperature=None,
        past=Past(),
        retries=0,
    )
    assert (case.name, case.line, case.order, case.orders, case.sets) == ("in order", 1, "凭绿码通行。", None, ())
    expect = case.expect
    assert (expect.outcome, expect.reason, expect.spoken) == (Outcome.PASS, Reason.GREEN_CODE, None)
    assert (expect.advisories, expect.marks, expect.calls_staff) == ((), (), False)
    assert (expect.failed, expect.rule_set) == (None, None)


def test_everything_that_a_line_may_say_of_a_credential() -> None:
    printed = {"kind": "hcert", "assurance": "static_code", "issued_at": "-14d", "birth": "1990-01-31"}
    assert one(card=..., credential=printed).inputs.credential == Credential(
        CredentialKind.HCERT,
        Assurance.STATIC_CODE,
        Holder("", birth_date=date(1990, 1, 31)),
        None,
        Certificate("case", "case", AT - timedelta(days=14), None, {}),
    )
    bare = one(card=..., credential={"kind": "bare_number", "assurance": "typed"}).inputs.credential
    assert bare == Credential(CredentialKind.BARE_NUMBER, Assurance.TYPED)


def test_what_a_line_may_say_of_the_past() -> None:
    told = {"direction": "in", "at": "-2h", "entries": {"P-1": 3}}
    assert one(past=told).inputs.past == Past(Direction.IN, AT - timedelta(hours=2), {"P-1": 3})
    assert one(past={"direction": "out"}).inputs.past == Past(Direction.OUT)
    assert one(past=None).inputs.past is None, "it can't be read"


def test_a_record_that_leaves_out_what_its_source_does_not_know() -> None:
    pending = {"source": "lab", "as_of": "-1h", "result": "pending", "sampled_at": "-2h"}
    records = one(records={"tests": [pending, {**pending, "method": "antigen", "pool_size": 10, "sample": "S"}]})
    assert records.inputs.records is not None
    hour = timedelta(hours=1)
    bare, full = records.inputs.records.tests
    assert bare == TestRecord("lab", AT - hour, TestResult.PENDING, AT - 2 * hour, None)
    assert (full.method, full.pool_size, full.sample) == (TestMethod.ANTIGEN, 10, "S")
    exemption = {"source": "city", "as_of": "-1h", "ground": "mobility"}
    exempt = one(records={"exemptions": [exemption]}).inputs.records
    assert exempt is not None
    assert exempt.exemptions[0].expires_at is None


def test_companions_temperatures_and_people_whom_nobody_knows() -> None:
    green = Records(codes=(CodeRecord("city", AT - timedelta(minutes=10), Colour.GREEN),))
    assert one(companion={"records": {"codes": [GREEN]}}).inputs.companion == Companion(green)
    assert one(temperature={"tenths": 366}).inputs.temperature == Temperature(366, 1)
    assert one(temperature={"tenths": 366, "measurement": 1}).inputs.temperature == Temperature(366, 1)
    assert one(records=None).inputs.records is None


def test_the_orders_of_a_case_are_in_force_when_it_is_judged() -> None:
    order = {
        "id": "E-1",
        "kind": "emergency",
        "issued_at": "2022-06-20T09:00:00+08:00",
        "valid_from": "2022-06-20T09:00:00+08:00",
        "valid_to": "2022-06-20T11:00:00+08:00",
        "profiles": ["station"],
        "Description": [{"lang": "zh-CN", "desc": "疏散"}, {"lang": "en", "desc": "evacuation"}],
    }
    expect = expecting(reason="emergency_order", marks=["emergency:E-1"])
    case = one(orders=[order], records=None, expect=expect)
    assert differences(case, judge_case(case, HELD)) == []
    with pytest.raises(RuleSetError, match="names the profile elsewhere"):
        judge_case(one(orders=[{**order, "profiles": ["elsewhere"]}]), HELD)


def test_what_is_expected_is_read() -> None:
    expect = one(
        expect=expecting(
            spoken="staff_called",
            advisories=[["test_due", "+1h"], ["second_test_due", "2022-06-21T00:00:00Z"]],
            marks=["rules-expired"],
            calls_staff=True,
            failed=["CN-A", "CN-B"],
            rule_set="station@2",
        ),
        sets=["station-48h"],
    ).expect
    assert expect.spoken is Reason.STAFF_CALLED
    assert expect.advisories == (
        Advisory(Reason.TEST_DUE, AT + timedelta(hours=1)),
        Advisory(Reason.SECOND_TEST_DUE, datetime(2022, 6, 21, tzinfo=UTC)),
    )
    assert (expect.marks, expect.calls_staff) == (("rules-expired",), True)
    assert (expect.failed, expect.rule_set) == (("CN-A", "CN-B"), "station@2")
    assert one(sets=["a", "b"]).sets == ("a", "b")


# --- what is wrong with it, word for word ----------------------------------------------------------------------

KINDS = ", ".join(CredentialKind)
NAME = "must be up to 100 letters, digits and any of . _ / - beginning with a letter or digit"
TEXT = "must be a text of 1 to 2000 characters"
TIME = 'must be a date-time with a zone, such as "2022-06-30T10:00:00+08:00"'
DAY = 'must be a day such as "1990-01-31"'
PRINTED = {"kind": "hcert", "assurance": "chip"}
YES_OR_NO = "must be one of True, False"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"case": ""}, f"case: {TEXT}"),
        ({"order": ...}, "case: lacks order; add it"),
        ({"at": "x"}, f"at: {TIME}"),
        ({"card": ...}, "case: needs either a card or another credential; write one of them"),
        ({"card": []}, "card: is an array; write an object"),
        ({"card": {"birth": "x"}}, f"card birth: {DAY}"),
        ({"card": {"valid_from": 5}}, f"card valid_from: {DAY}"),
        ({"card": {"valid_to": "2022W251"}}, f"card valid_to: {DAY}"),
        ({"card": ..., "credential": []}, "credential: is an array; write an object"),
        ({"card": ..., "credential": {"kind": "hcert"}}, "credential: lacks assurance; add it"),
        (
            {"card": ..., "credential": {**PRINTED, "x": 1}},
            "credential: has the unknown key 'x'; the keys are assurance, birth, issued_at, kind",
        ),
        (
            {"card": ..., "credential": {**PRINTED, "kind": "x"}},
            f"credential kind: must be one of {KINDS}",
        ),
        (
            {"card": ..., "credential": {**PRINTED, "assurance": "x"}},
            "credential assurance: must be one of typed, static_code, dynamic_code, chip",
        ),
        ({"card": ..., "credential": {**PRINTED, "birth": "x"}}, f"credential birth: {DAY}"),
        ({"card": ..., "credential": {**PRINTED, "issued_at": "x"}}, f"credential issued_at: {TIME}"),
        ({"clock_trusted": 1}, f"clock_trusted: {YES_OR_NO}"),
        ({"retries": -1}, "retries: must be an integer from 0 to 9007199254740991"),
        ({"checkpoint": []}, "checkpoint: is an array; write an object"),
        ({"checkpoint": {}}, "checkpoint: lacks site_class; add it"),
        *(
            ({"checkpoint": {"site_class": "s", key: value}}, f"checkpoint {key}: {message}")
            for key, value, message in (
                ("site_class", "", TEXT),
                ("lane", "", TEXT),
                ("zone", "", TEXT),
                ("direction", "up", "must be one of in, out"),
                ("attended", 1, YES_OR_NO),
                ("thermometer", 0, YES_OR_NO),
                ("time_zone", "_", NAME),
                ("time_zone", "Mars/Olympus", 'is not known; write a name such as "Asia/Shanghai"'),
            )
        ),
        ({"companion": {}}, "companion: lacks records; add it"),
        ({"companion": {"records": []}}, "companion records: is an array; write an object"),
        ({"companion": {"records": {"codes": {}}}}, "companion records codes: is an object; write an array"),
        ({"temperature": {}}, "temperature: lacks tenths; add it"),
        ({"temperature": {"tenths": 366, "measurement": 3}}, "temperature measurement: must be one of 1, 2"),
        (
            {"temperature": {"tenths": "x"}},
            "temperature tenths: must be an integer from -9007199254740991 to 9007199254740991",
        ),
        ({"past": []}, "past: is an array; write an object"),
        ({"past": {"at": "-1h"}}, "past: has a time but no direction; write in or out"),
        ({"past": {"direction": "up"}}, "past direction: must be one of in, out"),
        ({"past": {"direction": "in", "at": "x"}}, f"past at: {TIME}"),
        ({"past": {"entries": {"_": 1}}}, f"past entries, name: {NAME}"),
        ({"past": {"entries": {"A": -1}}}, "past entries A: must be an integer from 0 to 9007199254740991"),
        ({"records": []}, "records: is an array; write an object"),
        ({"records": {"codes": {}}}, "records codes: is an object; write an array"),
        ({"records": {"codes": [GREEN] * 201}}, "records codes: has 201 items; write 0 to 200"),
        (
            {"records": {"codes": [{**GREEN, "as_of": "-999999999999d"}]}},
            f"records codes as_of: {TIME}",
        ),
        (
            {"records": {"codes": [{**GREEN, "as_of": "-999999d"}]}},
            "records codes as_of: lies outside the calendar; write a shorter span",
        ),
        ({"orders": []}, "orders: has 0 items; write 1 to 100"),
        ({"sets": ["_"]}, f"sets: {NAME}"),
        ({"sets": ["a"] * 101}, "sets: has 101 items; write 0 to 100"),
        ({"expect": []}, "expect: is an array; write an object"),
        ({"expect": {}}, "expect: lacks outcome, reason; add it"),
        ({"expect": expecting(outcome="x")}, "expect outcome: must be one of pass, retry, refer"),
        ({"expect": expecting(calls_staff=1)}, f"expect calls_staff: {YES_OR_NO}"),
        ({"expect": expecting(marks="x")}, "expect marks: is a string; write an array"),
        ({"expect": expecting(marks=[""])}, f"expect marks: {TEXT}"),
        ({"expect": expecting(failed=["_"])}, f"expect failed: {NAME}"),
        ({"expect": expecting(failed=["A"] * 101)}, "expect failed: has 101 items; write 0 to 100"),
        ({"expect": expecting(rule_set="")}, f"expect rule_set: {TEXT}"),
        ({"expect": expecting(advisories={})}, "expect advisories: is an object; write an array"),
        ({"expect": expecting(advisories=[["test_due"]])}, "expect advisories: has 1 items; write 2 to 2"),
        (
            {"expect": expecting(advisories=[["test_due", "+1h", "x"]])},
            "expect advisories: has 3 items; write 2 to 2",
        ),
        ({"expect": expecting(advisories=[["test_due", "x"]])}, f"expect advisories: {TIME}"),
    ],
)
def test_a_fault_of_a_case(changes: dict[str, Any], message: str) -> None:
    assert fault(**changes) == message


@pytest.mark.parametrize(
    ("expect", "place"),
    [
        (expecting(reason="x"), "expect reason"),
        (expecting(spoken="x"), "expect spoken"),
        (expecting(advisories=[["x", "+1h"]]), "expect advisories"),
    ],
)
def test_a_reason_that_there_is_none(expect: dict[str, Any], place: str) -> None:
    assert fault(expect=expect).startswith(f"{place}: must be one of green_code, certificate_valid, ")


def test_the_keys_of_a_case_are_closed() -> None:
    assert fault(remark=1) == (
        "case: has the unknown key 'remark'; the keys are at, card, case, checkpoint, clock_trusted, companion, "
        "credential, expect, order, orders, past, records, retries, sets, temperature"
    )
    assert fault(expect=expecting(x=1)) == (
        "expect: has the unknown key 'x'; the keys are advisories, calls_staff, failed, marks, outcome, reason, "
        "rule_set, spoken"
    )
    assert fault(card={"x": 1}) == "card: has the unknown key 'x'; the keys are birth, valid_from, valid_to"


def test_so_many_lines_and_bytes_and_no_more() -> None:
    with pytest.raises(RuleSetError, match=r"^file: has 10001 lines; at most 10000 are read$"):
        load_cases(b"\n" * 10_001)
    with pytest.raises(RuleSetError, match=r"^line 1: file: is not JSON"):
        load_cases(b"\n" * 10_000)
    with pytest.raises(RuleSetError, match=r"^file: has 8000001 bytes; at most 8000000 are read$"):
        load_cases(b" " * 8_000_001)
    with pytest.raises(RuleSetError, match=r"^line 1: file: is not JSON"):
        load_cases(b" " * 8_000_000)


def test_the_same_name_twice() -> None:
    line = json.dumps(CASE)
    with pytest.raises(RuleSetError) as raised:
        load_cases(f"{line}\n{line}\n".encode())
    assert str(raised.value) == "line 2: case: has the name of line 1; give it another"


def test_what_differs_is_shown_as_it_is_written() -> None:
    case = one(expect=expecting(marks=["a", "b"], failed=["CN-A", "CN-B"]))
    assert differences(case, judge_case(case, HELD)) == [
        "marks: expected a, b, decided none",
        "failed rules: expected CN-A, CN-B, decided none",
    ]
