from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rule_set_samples import GREEN, YELLOW, assigned, blob, example, known, rule, rule_set

from gate.errors import RuleSetError
from gate.model import Moment, Outcome, Reason
from gate.rules.ruleset import RuleSet, accept, load

NOW = Moment(datetime(2022, 4, 10, tzinfo=UTC), trusted=True)
STATION = Path(__file__).parents[2] / "config" / "rules" / "station-48h.json"


DUE = {"age": "test.since_report", "limit": "min_doses"}
ADVISE = {"Outcome": "advise", "Reason": "test_due", "Advisory": DUE}


def refusal(found: Any) -> str:
    with pytest.raises(RuleSetError) as fault:
        load(found if type(found) is bytes else blob(found))
    return str(fault.value)


def test_a_sound_set_is_read() -> None:
    loaded = load(blob(rule_set()))
    assert (loaded.id, loaded.version, loaded.when_expired) == ("test-set", 3, "refer")
    assert loaded.valid_from == datetime(2022, 3, 31, 16, tzinfo=UTC)
    (only,) = loaded.profiles["station"].rules
    assert (only.identifier, only.reason, only.outcome) == ("CN-TEST-0001", Reason.CODE_NOT_GREEN, Outcome.REFER)
    assert only.affected_fields == ("code.colour",)
    assert loaded.profiles["station"].parameters == {"min_doses": 2, "max_age_s": {"code": 86400}}


