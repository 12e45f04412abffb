"""Whoever writes a rule set is shown everything that is wrong with it at once, and what may have been meant."""

from __future__ import annotations

from typing import Any

import pytest
from rule_set_samples import GREEN, YELLOW, assigned, blob, example, known, rule, rule_set

from gate.errors import RuleSetError
from gate.rules.review.fault import shown
from gate.rules.review.review import review

KNOWN = {"===": [{"var": "payload.code.state"}, "known"]}


def found(**changes: Any) -> list[str]:
    """Every fault on a line."""
    faults = review(blob(rule_set(**changes)))
    return [f"{one.where} | {one.field} | {one.found} | {one.fault}" for one in faults]


def the_one(**changes: Any) -> str:
    (line,) = found(**changes)
    return line


def test_a_sound_set_has_no_faults() -> None:
    assert found() == []


def test_a_file_that_is_no_object_can_not_be_looked_at() -> None:
    with pytest.raises(RuleSetError, match="line 2, column 1"):
        review(b"{\n")
    with pytest.raises(RuleSetError, match="write an object"):
        review(b"[]")


def test_faults_of_all_parts_are_shown_at_once() -> None:
    bad = rule("CN-TEST-0002", {"and": [KNOWN, {"or": [1, 2]}, {"==": [1, 2]}]}, Reason="code_not_gren")
    listed = found(
        id="ä",
        parameters={"min_doses": 2, "limit": 1.5, "max_age_s": {"code": 86400}},
        rules=[rule(), bad],
        profiles={"station": {"rules": ["CN-TEST-0001", "CN-TEST-0002", "CN-TEST-001"], "parameters": {"min_dose": 1}}},
        assignments=[assigned("station"), assigned("statoin")],
        examples=[GREEN, YELLOW, {"name": "x", "facts": {"code": {"state": "knwon"}}, "expect": {}}],
    )
    for expected in (
        'rule set | id | "ä" | must be up to 100',
        "parameters | limit | 1.5 | must be an integer",
        'rule CN-TEST-0002 | Reason | "code_not_gren" | is not one of the words that may stand here',
        'rule CN-TEST-0002 | Logic $.and[1] | "or" | CertLogic has no such operator; write {"if": [A, true, B]}',
        'rule CN-TEST-0002 | Logic $.and[2] | "==" | CertLogic has no such operator; write {"===": [A, B]}',
        'profile station | rules | "CN-TEST-001" | names the rule CN-TEST-001, which is not in the set',
        'profile station | parameters | "min_dose" | changes the parameter min_dose',
        'assignment 2 | profile | "statoin" | is no profile of the set; add it or correct the name',
        'example 3 (x) | facts code | {"state": "knwon"} | must be one of known, absent, unknown, stale',
    ):
        assert [line for line in listed if line.startswith(expected)], expected
    assert len(listed) == 9
    for meant in ("code_not_green", "min_doses", "station"):
        assert [line for line in listed if line.endswith(f"did you mean {meant}?")], meant


def test_a_misspelt_key_is_told_with_the_key_that_is_missing() -> None:
    bad = {**rule(), "Outcom": "refer"}
    del bad["Outcome"]
    misspelt, missing = found(rules=[bad])
    assert misspelt.startswith('rule CN-TEST-0001 |  | "Outcom" | is no key of it')
    assert misspelt.endswith("did you mean Outcome?")
    assert missing == "rule CN-TEST-0001 |  |  | lacks Outcome; add it"


def test_a_faulty_rule_does_not_hide_what_is_wrong_with_another() -> None:
    careless = {"!": [{"===": [{"var": "payload.code.colour"}, "red"]}]}
    red = example("red", {"code": known(colour="red")}, r0002=False)
    listed = found(
        rules=[rule(Reason="nonsense"), rule("CN-TEST-0002", careless)],
        profiles={"station": {"rules": ["CN-TEST-0001", "CN-TEST-0002"], "parameters": {}}},
        examples=[example("green", {"code": known(colour="green")}, r0001=True, r0002=True), YELLOW, red],
    )
    assert any(line.startswith('rule CN-TEST-0001 | Reason | "nonsense"') for line in listed)
    assert any("not knowing lets people through" in line for line in listed)
    assert len(listed) == 2


def test_what_only_shows_when_the_pieces_stand_together() -> None:
    assert "is there twice" in the_one(rules=[rule(), rule()])
    assert "is in no profile" in found(rules=[rule(), rule("CN-TEST-0002")])[0]
    assert "can't be reached" in the_one(assignments=[assigned("station"), assigned("station", lane=["1"])])
    assert "valid for the whole life" in the_one(rules=[rule(ValidTo="2023-01-01T00:00:00+08:00")])
    assert "lies after" in the_one(refresh_by="2023-01-01T00:00:00+08:00")


def test_a_faulty_date_of_the_set_is_not_blamed_on_its_rules() -> None:
    assert the_one(valid_from="2022-13-01").startswith('rule set | valid_from | "2022-13-01" | must be a date-time')


def test_an_advisory_without_its_parameter() -> None:
    advice = rule(Outcome="advise", Reason="test_due", Advisory={"age": "test.since_report", "limit": "due_s"})
    assert any("Advisory" in line and "due_s" in line for line in found(rules=[advice]))


@pytest.mark.parametrize(
    ("logic", "fault"),
    [
        ({"===": [{"var": "payload.code.color"}, "green"]}, '"code.color" | is never there'),
        ({"===": [{"var": "payload.kode.colour"}, "green"]}, '"kode.colour" | is never there'),
        ({"===": [{"var": "payload.code.colour"}, "gren"]}, '"gren" | is never what payload.code.colour is'),
        ({"in": [{"var": "payload.code.colour"}, ["green", "lime"]]}, '"lime" | is never what'),
        ({"===": [{"var": "payload.pop_up.active"}, "false"]}, '"false" | is never what payload.pop_up.active is'),
        ({"===": [{"var": "payload.pop_up.active"}, 0]}, "0 | is never what payload.pop_up.active is"),
        ({"<": [1, {"var": "external.parameters.min_dose"}]}, '"min_dose" | is no parameter of the set'),
        ({"===": [{"var": "external.site"}, "x"]}, '"external.site" | is never there'),
    ],
)
def test_a_rule_that_asks_for_what_there_never_is(logic: Any, fault: str) -> None:
    assert any(fault in line for line in found(rules=[rule(logic={"and": [KNOWN, logic]})]))


def test_misspelt_facts_outside_of_rules() -> None:
    assert any("did you mean code?" in line for line in found(parameters={"min_doses": 2, "max_age_s": {"cod": 1}}))
    odd = {**GREEN, "facts": {**GREEN["facts"], "tset": known()}}
    assert "did you mean test?" in the_one(examples=[odd, YELLOW])
    assert "did you mean code.colour?" in the_one(rules=[rule(AffectedFields=["code.colour", "code.color"])])


def test_what_was_found_can_not_forge_a_line() -> None:
    assert shown("a\nb\u202e").isprintable()
    assert len(shown("x" * 1000)) < 100
