from __future__ import annotations

from typing import Any

import pytest
from rule_set_samples import GREEN, KNOWN_GREEN, YELLOW, assigned, blob, example, known, rule, rule_set

from gate.errors import RuleSetError
from gate.rules.ruleset import load

STATE = {"var": "payload.code.state"}
COLOUR = {"var": "payload.code.colour"}
RED_CODE = example("red", {"code": known(colour="red"), "pop_up": known(active=False)}, r0001=False)


def verdict(logic: Any, *examples: dict[str, Any], **changes: Any) -> str:
    """What loading says about a rule, "" where it says nothing."""
    found = rule_set(rules=[rule(logic=logic, **changes)], examples=list(examples or (GREEN, YELLOW)))
    try:
        load(blob(found))
    except RuleSetError as fault:
        return str(fault)
    return ""


def test_a_careful_rule_passes() -> None:
    assert verdict(KNOWN_GREEN) == ""


@pytest.mark.parametrize(
    "logic",
    [
        {"!": [{"===": [COLOUR, "yellow"]}]},
        {"!": [{"in": [COLOUR, ["red", "yellow"]]}]},
        {"if": [COLOUR, {"===": [COLOUR, "green"]}, True]},
        {"if": [{"===": [STATE, "unknown"]}, True, {"===": [COLOUR, "green"]}]},
    ],
    ids=["not yellow", "in no list of bad ones", "missing is well", "unknown is well"],
)
def test_a_rule_that_unknown_turns_true_is_refused(logic: Any) -> None:
    message = verdict(logic)
    assert "CN-TEST-0001" in message
    assert "with code unknown" in message
    assert "ask for the state known" in message


def test_a_rule_that_trusts_stale_values_is_refused() -> None:
    assert "with code stale" in verdict({"===": [COLOUR, "green"]})


def test_a_rule_that_only_two_unknown_facts_turn_true_is_refused() -> None:
    pop_up = {"var": "payload.pop_up.active"}
    both_missing = {"and": [{"!": [{"var": "payload.code.age"}]}, {"!": [{"var": "payload.pop_up.age"}]}]}
    careful = {"and": [*KNOWN_GREEN["and"], {"===": [{"var": "payload.pop_up.state"}, "known"]}, {"!": [pop_up]}]}
    good = example("good", {"code": known(colour="green"), "pop_up": known(active=False)}, r0001=True)
    assert verdict(careful, good, RED_CODE) == ""
    message = verdict({"if": [both_missing, True, careful]}, good, RED_CODE)
    assert "with code and pop_up unknown" in message


def test_a_rule_that_is_true_whatever_is_known_is_refused() -> None:
    always = {"if": [{"===": [COLOUR, "yellow"]}, False, True]}
    only_good = {"and": [{"!": [{"===": [STATE, "absent"]}]}, True]}
    absent = example("absent", {"code": {"state": "absent"}}, r0001=False)
    assert "with code unknown" in verdict(always)
    assert "with code unknown" in verdict(only_good, GREEN, absent)


def test_what_is_absent_may_count_as_kept() -> None:
    """That nobody arrived is known, and no reason to ask for tests; it can't become stale either."""
    logic = {
        "if": [
            {"===": [{"var": "payload.arrival.state"}, "absent"]},
            True,
            {
                "and": [
                    {"===": [{"var": "payload.arrival.state"}, "known"]},
                    {">=": [{"var": "payload.arrival.spaced_negatives"}, 2]},
                ]
            },
        ]
    }
    absent = example("at home", {"arrival": {"state": "absent", "age": None}}, r0001=True)
    untested = example("arrived", {"arrival": known(spaced_negatives=0)}, r0001=False)
    assert verdict(logic, absent, untested, AffectedFields=["arrival.spaced_negatives"], Reason="tests_too_few") == ""


def test_one_fact_may_stand_in_for_another() -> None:
    guard = {
        "and": [
            {"===": [{"var": "payload.checkpoint.state"}, "known"]},
            {"===": [{"var": "payload.checkpoint.attended"}, True]},
        ]
    }
    either = {"if": [KNOWN_GREEN, True, guard]}
    attended = example("attended", {"code": known(colour="red"), "checkpoint": known(attended=True)}, r0001=True)
    assert verdict(either, GREEN, YELLOW, attended) == ""


def test_a_rule_that_reads_no_fact_is_refused() -> None:
    assert "does not read payload.code" in verdict({"===": [1, 1]})


