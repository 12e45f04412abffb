"""The rules of 24 countries as they were in production, unchanged, and the test cases of their authors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from vectors import vectors_dir

from gate.rules.rule import EuRule, load_eu_rule
from suites.count import Count, count

if TYPE_CHECKING:
    from pathlib import Path

RULES = vectors_dir("rules")


@dataclass(frozen=True)
class AuthorsCase:
    """One test of a rule's authors."""

    name: str
    folder: str
    rule: EuRule
    test: Any

    def holds(self) -> bool:
        data = {"payload": self.test.get("payload"), "external": self.test["external"]}
        return self.rule.holds(data) is self.test["expected"]


@cache
def production() -> dict[str, list[Any]]:
    """Every rule, decoded, of what was in production: the EU gateway, and the CovPass service."""
    return {
        "gateway, July 2023": _all("production-gateway-2023-07", "*/*.json"),
        "CovPass, December 2023": _all("production-covpass-2023-12", "*-rules.json"),
    }


@cache
def authors_cases() -> tuple[AuthorsCase, ...]:
    """Every test case that the countries wrote for their own rules."""
    found: list[AuthorsCase] = []
    for path in sorted((RULES / "with-tests").glob("*/*/rule.json")):
        rule, name = load_eu_rule(_json(path)), "/".join(path.parent.parts[-2:])
        cases = sorted((path.parent / "tests").glob("*.json"))
        found.extend(AuthorsCase(f"{name} {case.stem}", name, rule, _json(case)) for case in cases)
    return tuple(found)


def counts() -> list[Count]:
    """What is read, and what is decided."""
    read = [
        count(
            f"rules in production: {name}", ((str(rule.get("Identifier")), partial(_is_read, rule)) for rule in rules)
        )
        for name, rules in production().items()
    ]
    return [*read, count("rules with their authors' tests", ((case.name, case.holds) for case in authors_cases()))]


def _is_read(rule: Any) -> bool:
    return bool(load_eu_rule(rule).identifier == rule["Identifier"])


def _all(folder: str, pattern: str) -> list[Any]:
    return [rule for path in sorted((RULES / folder).glob(pattern)) for rule in _json(path)]


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