def test_a_loaded_set_can_not_be_changed() -> None:
    loaded = load(blob(rule_set()))
    with pytest.raises(TypeError):
        loaded.profiles["other"] = loaded.profiles["station"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        loaded.version = 4  # type: ignore[misc]


def test_a_profile_keeps_its_order_and_its_own_parameters() -> None:
    doses = {
        "and": [
            {"===": [{"var": "payload.vaccination.state"}, "known"]},
            {">=": [{"var": "payload.vaccination.doses"}, {"var": "external.parameters.min_doses"}]},
        ]
    }
    second = rule("CN-TEST-0002", doses, AffectedFields=["vaccination.doses"], Reason="vaccination_incomplete")
    names = ["CN-TEST-0002", "CN-TEST-0001"]
    loaded = load(
        blob(
            rule_set(
                rules=[rule(), second],
                profiles={
                    "station": {"rules": names, "parameters": {}},
                    "hospital": {"rules": names[:1], "parameters": {"min_doses": 3}},
                },
                assignments=[assigned("hospital", site_class=["hospital"]), assigned("station")],
                examples=[
                    GREEN,
                    YELLOW,
                    example("three", {**GREEN["facts"], "vaccination": known(doses=3)}, r0001=True, r0002=True),
                    example("one dose", {"vaccination": known(doses=1)}, r0002=False),
                ],
            )
        )
    )
    assert [one.identifier for one in loaded.profiles["station"].rules] == names
    assert loaded.profiles["station"].parameters["min_doses"] == 2
    assert loaded.profiles["hospital"].parameters["min_doses"] == 3


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"extra": 1}, ["unknown key 'extra'", "the keys are"]),
        ({"id": "../../etc"}, ["id", "letters"]),
        ({"version": "3"}, ["version", "integer"]),
        ({"version": True}, ["version", "integer"]),
        ({"version": 0}, ["version", "from 1"]),
        ({"valid_from": "2022-04-01T00:00:00"}, ["valid_from", "with a zone"]),
        ({"valid_from": "2031-04-01T00:00:00Z"}, ["valid_from lies after valid_to"]),
        ({"refresh_by": "2023-04-01T00:00:00Z"}, ["refresh_by lies after expires"]),
        ({"expires": 5}, ["expires", "date-time"]),
        ({"when_expired": "pass"}, ["when_expired", "keep-judging, refer"]),
        ({"parameters": {"x": 1.5}}, ["parameters x", "integer"]),
        ({"parameters": {"x": None}}, ["parameters x"]),
        ({"parameters": {"x y": 1}}, ["parameters"]),
        ({"parameters": {"max_age_s": 5}}, ["max_age_s", '{"code": 86400}']),
        ({"parameters": {"retry_limit": -1}}, ["retry_limit", "from 0"]),
        ({"parameters": {"retry_limit": "3"}}, ["retry_limit", "integer"]),
        ({"parameters": {"retired_sources": "lab"}}, ["retired_sources", "write an array"]),
        ({"parameters": {"retired_sources": [3]}}, ["retired_sources", "text"]),
        ({"profiles": {}}, ["profiles", "empty"]),
        ({"profiles": {"station": {"rules": [], "parameters": {}}}}, ["profiles station rules", "0 items"]),
        ({"profiles": {"station": {"rules": ["CN-X"], "parameters": {}}}}, ["CN-X", "not in the set"]),
        ({"profiles": {"station": {"rules": ["CN-TEST-0001"] * 2, "parameters": {}}}}, ["twice"]),
        ({"profiles": {"station": {"rules": ["CN-TEST-0001"], "parameters": {"y": 1}}}}, ["parameter y"]),
        ({"profiles": {"station": {"rules": ["CN-TEST-0001"], "parameters": {"min_doses": "2"}}}}, ["min_doses"]),
        ({"profiles": {"station": {"rules": ["CN-TEST-0001"]}}}, ["lacks parameters"]),
        ({"rules": []}, ["rules", "0 items"]),
        ({"rules": [rule(), rule()]}, ["CN-TEST-0001", "twice"]),
        ({"rules": [rule(), rule("CN-TEST-0002")]}, ["CN-TEST-0002", "in no profile"]),
        ({"rules": [{}]}, ["Identifier"]),
        ({"rules": [7]}, ["Identifier"]),
        ({"examples": []}, ["examples"]),
        ({"examples": [GREEN]}, ["CN-TEST-0001", "does not hold", "add one"]),
        ({"examples": [YELLOW]}, ["CN-TEST-0001", "it holds", "add one"]),
        ({"examples": [GREEN, {**YELLOW, "expect": {"CN-TEST-0001": True}}]}, ["CN-TEST-0001", "yellow", "false"]),
        ({"examples": [GREEN, {**YELLOW, "expect": {"CN-TEST-0009": True}}]}, ["CN-TEST-0009"]),
        ({"examples": [GREEN, {**YELLOW, "expect": {"CN-TEST-0001": 0}}]}, ["expect", "True, False"]),
        ({"examples": [GREEN, example("x", {"code": {"colour": "red"}}, r0001=False)]}, ["code state"]),
        ({"examples": [GREEN, example("x", {"code": {"state": "lost"}}, r0001=False)]}, ["known, absent, unknown"]),
        (
            {"examples": [GREEN, example("x", {"code": {"state": "unknown", "colour": "red"}}, r0001=False)]},
            ["unknown but has values"],
        ),
        ({"examples": [GREEN, example("x", {"code": known(colour=[])}, r0001=False)]}, ["code colour"]),
        ({"examples": [GREEN, example("a\nb", {"code": known()}, r0001=False)]}, ["line break"]),
    ],
)
def test_a_fault_refuses_the_set_and_says_what_to_write(changes: dict[str, Any], words: list[str]) -> None:
    message = refusal(rule_set(**changes))
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Extra": 1}, "unknown key 'Extra'"),
        ({"Type": "Invalidation"}, "Acceptance"),
        ({"Version": "1.0"}, '"1.0.0"'),
        ({"SchemaVersion": "2.0.0"}, "1.0.0"),
        ({"Engine": "LUA"}, "CERTLOGIC"),
        ({"EngineVersion": "1.4.0"}, "1.3.3 or below"),
        ({"ValidTo": "2029-01-01T00:00:00+08:00"}, "whole life of the set"),
        ({"ValidFrom": "2023-01-01T00:00:00+08:00"}, "whole life of the set"),
        ({"AffectedFields": []}, "AffectedFields"),
        ({"AffectedFields": ["test.result"]}, "payload.test"),
        ({"Description": [{"lang": "en", "desc": "x"}]}, "zh-CN"),
        ({"Description": [{"lang": "zh-CN", "desc": "码"}]}, "en"),
        ({"Description": [{"lang": "en", "desc": " "}, {"lang": "zh-CN", "desc": "码"}]}, "Description en"),
        ({"Reason": "no_such_reason"}, "Reason: must be one of"),
        ({"Reason": "green_code"}, "Reason: must be one of"),
        ({"Reason": "staff_called"}, "Reason: must be one of"),
        ({"Reason": "test_due"}, "Reason: must be one of"),
        ({"Outcome": "pass"}, "retry, refer, advise"),
        ({"Outcome": "advise", "Advisory": DUE}, "must be one of test_due, second_test_due"),
        ({"Outcome": "advise", "Reason": "test_due"}, "Advisory: is null"),
        ({"Advisory": DUE}, 'Advisory: belongs to the Outcome "advise"'),
        ({**ADVISE, "Advisory": {"age": "test.since_report"}}, "lacks limit"),
        ({**ADVISE, "Advisory": {**DUE, "age": "test.days_since_sample"}}, "test.since_report"),
        ({**ADVISE, "Advisory": {**DUE, "age": 3}}, "test.since_report"),
        ({**ADVISE, "Advisory": {**DUE, "limit": "no_such"}}, "no_such, which is no integer"),
        ({**ADVISE, "Advisory": {**DUE, "limit": "max_age_s"}}, "max_age_s, which is no integer"),
        ({"Logic": {"or": [True, False]}}, "unknown operator 'or'"),
        ({"Logic": None}, "Logic"),
    ],
)
def test_a_faulty_rule_is_named(changes: dict[str, Any], words: str) -> None:
    message = refusal(rule_set(rules=[rule(**changes)]))
    assert "CN-TEST-0001" in message
    assert words in message


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "not JSON"),
        (b"[]", "write an object"),
        (b'{"id": "a", "id": "b"}', "'id' twice"),
        (b'{"version": NaN}', "NaN"),
        (b'{"version": ' + b"9" * 5_000 + b"}", "a number"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe", "UTF-8"),
        (b'{"id":\n"a",}', "line 2"),
        (b" " * 2_000_001, "2000000"),
    ],
)
def test_a_file_that_is_no_json_is_refused(file: bytes, words: str) -> None:
    assert words in refusal(file)


