"""CertLogic 1.3.3 by its own test suites (eu-dcc-business-rules)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from vectors import vectors_dir

from gate.rules import certlogic
from suites.count import Count, count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUITES = vectors_dir("certlogic")


@dataclass(frozen=True)
class Assertion:
    """One expression over one piece of data."""

    name: str
    expression: Any
    data: Any
    expected: Any

    def holds(self) -> bool:
        return same(certlogic.evaluate(self.expression, self.data), self.expected)


@dataclass(frozen=True)
class Validation:
    """One expression, and how many faults it has."""

    name: str
    expression: Any
    issues: int

    def holds(self) -> bool:
        return len(certlogic.validate(self.expression)) == self.issues


def same(left: Any, right: Any) -> bool:
    """Equal, and equal in type: in Python ``True == 1``."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


@cache
def assertions(*, skipped: bool) -> tuple[Assertion, ...]:
    """The assertions that upstream runs, or those that it skips."""
    found = []
    for path, suite in _suites("testSuite"):
        for case in suite["cases"]:
            for number, assertion in enumerate(case["assertions"]):
                directives = {level.get("directive") for level in (suite, case, assertion)}
                if ("skip" in directives) is skipped:
                    expression = assertion.get("certLogicExpression", case.get("certLogicExpression"))
                    name = f"{path.stem}: {case['name']} {number}"
                    found.append(Assertion(name, expression, assertion["data"], assertion["expected"]))
    return tuple(found)


@cache
def validations() -> tuple[Validation, ...]:
    """The cases of the validation suite."""
    return tuple(
        Validation(f"{path.stem} {number}: {json.dumps(expression)}", expression, len(case["issues"]))
        for path, suite in _suites("validation-testSuite")
        for number, case in enumerate(suite["cases"])
        for expression in [case["certLogicExpression"]]
    )


def counts() -> list[Count]:
    """Both suites."""
    return [
        count("CertLogic: assertions that upstream runs", ((one.name, one.holds) for one in assertions(skipped=False))),
        count("CertLogic: assertions that upstream skips", ((one.name, one.holds) for one in assertions(skipped=True))),
        count("CertLogic: validation suite", ((one.name, one.holds) for one in validations())),
    ]


def _suites(folder: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted((SUITES / folder).glob("*.json")):
        yield path, json.loads(path.read_text(encoding="utf-8"))
