"""CertLogic 1.3.3 by its own test suites (eu-dcc-business-rules)."""

from __future__ import annotations

import pytest
from suites.certlogic import Assertion, Validation, assertions, same, validations

from gate.rules import certlogic


@pytest.mark.parametrize("case", assertions(skipped=False), ids=lambda case: case.name)
def test_suite(case: Assertion) -> None:
    assert same(certlogic.evaluate(case.expression, case.data), case.expected)


@pytest.mark.parametrize("case", assertions(skipped=True), ids=lambda case: case.name)
def test_what_the_suite_has_but_upstream_does_not_run(case: Assertion) -> None:
    assert same(certlogic.evaluate(case.expression, case.data), case.expected)


def test_the_suite_is_complete() -> None:
    assert len(assertions(skipped=False)) >= 218
    assert len(assertions(skipped=True)) >= 14


@pytest.mark.parametrize("case", validations(), ids=lambda case: case.name)
def test_validation_suite(case: Validation) -> None:
    assert len(certlogic.validate(case.expression)) == case.issues
