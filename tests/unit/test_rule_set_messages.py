"""Whoever writes a rule set or an order reads where its fault is and what to write instead, word for word."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rule_set_samples import assigned, blob, example, rule, rule_set

from gate.errors import RuleSetError
from gate.model import CredentialKind, Moment
from gate.rules import orders, ruleset
from gate.rules.rule import load_eu_rule

RULE = "rule CN-TEST-0001"
KINDS = ", ".join(CredentialKind)
NAME = "must be up to 100 letters, digits and any of . _ / - beginning with a letter or digit"
TEXT = "must be a text of 1 to 2000 characters"
TIME = 'must be a date-time with a zone, such as "2022-06-30T10:00:00+08:00"'
INTEGER = "must be an integer from -9007199254740991 to 9007199254740991"
VERSION = 'must be a version such as "1.0.0"'
EVERYBODY: dict[str, Any] = {"profile": "station", "when": {}}


def advised(**changes: Any) -> dict[str, Any]:
    advisory = {"age": "code.since_x", "limit": "min_doses"}
    return rule(**{"Outcome": "advise", "Reason": "test_due", "Advisory": advisory, **changes})


def stations(**changes: Any) -> dict[str, Any]:
    return {"station": {"rules": ["CN-TEST-0001"], "parameters": {}, **changes}}


def many(count: int) -> dict[str, int]:
    return {f"a{number}": 1 for number in range(count)}


RULES = [
    ([rule(), rule()], f"{RULE}: is there twice; give one of them another Identifier"),
    (
        [rule(ValidFrom="2022-04-01T00:00:01+08:00")],
        f"{RULE}: is not valid for the whole life of the set; widen it, or publish a set for each span",
    ),
    (
        [rule(ValidTo="2029-12-31T23:59:59+08:00")],
        f"{RULE}: is not valid for the whole life of the set; widen it, or publish a set for each span",
    ),
    (
        [rule(ValidFrom="2031-01-01T00:00:00+08:00")],
        f"{RULE}: ValidFrom lies after ValidTo; exchange or correct them",
    ),
    ([rule(Type="Invalidation")], f"{RULE} Type: must be one of Acceptance"),
    ([rule(SchemaVersion="2.0.0")], f"{RULE} SchemaVersion: must be one of 1.0.0"),
    ([rule(Engine="X")], f"{RULE} Engine: must be one of CERTLOGIC"),
    ([rule(EngineVersion="1.3.4")], f"{RULE} EngineVersion: is newer than this gate knows; write 1.3.3 or below"),
    ([rule(EngineVersion="x")], f"{RULE} EngineVersion: {VERSION}"),
    ([rule(Version="x")], f"{RULE} Version: {VERSION}"),
    ([rule(ValidFrom="x")], f"{RULE} ValidFrom: {TIME}"),
    ([rule(ValidTo="x")], f"{RULE} ValidTo: {TIME}"),
    (
        [rule(AffectedFields=[])],
        f'{RULE} AffectedFields: is empty; name the fact that the rule is about, e.g. "test.result"',
    ),
    ([rule(AffectedFields="a")], f"{RULE} AffectedFields: is a string; write an array"),
    ([rule(AffectedFields=["_"])], f"{RULE} AffectedFields: {NAME}"),
    ([rule(AffectedFields=["a"] * 101)], f"{RULE} AffectedFields: has 101 items; write 0 to 100"),
    (
        [rule(Description=[{"lang": "en", "desc": "a"}])],
        f'{RULE} Description: needs texts for "zh-CN" and "en"; add the one for "zh-CN"',
    ),
    ([rule(logic=1.5)], f"{RULE} Logic: $: is a non-integer number; use an integer of a smaller unit"),
    ([advised(Reason="code_not_green")], f"{RULE} Reason: must be one of test_due, second_test_due"),
    ([rule(Outcome="pass")], f"{RULE} Outcome: must be one of retry, refer, advise"),
    (
        [rule(Advisory={})],
        f'{RULE} Advisory: belongs to the Outcome "advise"; remove it or change the Outcome',
    ),
    ([advised(Advisory=None)], f"{RULE} Advisory: is null; write an object"),
    ([advised(Advisory={"age": "code.since_x"})], f"{RULE} Advisory: lacks limit; add it"),
    *(
        (
            [advised(Advisory={"age": age, "limit": "min_doses"})],
            f'{RULE} Advisory age: must name seconds since something, such as "test.since_report"',
        )
        for age in ("code", "code.days_since_x", 5)
    ),
    ([advised(Advisory={"age": "code.since_x", "limit": "_"})], f"{RULE} Advisory limit: {NAME}"),
    *(
        (
            [advised(Advisory={"age": "code.since_x", "limit": limit})],
            f"{RULE} Advisory limit: names {limit}, which is no integer among the set's parameters; add it there",
        )
        for limit in ("nope", "max_age_s")
    ),
    ([rule(Identifier="_")], f"a rule Identifier: {NAME}"),
    ([7], f"a rule Identifier: {NAME}"),
    (
        [rule(Extra=1)],
        (
            f"{RULE}: has the unknown key 'Extra'; the keys are Advisory, AffectedFields, Description, Engine, "
            "EngineVersion, Identifier, Logic, Outcome, Reason, SchemaVersion, Type, ValidFrom, ValidTo, Version"
        ),
    ),
    ([], "rules: has 0 items; write 1 to 2000"),
    ({}, "rules: is an object; write an array"),
]

PROFILES = [
    ({}, "profiles: is empty; a gate without a profile refers everybody"),
    ([], "profiles: is an array; write an object"),
    ({"_": {}}, f"profiles, name: {NAME}"),
    (stations(rules=[]), "profiles station rules: has 0 items; write 1 to 2000"),
    (stations(rules=["_"]), f"profiles station rules: {NAME}"),
    (
        stations(rules=["X"]),
        "profiles station: names the rule X, which is not in the set; add it or leave it out",
    ),
    (stations(rules=["CN-TEST-0001"] * 2), "profiles station: names a rule twice; keep one"),
    *(
        (
            stations(parameters={name: value}),
            f"profiles station: changes the parameter {name}, which the set lacks or has of another type",
        )
        for name, value in (("x", 1), ("min_doses", "a"), ("min_doses", True))
    ),
    (
        stations(parameters={"max_age_s": {}}),
        "profiles station: changes the parameter max_age_s and leaves out code; list every fact of the set's",
    ),
    (stations(parameters=[]), "profiles station parameters: is an array; write an object"),
    (
        stations(admitted="emergency_order"),
        "profiles station admitted: must be one of certificate_valid, channel, exit_recorded, green_code, permitted",
    ),
    (stations(spoken=[]), "profiles station spoken: is an array; write an object"),
    (stations(calls_staff=1), "profiles station calls_staff: must be one of True, False"),
    (
        stations(x=1),
        "profiles station: has the unknown key 'x'; the keys are admitted, calls_staff, parameters, rules, spoken",
    ),
    (
        {**stations(), "other": stations()["station"]},
        "profile other: is assigned nowhere; add an assignment or remove it",
    ),
]

ASSIGNMENTS = [
    ([], "assignments: has 0 items; write 1 to 500"),
    ([assigned("x")], "assignment 1: names the profile x, which is not in the set; add it or correct the name"),
    ([assigned("_")], f"assignment 1 profile: {NAME}"),
    ([{"profile": "station"}], "assignment 1: lacks when; add it"),
    ([{"profile": "station", "when": []}], "assignment 1 when: is an array; write an object"),
    (
        [assigned("station", lane=["2"]), EVERYBODY, assigned("station", lane=["1"])],
        (
            "assignment 3 to station: can't be reached: assignment 2 matches whatever it matches; "
            "move it up, narrow the earlier one or remove one"
        ),
    ),
    (
        [assigned("station", x=[1])],
        (
            "assignment 1 when: has the unknown key 'x'; "
            "the keys are attended, credential, direction, lane, site_class, zone"
        ),
    ),
    ([assigned("station", lane=[])], "assignment 1 when lane: has 0 items; write 1 to 200"),
    ([assigned("station", lane="1")], "assignment 1 when lane: is a string; write an array"),
    ([assigned("station", zone=[1])], f"assignment 1 when zone: {TEXT}"),
    (
        [assigned("station", site_class=["a\nb"])],
        "assignment 1 when site_class: has a control character or line break; write it on one line",
    ),
    ([assigned("station", direction={})], "assignment 1 when direction: is an object; write an array"),
    ([assigned("station", direction=["up"])], "assignment 1 when direction: must be one of in, out"),
    ([assigned("station", credential={})], "assignment 1 when credential: is an object; write an array"),
    (
        [assigned("station", credential=["x"])],
        f"assignment 1 when credential: must be one of {KINDS}",
    ),
    ([assigned("station", attended=[True])], "assignment 1 when attended: must be one of True, False"),
]

PARAMETERS = [
    ([], "parameters: is an array; write an object"),
    (many(201), "parameters: has 201 members; at most 200 are read"),
    ({"_": 1}, f"parameters, name: {NAME}"),
    ({"a": None}, f"parameters a: {INTEGER}"),
    ({"a": 1.5}, f"parameters a: {INTEGER}"),
    ({"a": [None]}, f"parameters a: {INTEGER}"),
    ({"a": "x\ny"}, "parameters a: has a control character or line break; write it on one line"),
    ({"a": [1] * 1_001}, "parameters a: has 1001 items; write 0 to 1000"),
    ({"a": many(201)}, "parameters a: has 201 members; at most 200 are read"),
    ({"a": {"b": "c"}}, f"parameters a b: {INTEGER}"),
    ({"max_age_s": 5}, 'parameters max_age_s: must be an object from fact to seconds, such as {"code": 86400}'),
    ({"max_age_s": {"code": "x"}}, f"parameters max_age_s code: {INTEGER}"),
    ({"retired_sources": 5}, "parameters retired_sources: is an integer; write an array"),
    ({"retired_sources": [5]}, f"parameters retired_sources: {TEXT}"),
    ({"retired_sources": [""]}, f"parameters retired_sources: {TEXT}"),
    ({"retry_limit": -1}, "parameters retry_limit: must be an integer from 0 to 9007199254740991"),
    ({"retry_limit": True}, "parameters retry_limit: must be an integer from 0 to 9007199254740991"),
]

EXAMPLES = [
    ([], "examples: has 0 items; write 1 to 500"),
    ([{"name": "a"}], "example 1: lacks expect, facts; add it"),
    ([example("", {})], f"example 1 name: {TEXT}"),
    (
        [example("a" * 70, {}, r0009=True)],
        f"example 1 ({'a' * 60}): expects something of CN-TEST-0009, which is not in the set",
    ),
    (
        [{**example("a", {}), "expect": {"CN-TEST-0001": 1}}],
        "example 1 (a) expect CN-TEST-0001: must be one of True, False",
    ),
    ([{**example("a", {}), "expect": {"_": True}}], f"example 1 (a) expect, name: {NAME}"),
    ([{**example("a", {}), "facts": []}], "example 1 (a) facts: is an array; write an object"),
]

OTHERS = [
    ({"id": "_"}, f"id: {NAME}"),
    ({"version": 0}, "version: must be an integer from 1 to 9007199254740991"),
    ({"when_expired": "x"}, "when_expired: must be one of keep-judging, refer"),
    *(({key: "x"}, f"{key}: {TIME}") for key in ("valid_from", "valid_to", "issued_at", "refresh_by", "expires")),
    (
        {"valid_from": "2031-01-01T00:00:00+08:00"},
        "rule set: valid_from lies after valid_to; exchange or correct them",
    ),
    (
        {"refresh_by": "2031-01-01T00:00:00+08:00"},
        "rule set: refresh_by lies after expires; exchange or correct them",
    ),
    (
        {"extra": 1},
        (
            "rule set: has the unknown key 'extra'; the keys are assignments, examples, expires, id, issued_at, "
            "parameters, profiles, refresh_by, rules, valid_from, valid_to, version, when_expired"
        ),
    ),
    (
        {"rules": [rule(), rule("CN-TEST-0002")]},
        "rule CN-TEST-0002: is in no profile; add it to one or remove it",
    ),
]


def said(file: bytes) -> str:
    with pytest.raises(RuleSetError) as raised:
        ruleset.load(file)
    return str(raised.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({"rules": value}, message) for value, message in RULES),
        *(({"profiles": value}, message) for value, message in PROFILES),
        *(({"assignments": value}, message) for value, message in ASSIGNMENTS),
        *(({"parameters": value}, message) for value, message in PARAMETERS),
        *(({"examples": value}, message) for value, message in EXAMPLES),
        *OTHERS,
    ],
)
def test_a_fault_of_a_rule_set(changes: dict[str, Any], message: str) -> None:
    assert said(blob(rule_set(**changes))) == message


@pytest.mark.parametrize(
    "spoken", [{"green_code": "pop_up"}, {"staff_called": "pop_up"}, {"emergency_order": "pop_up"}]
)
def test_what_is_said_stands_for_a_refusal(spoken: dict[str, str]) -> None:
    message = said(blob(rule_set(profiles=stations(spoken=spoken))))
    assert message.startswith("profiles station spoken, reason: must be one of code_not_green, code_unknown, ")
    assert message.endswith(", record_failed, *")


@pytest.mark.parametrize("instead", ["green_code", "emergency_order", "test_due", "*"])
def test_a_refusal_is_never_spoken_as_a_pass(instead: str) -> None:
    message = said(blob(rule_set(profiles=stations(spoken={"*": instead}))))
    assert message.startswith("profiles station spoken *: must be one of code_not_green, code_unknown, ")
    assert message.endswith(", record_failed, staff_called")


@pytest.mark.parametrize("reason", ["green_code", "exit_recorded", "emergency_order", "test_due", "staff_called", "x"])
def test_a_rule_refuses_for_the_reason_of_a_refusal(reason: str) -> None:
    message = said(blob(rule_set(rules=[rule(Reason=reason)])))
    assert message.startswith(f"{RULE} Reason: must be one of code_not_green, code_unknown, ")
    assert message.endswith(", record_failed")
    assert f" {reason}," not in message


def test_parameters_of_every_kind_are_read_and_a_profile_changes_its_own() -> None:
    own = {
        "number": 5,
        "text": "x",
        "truth": True,
        "texts": ["a", 1],
        "max_age_s": {"code": 60},
        "retired_sources": ["old-app"],
        "retry_limit": 0,
        "most": [1] * 1_000,
    }
    read = ruleset.load(blob(rule_set(parameters=own, profiles=stations(parameters={"number": 6}))))
    assert read.parameters == own
    assert read.profiles["station"].parameters == {**own, "number": 6}
    assert len(ruleset.load(blob(rule_set(parameters=many(200)))).parameters) == 200


def test_what_an_advisory_says_is_read() -> None:
    known = {"state": "known", "age": 60, "colour": "green", "since_x": 5}
    read = ruleset.read(blob(rule_set(rules=[advised()], examples=[example("a", {"code": known}, r0001=True)])))
    advice = read.rules["CN-TEST-0001"].advice
    assert advice is not None
    assert (advice.fact, advice.value, advice.limit) == ("code", "since_x", "min_doses")


# --- a set in place of another ------------------------------------------------------------------------------

ISSUED = datetime(2022, 3, 31, 4, 0, tzinfo=UTC)
OVER = datetime(2029, 12, 31, 16, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def refused(now: datetime, *, current: dict[str, Any] | None = None, **changes: Any) -> str | None:
    """Why a set is not accepted; None where it is."""
    held = None if current is None else ruleset.load(blob(rule_set(**current)))
    try:
        ruleset.accept(held, blob(rule_set(**changes)), Moment(now, trusted=True))
    except RuleSetError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (ISSUED - timedelta(minutes=5, seconds=1), "was issued in the future; check the publisher's clock"),
        (ISSUED - timedelta(minutes=5), None),
        (ISSUED, None),
        (ISSUED + SECOND, None),
        (OVER - SECOND, None),
        (OVER, "is not valid any more; publish one whose valid_to lies ahead"),
    ],
)
def test_a_set_is_accepted_from_its_issue_to_its_end(now: datetime, why: str | None) -> None:
    assert refused(now) == (None if why is None else f"rule set test-set@3: {why}")


def test_a_set_that_does_not_follow_the_one_in_use() -> None:
    now = ISSUED + timedelta(days=9)
    older = "rule set test-set@2: is older than version 3 in use; publish a higher version"
    assert refused(now, current={}, version=2) == older
    other = "rule set test-set@3: differs from the file of the same version in use; publish a higher version"
    assert refused(now, current={"when_expired": "keep-judging"}) == other
    assert refused(now, current={}) is None, "the same file again"
    assert refused(now, current={"id": "another", "version": 9}) is None


# --- orders ----------------------------------------------------------------------------------------------------

HELD = ruleset.load(blob(rule_set()))
BOTH = [{"lang": "zh-CN", "desc": "一"}, {"lang": "en", "desc": "one"}]
GRACE: dict[str, Any] = {
    "id": "G",
    "kind": "grace",
    "issued_at": "2022-06-30T08:00:00+08:00",
    "valid_from": "2022-06-30T09:00:00+08:00",
    "valid_to": "2022-07-02T09:00:00+08:00",
    "profiles": ["station"],
    "parameters": {"min_doses": 1},
    "Description": BOTH,
}
EMERGENCY: dict[str, Any] = {
    **{key: value for key, value in GRACE.items() if key != "parameters"},
    "kind": "emergency",
    "valid_to": "2022-07-01T09:00:00+08:00",
}


def file_of(*items: Any) -> bytes:
    return json.dumps(items).encode()


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (7, f"order 1 id: {NAME}"),
        ({**GRACE, "id": "_"}, f"order 1 id: {NAME}"),
        ({**GRACE, "kind": "x"}, "order G kind: must be one of grace, emergency"),
        (
            {**GRACE, "x": 1},
            (
                "order G: has the unknown key 'x'; the keys are Description, id, issued_at, kind, parameters, "
                "profiles, valid_from, valid_to"
            ),
        ),
        ({key: value for key, value in GRACE.items() if key != "profiles"}, "order G: lacks profiles; add it"),
        *(({**GRACE, key: "x"}, f"order G {key}: {TIME}") for key in ("issued_at", "valid_from", "valid_to")),
        (
            {**GRACE, "valid_to": GRACE["valid_from"]},
            "order G: has a valid_to that does not lie after its valid_from; correct them",
        ),
        (
            {**GRACE, "valid_to": "2022-07-31T09:00:01+08:00"},
            "order G: would hold for more than 744 hours, the most for grace; shorten it and renew it",
        ),
        (
            {**EMERGENCY, "valid_to": "2022-07-01T09:00:01+08:00"},
            "order G: would hold for more than 24 hours, the most for emergency; shorten it and renew it",
        ),
        (
            {**EMERGENCY, "parameters": {}},
            "order G: is an emergency order, which lets everybody through; remove its parameters",
        ),
        ({**GRACE, "parameters": {}}, "order G parameters: is empty; name what the order replaces"),
        ({**GRACE, "parameters": None}, "order G parameters: is null; write an object"),
        ({**GRACE, "parameters": {"a": None}}, f"order G parameters a: {INTEGER}"),
        (
            {**GRACE, "parameters": {"x": 1}},
            "order G: changes the parameter x, which the set lacks or has of another type",
        ),
        (
            {**GRACE, "parameters": {"max_age_s": {}}},
            "order G: changes the parameter max_age_s and leaves out code; list every fact of the set's",
        ),
        ({**GRACE, "profiles": []}, "order G profiles: has 0 items; write 1 to 200"),
        ({**GRACE, "profiles": ["_"]}, f"order G profiles: {NAME}"),
        (
            {**GRACE, "profiles": ["x"]},
            "order G: names the profile x, which test-set@3 does not have; correct the name",
        ),
        ({**GRACE, "Description": []}, "order G Description: has 0 items; write 1 to 50"),
        (
            {**GRACE, "Description": BOTH[:1]},
            'order G Description: needs texts for "zh-CN" and "en"; add the one for "en"',
        ),
    ],
)
def test_a_fault_of_an_order(order: Any, message: str) -> None:
    with pytest.raises(RuleSetError) as raised:
        orders.load(file_of(order), HELD)
    assert str(raised.value) == message


def test_a_fault_of_the_file_of_orders() -> None:
    for file, message in (
        (b"{}", "orders: is an object; write an array"),
        (file_of(GRACE, GRACE), "order G: is there twice; give one of them another id"),
        (file_of(*[GRACE] * 101), "orders: has 101 items; write 0 to 100"),
        (b" " * 500_001, "file: has 500001 bytes; at most 500000 are read"),
    ):
        with pytest.raises(RuleSetError) as raised:
            orders.load(file, HELD)
        assert str(raised.value) == message


def test_the_longest_orders_there_may_be() -> None:
    month = orders.load(file_of({**GRACE, "valid_to": "2022-07-31T09:00:00+08:00"}), HELD)
    assert month[0].valid_to - month[0].valid_from == timedelta(days=31)
    (day,) = orders.load(file_of(EMERGENCY), HELD)
    assert day.valid_to - day.valid_from == timedelta(hours=24)
    assert (day.parameters, day.mark) == ({}, "emergency:G")
    many_orders = orders.load(file_of(*[{**GRACE, "id": f"G{n}"} for n in range(100)]), HELD)
    assert [order.id for order in many_orders][::99] == ["G0", "G99"]


# --- rules of other countries ------------------------------------------------------------------------------------

EU: dict[str, Any] = {**rule("VR-XX-0001"), "Country": "xx", "CertificateType": "Vaccination"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"Identifier": "A", "Country": "XX"},
            (
                "rule A: lacks AffectedFields, CertificateType, Description, Engine, "
                "EngineVersion, Logic, SchemaVersion, Type, ValidFrom, ValidTo, Version; add it"
            ),
        ),
        ({key: value for key, value in EU.items() if key != "Country"}, "rule VR-XX-0001: lacks Country; add it"),
        ([], f"a rule Identifier: {NAME}"),
        ({**EU, "Country": "_"}, f"rule VR-XX-0001 Country: {NAME}"),
        ({**EU, "Region": "_"}, f"rule VR-XX-0001 Region: {NAME}"),
        (
            {**EU, "CertificateType": "X"},
            "rule VR-XX-0001 CertificateType: must be one of General, Test, Vaccination, Recovery",
        ),
        ({**EU, "Type": "_"}, f"rule VR-XX-0001 Type: {NAME}"),
    ],
)
def test_a_fault_of_another_countrys_rule(value: Any, message: str) -> None:
    with pytest.raises(RuleSetError) as raised:
        load_eu_rule(value)
    assert str(raised.value) == message
