"""docs/offline.md says what is decided after so long without a network."""

from __future__ import annotations

from datetime import timedelta

import pytest
from offline_table import AFTER, GONE, LEASE, PAGE, ROWS, brought_up_to_date, decided
from vectors import ROOT

from gate.app.personal import LEASE_OVER
from gate.credentials.trusted import TRUST_OVERDUE, Trusted
from gate.rules import ruleset
from gate.rules.decide import PAST_REFRESH
from gate.rules.orders import LONGEST_LIFE, OrderKind

TEXT = PAGE.read_text("utf-8")


def test_the_table_is_what_the_gate_decides() -> None:
    assert brought_up_to_date(TEXT) == TEXT, "bring the page up to date: python tests/offline_table.py"


@pytest.mark.parametrize("row", ROWS)
def test_on_a_clock_that_is_not_believed_nobody_is_let_in(row: str) -> None:
    assert decided(row, AFTER["1 hour"], clock_trusted=False) != "pass"


def test_a_bundle_may_say_that_nobody_is_believed_past_its_end() -> None:
    ended = Trusted(ends=GONE)
    for row in ROWS:
        if "signed" in row or "certificate" in row:
            assert decided(row, timedelta(hours=1), trusted=ended) != "pass"


def test_what_is_erased_with_the_lease_lets_nobody_in_and_certificates_are_judged_as_before() -> None:
    for row in ROWS:
        decision = decided(row, LEASE, lease_over=True)
        assert decision == decided(row, LEASE) if "certificate" in row else decision != "pass"


def test_limits_and_marks_that_the_page_names_are_those_of_the_gate() -> None:
    rules = ruleset.load((ROOT / "config/rules/station-48h.json").read_bytes())
    assert rules.parameters["max_age_s"]["code"] == 86_400
    assert rules.parameters["test_max_age_s"] == 48 * 3600
    assert {OrderKind.GRACE: timedelta(days=31), OrderKind.EMERGENCY: timedelta(hours=24)} == LONGEST_LIFE
    assert timedelta(hours=72) == LEASE
    assert LEASE_OVER in TEXT
    assert PAST_REFRESH in TEXT
    assert TRUST_OVERDUE in TEXT
