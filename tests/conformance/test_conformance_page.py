"""docs/conformance.md says what is counted."""

from __future__ import annotations

import pytest
from conformance_report import EXCEPTIONS, SUITES, counts, exceptions_section, suites_section
from pages import CONFORMANCE, with_section


def test_every_case_holds_or_is_a_fault_of_its_suite() -> None:
    assert [count.unmet for count in counts() if count.unmet] == []


@pytest.mark.parametrize(("heading", "section"), [(SUITES, suites_section), (EXCEPTIONS, exceptions_section)])
def test_the_page_says_what_is_counted(heading: str, section: object) -> None:
    assert callable(section)
    page = CONFORMANCE.read_text(encoding="utf-8")
    up_to_date = with_section(page, heading, section(counts()))
    assert page == up_to_date, "bring the page up to date: python tests/conformance_report.py --write"
