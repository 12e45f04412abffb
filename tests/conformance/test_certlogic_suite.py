"""CertLogic 1.3.3 by its own test suites (eu-dcc-business-rules)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from vectors import vectors_dir

from gate.rules import certlogic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUITES = vectors_dir("certlogic")


def suites(folder: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted((SUITES / folder).glob("*.json")):
        yield path, json.loads(path.read_text(encoding="utf-8"))


def assertions(*, skipped: bool) -> Iterator[Any]:
    """(expression, data, expected) of the assertions that upstream runs, or of those that it skips."""
    for path, suite in suites("testSuite"):
        for case in suite["cases"]:
            for number, assertion in enumerate(case["assertions"]):
                directives = {level.get("directive") for level in (suite, case, assertion)}
                if ("skip" in directives) is skipped:
                    expression = assertion.get("certLogicExpression", case.get("certLogicExpression"))
                    name = f"{path.stem}: {case['name']} {number}"
                    yield pytest.param(expression, assertion["data"], assertion["expected"], id=name)


def same(left: Any, right: Any) -> bool:
    """Equal, and equal in type: in Python ``True == 1``."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


@pytest.mark.parametrize(("expression", "data", "expected"), list(assertions(skipped=False)))
def test_suite(expression: Any, data: Any, expected: Any) -> None:
    assert same(certlogic.evaluate(expression, data), expected)


@pytest.mark.parametrize(("expression", "data", "expected"), list(assertions(skipped=True)))
def test_what_the_suite_has_but_upstream_does_not_run(expression: Any, data: Any, expected: Any) -> None:
    assert same(certlogic.evaluate(expression, data), expected)


def test_the_suite_is_complete() -> None:
    assert len(list(assertions(skipped=False))) >= 218
    assert len(list(assertions(skipped=True))) >= 14


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{path.stem}: {json.dumps(case['certLogicExpression'])}")
        for path, suite in suites("validation-testSuite")
        for case in suite["cases"]
    ],
)
def test_validation_suite(case: dict[str, Any]) -> None:
    assert len(certlogic.validate(case["certLogicExpression"])) == len(case["issues"])
