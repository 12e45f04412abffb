"""The rules of 24 countries as they were in production, unchanged, and the test cases of their authors."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import pytest
from suites.eu_rules import AuthorsCase, authors_cases, production

from gate.rules.eu_rules import EuRules

BY_RULE: dict[str, list[AuthorsCase]] = defaultdict(list)
for one in authors_cases():
    BY_RULE[one.folder].append(one)


@pytest.mark.parametrize(
    ("source", "count"),
    [("gateway, July 2023", 292), ("CovPass, December 2023", 288)],
)
def test_every_production_rule_is_read(source: str, count: int) -> None:
    assert len(EuRules.from_json(production()[source])) == count


@pytest.mark.parametrize("rule", BY_RULE)
def test_a_rule_decides_as_its_authors_expect(rule: str) -> None:
    for case in BY_RULE[rule]:
        assert case.holds(), case.name


def test_every_case_of_the_authors_is_there() -> None:
    assert len(authors_cases()) == 832


def test_a_vaccination_in_czechia_is_judged_by_vaccination_rules_only() -> None:
    rules = EuRules.from_json(production()["gateway, July 2023"])
    chosen = rules.select("CZ", datetime(2022, 10, 1, tzinfo=UTC), {"v": [{"dn": 2}]})
    assert chosen
    assert {rule.certificate_type for rule in chosen} <= {"General", "Vaccination"}
    assert {rule.country for rule in chosen} == {"CZ"}