def test_too_many_rules_are_refused() -> None:
    assert "2001 items" in refusal(rule_set(rules=[rule()] * 2_001))


# --- replacing the set in use -------------------------------------------------------------------------


def in_use(**changes: Any) -> RuleSet:
    return load(blob(rule_set(**changes)))


def test_a_newer_set_replaces_the_one_in_use() -> None:
    assert accept(in_use(), blob(rule_set(version=4)), NOW).version == 4
    assert accept(None, blob(rule_set()), NOW).version == 3
    assert accept(in_use(), blob(rule_set()), NOW).version == 3
    assert accept(in_use(), blob(rule_set(id="other-set", version=1)), NOW).id == "other-set"
    later = accept(in_use(), blob(rule_set(version=4, valid_from="2022-04-11T00:00:00Z")), NOW)
    assert later.version == 4, "one that becomes valid later is held until then"


def test_a_namesake_of_another_set_that_is_held_is_refused() -> None:
    other = in_use()
    assert accept(None, blob(rule_set()), NOW, [other]).digest == other.digest
    with pytest.raises(RuleSetError, match="differs"):
        accept(None, blob(rule_set(parameters={"min_doses": 1})), NOW, [other])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 2}, "older than version 3"),
        ({"parameters": {"min_doses": 1}}, "differs"),
        ({"version": 4, "rules": []}, "rules"),
        ({"version": 4, "valid_to": "2022-04-10T00:00:00Z"}, "not valid any more"),
        ({"version": 4, "issued_at": "2022-04-10T00:05:01Z", "refresh_by": "2022-04-12T00:00:00Z"}, "future"),
    ],
)
def test_what_does_not_replace_the_set_in_use(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(RuleSetError, match=words):
        accept(in_use(), blob(rule_set(**changes)), NOW)


def test_an_untrusted_clock_refuses_nothing_for_its_time() -> None:
    long_ago = Moment(NOW.at - timedelta(days=20_000), trusted=False)
    assert accept(None, blob(rule_set()), long_ago).version == 3


# --- the set for stations -----------------------------------------------------------------------------


def facts(**changes: Any) -> dict[str, Any]:
    first = json.loads(STATION.read_text(encoding="utf-8"))["examples"][0]["facts"]
    return {**first, **changes}


def failures(loaded: RuleSet, payload: dict[str, Any]) -> list[str]:
    profile = loaded.profiles["station"]
    data = {"payload": payload, "external": {"parameters": dict(profile.parameters)}}
    failed = []
    for one in profile.rules:
        try:
            holds = one.holds(data)
        except Exception as error:  # noqa: BLE001 - asserted below
            assert type(error).__name__ == "CertLogicError"  # noqa: PT017
            holds = False
        if not holds:
            failed.append(one.reason.value)
    return failed


@pytest.fixture(scope="module")
def station() -> RuleSet:
    return load(STATION.read_bytes())


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"test": known(result="negative", since_report=172_800)}, []),
        ({"test": known(result="negative", since_report=172_801)}, ["test_expired"]),
        ({"test": known(result="negative")}, ["test_expired"]),
        ({"test": known(result="negative", since_report=-1)}, ["test_expired"]),
        ({"test": known(result="positive", since_report=900_000)}, ["test_positive"]),
        ({"test": known(result="pending")}, ["test_pending"]),
        ({"test": known(result="inconclusive", since_report=5)}, ["test_inconclusive"]),
        ({"code": known(colour="orange")}, ["code_not_green"]),
        ({"code": {"state": "stale", "age": 5, "colour": "green"}}, ["code_not_green"]),
        ({"code": known(colour=True)}, ["code_not_green"]),
        ({"pop_up": known(active=True)}, ["pop_up"]),
        ({"pop_up": known(active=0)}, ["pop_up"]),
        ({"vaccination": known(doses=1)}, ["vaccination_incomplete"]),
        ({"vaccination": known(doses=True)}, ["vaccination_incomplete"]),
        ({"travel": known(risk_area=True)}, ["risk_area"]),
        ({"document": known(valid="expired")}, ["document_expired"]),
        ({"document": known(valid="not_yet_valid")}, ["document_not_yet_valid"]),
        ({"credential": known(kind="bare_number", assurance=2)}, ["card_required"]),
        ({"clock": known(trusted=False)}, ["clock_untrusted"]),
        ({"clock": known(trusted=1)}, ["clock_untrusted"]),
    ],
)
def test_station_names_exactly_the_fault(station: RuleSet, changes: dict[str, Any], reasons: list[str]) -> None:
    assert failures(station, facts(**changes)) == reasons


@pytest.mark.parametrize("state", ["unknown", "absent", "stale"])
def test_no_station_rule_holds_on_a_fact_that_is_not_known(station: RuleSet, state: str) -> None:
    for one in station.profiles["station"].rules:
        name = one.affected_fields[0].split(".")[0]
        failed = failures(station, facts(**{name: {**facts()[name], "state": state}}))
        assert one.reason.value in failed


def test_nothing_known_fails_every_station_rule(station: RuleSet) -> None:
    unknown = {name: {"state": "unknown", "age": None} for name in facts()}
    assert len(failures(station, unknown)) == len(station.rules)
    assert len(failures(station, {})) == len(station.rules)


def test_only_the_missing_card_can_be_mended_by_presenting_again(station: RuleSet) -> None:
    retries = {one.reason for one in station.rules.values() if one.outcome is Outcome.RETRY}
    assert retries == {Reason.CARD_REQUIRED}