def test_a_rule_that_may_read_everything_is_tried_with_every_fact() -> None:
    hidden = {
        "reduce": [
            [{"var": ""}],
            {"!": [{"===": [{"var": "current.payload.code.colour"}, "yellow"]}]},
            False,
        ]
    }
    assert "with code unknown" in verdict(hidden)


def test_the_parameters_of_every_profile_are_tried() -> None:
    lenient = {"if": [{"var": "external.parameters.lenient"}, {"!": [{"===": [COLOUR, "yellow"]}]}, KNOWN_GREEN]}
    found = rule_set(
        rules=[rule(logic=lenient)],
        parameters={"lenient": False},
        profiles={"exit": {"rules": ["CN-TEST-0001"], "parameters": {"lenient": False}}},
        assignments=[assigned("exit")],
    )
    load(blob(found))
    found["profiles"]["exit"]["parameters"]["lenient"] = True
    with pytest.raises(RuleSetError, match="with code unknown"):
        load(blob(found))


def test_examples_beyond_reason_are_refused_rather_than_tried() -> None:
    facts = {f"fact{number}": known(value=1) for number in range(30)} | {"code": known(colour="green")}
    everything = {"if": [{"var": "payload"}, KNOWN_GREEN, False]}
    many = [example(f"example {number}", facts, r0001=True) for number in range(400)]
    assert "evaluations" in verdict(everything, *many)


# --- profiles -------------------------------------------------------------------------------------------

KNOWN_YELLOW = {"and": [{"===": [STATE, "known"]}, {"===": [COLOUR, "yellow"]}]}
DOSES = {"state": {"var": "payload.vaccination.state"}, "doses": {"var": "payload.vaccination.doses"}}
VACCINATED = {"and": [{"===": [DOSES["state"], "known"]}, {">=": [DOSES["doses"], 2]}]}
VACCINATED_RULE = rule(
    "CN-TEST-0002", VACCINATED, AffectedFields=["vaccination.doses"], Reason="vaccination_incomplete"
)


def of_profile(*rules: dict[str, Any], examples: list[dict[str, Any]], **profile: Any) -> str:
    """What loading says about a set of one profile that has all the rules."""
    names = [one["Identifier"] for one in rules]
    profiles = {"station": {"rules": names, "parameters": {}, **profile}}
    try:
        load(blob(rule_set(rules=list(rules), profiles=profiles, examples=examples)))
    except RuleSetError as fault:
        return str(fault)
    return ""


def test_two_rules_that_contradict_each_other_are_named() -> None:
    green = {**GREEN, "expect": {"CN-TEST-0001": True, "CN-TEST-0002": False}}
    yellow = {**YELLOW, "expect": {"CN-TEST-0001": False, "CN-TEST-0002": True}}
    message = of_profile(rule(), rule("CN-TEST-0002", KNOWN_YELLOW), examples=[green, yellow])
    assert "profile station: can't be passed" in message
    assert "CN-TEST-0001" in message
    assert "CN-TEST-0002" in message


def test_a_profile_needs_somebody_who_passes_it() -> None:
    three = [
        example("a", {"code": known(colour="green"), "vaccination": known(doses=2), "pop_up": known(active=True)}),
        example("b", {"code": known(colour="green"), "vaccination": known(doses=1), "pop_up": known(active=False)}),
        example("c", {"code": known(colour="yellow"), "vaccination": known(doses=2), "pop_up": known(active=False)}),
    ]
    expect = [(True, True, False), (True, False, True), (False, True, True)]
    for one, holds in zip(three, expect, strict=True):
        one["expect"] = {f"CN-TEST-000{number}": held for number, held in enumerate(holds, 1)}
    asked = {
        "and": [
            {"===": [{"var": "payload.pop_up.state"}, "known"]},
            {"===": [{"var": "payload.pop_up.active"}, False]},
        ]
    }
    no_pop_up = rule("CN-TEST-0003", asked, AffectedFields=["pop_up.active"], Reason="pop_up")
    rules = (rule(), VACCINATED_RULE, no_pop_up)
    assert "profile station: has no example in which all its rules hold; add one" in of_profile(*rules, examples=three)
    good = {"code": known(colour="green"), "vaccination": known(doses=2), "pop_up": known(active=False)}
    assert of_profile(*rules, examples=[*three, example("good", good)]) == ""


def test_a_profile_whose_rules_only_advise_refuses_nobody_and_is_refused() -> None:
    due = {"age": "test.since_report", "limit": "min_doses"}
    advises = rule(Outcome="advise", Reason="test_due", Advisory=due)
    message = of_profile(advises, examples=[GREEN, YELLOW])
    assert "profile station: has no example in which one of its rules refuses" in message
