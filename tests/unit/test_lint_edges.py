"""What the proof by example finds in rules that are careless in one corner only, and what it says."""

from __future__ import annotations

from typing import Any

import pytest
from rule_set_samples import GREEN, KNOWN_GREEN, YELLOW, assigned, blob, example, known, rule, rule_set

from gate.errors import RuleSetError
from gate.rules import lint, ruleset

NAMES = ("code", "pop_up", "travel")


def faults(**changes: Any) -> list[str]:
    return [str(finding) for finding in lint.lint(ruleset.read(blob(rule_set(**changes))))]


def state(name: str) -> dict[str, str]:
    return {"var": f"payload.{name}.state"}


def exactly(**states: str) -> dict[str, Any]:
    """True of facts in exactly these states."""
    return {"and": [{"===": [state(name), each]} for name, each in states.items()]}


ALL_KNOWN = dict.fromkeys(NAMES, "known")
FINE = example("fine", {name: known(colour="green") for name in NAMES}, r0001=True)
BAD = example("bad", {**{name: known(colour="green") for name in NAMES}, "code": known(colour="red")}, r0001=False)
GREEN_AND_KNOWN = {"and": [exactly(**ALL_KNOWN), {"===": [{"var": "payload.code.colour"}, "green"]}]}


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ({"travel": "unknown"}, "travel unknown"),
        ({"travel": "stale"}, "travel stale"),
        ({"pop_up": "unknown", "travel": "unknown"}, "pop_up and travel unknown"),
        ({"code": "stale", "pop_up": "stale"}, "code and pop_up stale"),
        ({"code": "unknown", "pop_up": "unknown", "travel": "unknown"}, "code and pop_up and travel unknown"),
    ],
)
def test_a_rule_that_is_careless_about_exactly_these_facts_is_found(lost: dict[str, str], words: str) -> None:
    careless = {"if": [exactly(**{**ALL_KNOWN, **lost}), True, GREEN_AND_KNOWN]}
    assert faults(rules=[rule(logic=careless)], examples=[FINE, BAD]) == [
        (
            f'CN-TEST-0001: holds in the example "{"fine" if len(lost) == 3 else "bad"}" with {words}, '
            "so not knowing lets people through; let it ask for the state known"
        )
    ]


def test_a_careful_rule_of_three_facts_is_not_found_careless() -> None:
    assert faults(rules=[rule(logic=GREEN_AND_KNOWN)], examples=[FINE, BAD]) == []


def test_a_rule_that_ends_with_an_error_does_not_hold() -> None:
    fails_unless_known = {"and": [{"<=": [{"var": "payload.code.since"}, 5]}, KNOWN_GREEN]}
    green = example("green", {"code": known(colour="green", since=5)}, r0001=True)
    yellow = example("yellow", {"code": known(colour="yellow", since=5)}, r0001=False)
    assert faults(rules=[rule(logic=fails_unless_known)], examples=[green, yellow]) == []


def test_a_fact_that_an_example_does_not_name_is_lost_too() -> None:
    """In the example nobody speaks of the pop-up; where it becomes unknown outright the rule must not turn true."""
    careless = {"if": [exactly(code="known", pop_up="unknown"), True, KNOWN_GREEN]}
    assert faults(rules=[rule(logic=careless)]) == [
        (
            'CN-TEST-0001: holds in the example "yellow" with pop_up unknown, '
            "so not knowing lets people through; let it ask for the state known"
        )
    ]


def test_the_clock_of_an_example_is_the_issue_of_the_set() -> None:
    at_issue = {
        "not-before": [
            {"plusTime": [{"var": "external.validationClock"}, 0, "day"]},
            {"plusTime": ["2022-03-31T04:00:00Z", 0, "day"]},
        ]
    }
    assert faults(rules=[rule(logic={"and": [KNOWN_GREEN, at_issue]})]) == []
    later = {
        "after": [
            {"plusTime": [{"var": "external.validationClock"}, 0, "day"]},
            {"plusTime": ["2022-03-31T04:00:00Z", 0, "day"]},
        ]
    }
    assert faults(rules=[rule(logic={"and": [KNOWN_GREEN, later]})])[0] == (
        'CN-TEST-0001: is false in the example "green", which expects true; correct the Logic or the example'
    )


