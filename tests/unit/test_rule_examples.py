"""The rule sets that we ship decide what the orders that they carry out demand, to the second."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import config
from gate.model import Outcome
from gate.rules import orders, ruleset
from gate.rules.cases import Case, differences, judge_case, load_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.rules.ruleset import RuleSet

RULES = Path(config.__file__).parent / "rules"
NO_SETS = {"certificates.json", "orders.example.json"}
SUFFIX = ".cases.jsonl"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def case_files() -> dict[str, tuple[Case, ...]]:
    return {path.name: load_cases(path.read_bytes()) for path in sorted(RULES.glob(f"*{SUFFIX}"))}


def names_of_sets() -> list[str]:
    return sorted(path.name for path in RULES.glob("*.json") if path.name not in NO_SETS)


CASES = case_files()
EVERY_CASE = [pytest.param(file, case, id=f"{file}:{case.name}") for file, cases in CASES.items() for case in cases]


@cache
def the_set(name: str) -> RuleSet:
    return ruleset.load((RULES / name).read_bytes())


def names_for(file: str, case: Case) -> tuple[str, ...]:
    return case.sets or (f"{file.removesuffix(SUFFIX)}.json",)


def held(file: str, case: Case) -> list[RuleSet]:
    return [the_set(name) for name in names_for(file, case)]


def cases_of(name: str) -> Iterator[tuple[str, Case]]:
    """The cases that a rule set file is judged by, each with the name of its own file."""
    for file, cases in CASES.items():
        yield from ((file, case) for case in cases if name in names_for(file, case))


@pytest.mark.parametrize(("file", "case"), EVERY_CASE)
def test_every_case_is_decided_as_its_order_demands(file: str, case: Case) -> None:
    assert differences(case, judge_case(case, *held(file, case))) == []


def test_there_are_many_orders_and_each_case_quotes_one() -> None:
    assert len({the_set(name).id for name in names_of_sets()}) >= 9
    assert len(EVERY_CASE) >= 400
    for file, cases in CASES.items():
        for case in cases:
            quotes = case.order.endswith("。") and len(CHINESE.findall(case.order)) >= 8
            assert quotes, f"{file}:{case.line} does not quote the sentence of an order"


@pytest.mark.parametrize("name", names_of_sets())
def test_every_rule_of_a_set_fails_for_somebody_and_every_profile_lets_somebody_in(name: str) -> None:
    failed: set[str] = set()
    advised = set()
    passed = set()
    for file, case in cases_of(name):
        decision = judge_case(case, *held(file, case))
        if decision.outcome is Outcome.PASS:
            passed.add(decision.profile)
            advised |= {advisory.reason for advisory in case.expect.advisories}
        else:
            failed |= set(case.expect.failed or ())
    found = the_set(name)
    assert {identifier for identifier, rule in found.rules.items() if rule.advice is None} <= failed
    assert {rule.reason for rule in found.rules.values() if rule.advice is not None} == advised
    assert found.profiles.keys() == passed


def whole_numbers(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    for key, item in value.items():
        if type(item) is dict:
            yield from whole_numbers(item, (*path, key))
        elif type(item) is int:
            yield (*path, key), item


def limits() -> Iterator[Any]:
    """Every number that an order sets, by rule set file and by where it stands."""
    for name in names_of_sets():
        content = json.loads((RULES / name).read_bytes())
        places = [("parameters",), *(("profiles", profile, "parameters") for profile in content["profiles"])]
        for place in places:
            found = content
            for key in place:
                found = found[key]
            for path, number in whole_numbers(found, place):
                yield pytest.param(name, path, number, id=f"{name}:{'.'.join(path)}")


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize(("name", "path", "number"), list(limits()))
def test_no_limit_can_be_off_by_one(name: str, path: tuple[str, ...], number: int, change: int) -> None:
    content = json.loads((RULES / name).read_bytes())
    at = content
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = number + change
    wrong = ruleset.read(json.dumps(content).encode())
    assert any(
        differences(
            case, judge_case(case, *(wrong if each == name else the_set(each) for each in names_for(file, case)))
        )
        for file, case in cases_of(name)
    ), f"no case notices {'.'.join(path)} = {number + change}"


def test_the_example_orders_can_be_used_and_are_those_of_the_cases() -> None:
    blob = (RULES / "orders.example.json").read_bytes()
    assert {order.kind for order in orders.load(blob, the_set("station-48h.json"))} == set(orders.OrderKind)
    for case in CASES[f"orders.example{SUFFIX}"]:
        assert case.orders is not None
        assert json.loads(case.orders) == json.loads(blob)


def test_a_new_version_takes_over_at_the_second_that_it_announced() -> None:
    judged_by = {}
    for case in CASES[f"station-switch{SUFFIX}"]:
        if case.name.startswith("60-hour-old report"):
            decision = judge_case(case, *held("", case))
            judged_by[case.name.split(", ")[1]] = (decision.rule_set, decision.outcome)
    assert judged_by == {
        "1 s before midnight": ("station-switch@1", Outcome.REFER),
        "midnight": ("station-switch@2", Outcome.PASS),
        "1 s after midnight": ("station-switch@2", Outcome.PASS),
    }
