"""The rules of 24 countries as they were in production, unchanged, and the test cases of their authors."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from vectors import vectors_dir

from gate.rules.eu_rules import EuRules
from gate.rules.rule import load_eu_rule

RULES = vectors_dir("rules")
RULES_WITH_TESTS = sorted((RULES / "with-tests").glob("*/*/rule.json"))


def gateway() -> list[Any]:
    files = sorted((RULES / "production-gateway-2023-07").glob("*/*.json"))
    return [rule for path in files for rule in json.loads(path.read_text(encoding="utf-8"))]


def covpass() -> list[Any]:
    files = sorted((RULES / "production-covpass-2023-12").glob("*-rules.json"))
    return [rule for path in files for rule in json.loads(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("rules", "count"), [(gateway(), 292), (covpass(), 288)], ids=["gateway", "covpass"])
def test_every_production_rule_is_read(rules: list[Any], count: int) -> None:
    assert len(EuRules.from_json(rules)) == count


@pytest.mark.parametrize("path", RULES_WITH_TESTS, ids=lambda path: path.parent.name)
def test_a_rule_decides_as_its_authors_expect(path: Any) -> None:
    rule = load_eu_rule(json.loads(path.read_text(encoding="utf-8")))
    cases = sorted((path.parent / "tests").glob("*.json"))
    assert cases
    for case in cases:
        test = json.loads(case.read_text(encoding="utf-8"))
        assert rule.holds({"payload": test.get("payload"), "external": test["external"]}) is test["expected"], case.name


def test_every_case_of_the_authors_is_there() -> None:
    assert sum(len(list((path.parent / "tests").glob("*.json"))) for path in RULES_WITH_TESTS) == 832


def test_a_vaccination_in_czechia_is_judged_by_vaccination_rules_only() -> None:
    rules = EuRules.from_json(gateway())
    chosen = rules.select("CZ", datetime(2022, 10, 1, tzinfo=UTC), {"v": [{"dn": 2}]})
    assert chosen
    assert {rule.certificate_type for rule in chosen} <= {"General", "Vaccination"}
    assert {rule.country for rule in chosen} == {"CZ"}