def test_a_rule_is_tried_with_the_parameters_of_every_profile() -> None:
    """Harmless with the set's own parameter, careless with that of one profile."""
    logic = {"if": [{"var": "external.parameters.lax"}, {"!": [{"===": [state("code"), "known"]}]}, KNOWN_GREEN]}
    usual = {"rules": ["CN-TEST-0001"], "parameters": {}}
    lax = {"rules": ["CN-TEST-0001"], "parameters": {"lax": True}}
    sets: dict[str, Any] = {
        "rules": [rule(logic=logic)],
        "parameters": {"lax": False, "max_age_s": {}},
        "profiles": {"station": usual, "gym": lax},
        "assignments": [assigned("gym", site_class=["gym"]), assigned("station")],
    }
    for order in (("station", "gym"), ("gym", "station")):
        profiles = {"station": usual, "gym": lax}
        found = faults(**{**sets, "profiles": {name: profiles[name] for name in order}})
        assert any("with code unknown, so not knowing lets people through" in fault for fault in found)
    sets["profiles"] = {"station": usual, "gym": usual}
    assert faults(**sets) == []


def test_what_examples_must_show() -> None:
    with pytest.raises(RuleSetError) as raised:
        ruleset.load(blob(rule_set(examples=[GREEN])))
    assert str(raised.value) == "; ".join(faults(examples=[GREEN]))
    assert faults(examples=[GREEN]) == [
        "CN-TEST-0001: has no example in which it does not hold; add one",
        "profile station: has no example in which one of its rules refuses; add one",
    ]
    assert faults(examples=[YELLOW]) == [
        "CN-TEST-0001: has no example in which it holds; add one",
        "profile station: has no example in which all its rules hold; add one",
    ]
    wrong = [{**GREEN, "expect": {"CN-TEST-0001": False}}, {**YELLOW, "expect": {"CN-TEST-0001": True}}]
    assert faults(examples=wrong) == [
        'CN-TEST-0001: is true in the example "green", which expects false; correct the Logic or the example',
        'CN-TEST-0001: is false in the example "yellow", which expects true; correct the Logic or the example',
    ]


def test_two_rules_that_contradict_each_other_are_named() -> None:
    not_green = {
        "and": [
            {"===": [state("code"), "known"]},
            {"!": [{"===": [{"var": "payload.code.colour"}, "green"]}]},
        ]
    }
    both = example("green", {"code": known(colour="green")}, r0001=True, r0002=False)
    neither = example("yellow", {"code": known(colour="yellow")}, r0001=False, r0002=True)
    found = faults(
        rules=[rule(), rule("CN-TEST-0002", not_green)],
        profiles={"station": {"rules": ["CN-TEST-0001", "CN-TEST-0002"], "parameters": {}}},
        examples=[both, neither],
    )
    assert len(found) == 1
    assert found[0].startswith("profile station: can't be passed: ")
    assert found[0].endswith(
        " are never both true in an example; "
        "correct one of them, or add an example in which all rules of the profile hold"
    )
    assert "CN-TEST-0001" in found[0]
    assert "CN-TEST-0002" in found[0]


def test_no_more_than_twenty_faults_are_listed() -> None:
    names = [f"CN-TEST-{number:04}" for number in range(1, 31)]
    found = faults(
        rules=[rule(name) for name in names],
        profiles={"station": {"rules": names, "parameters": {}}},
        examples=[example("nothing", {"code": known(colour="green")})],
    )
    assert len(found) == 20
    assert found[-1].startswith("CN-TEST-0010: ")


def test_a_rule_that_reads_what_is_around_it_is_tried_with_every_fact() -> None:
    """Its paths don't say what it reads, so nothing is left out of what is lost."""
    around = {"reduce": [[{"var": ""}], {"===": [{"var": "current.payload.code.colour"}, "green"]}, False]}
    logic = {"and": [{"===": [state("code"), "known"]}, around]}
    with_more = [
        example(each["name"], {**each["facts"], "travel": known(risk_area=False)}, r0001=each is GREEN)
        for each in (GREEN, YELLOW)
    ]
    assert faults(rules=[rule(logic=logic)], examples=with_more) == []


def test_too_much_work_is_refused_with_a_word_about_it() -> None:
    rules = [rule(f"CN-TEST-{number:04}") for number in range(1, 1_001)]
    names = [each["Identifier"] for each in rules]
    plenty = [
        {"name": f"example {number}", "facts": {"code": known(colour="green")}, "expect": {}} for number in range(100)
    ]
    with pytest.raises(RuleSetError) as raised:
        ruleset.load(
            blob(rule_set(rules=rules, profiles={"station": {"rules": names, "parameters": {}}}, examples=plenty))
        )
    assert (
        str(raised.value) == f"examples: need more than {lint.MAX_EVALUATIONS} evaluations; use fewer examples or facts"
    )


# --- under an order -----------------------------------------------------------------------------------------------


def test_an_order_is_tried_on_the_rules_that_read_what_it_replaces() -> None:
    logic = {"if": [{"var": "external.parameters.lax"}, {"!": [{"===": [state("code"), "known"]}]}, KNOWN_GREEN]}
    held = ruleset.load(
        blob(rule_set(rules=[rule(logic=logic)], parameters={"lax": False, "other": 1, "max_age_s": {}}))
    )
    profile = held.profiles["station"]
    lax = {**profile.parameters, "lax": True}
    (found,) = lint.lint_changed(profile, lax, ["lax"], held)
    assert str(found).startswith("CN-TEST-0001: holds in the example ")
    assert lint.lint_changed(profile, lax, ["other"], held) == [], "a rule that does not read it needs no second look"
    assert lint.lint_changed(profile, profile.parameters, ["lax"], held) == []


def test_an_order_that_takes_too_much_work_to_try_is_refused() -> None:
    reads = {"and": [KNOWN_GREEN, {"!": [{"!": [{"var": "external.parameters.lax"}]}]}]}
    names = [f"CN-TEST-{number:04}" for number in range(1, 401)]
    held = ruleset.read(
        blob(
            rule_set(
                rules=[rule(name, reads) for name in names],
                profiles={"station": {"rules": names, "parameters": {}}},
                parameters={"lax": True, "max_age_s": {}},
                examples=[example(f"example {number}", {"code": known(colour="green")}) for number in range(100)],
            )
        )
    )
    (found,) = lint.lint_changed(held.profiles["station"], held.parameters, ["lax"], held)
    assert str(found) == f"examples: need more than {lint.MAX_EVALUATIONS} evaluations; use fewer examples or facts"


@pytest.mark.parametrize(
    "path", ["external", "external.parameters", "external.parameters.lax", "external.parameters.lax.0", ""]
)
def test_a_rule_that_may_read_a_parameter_is_tried(path: str) -> None:
    logic = (
        {"and": [KNOWN_GREEN, {"!": [{"!": [{"var": path}]}]}]}
        if path
        else {"and": [KNOWN_GREEN, {"!": [{"!": [{"var": ""}]}]}]}
    )
    held = ruleset.read(blob(rule_set(rules=[rule(logic=logic)], parameters={"lax": [1], "max_age_s": {}})))
    assert lint._reads(held.rules["CN-TEST-0001"], "lax")
    assert lint._reads(held.rules["CN-TEST-0001"], "other") == (path in {"external", "external.parameters", ""})
