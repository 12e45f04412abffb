"""What holds of other people's test suites, counted by the code that the tests use; ``--write`` puts it on the page.

Run from the checkout: ``.venv/bin/python tests/conformance_report.py --write``.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from pages import CONFORMANCE, table, with_section
from suites import certlogic, dcc, eu_rules, idcard, it_verificac19, pictures, shc, shc_trust, signers, vdsnc

if TYPE_CHECKING:
    from suites.count import Count

SUITES = "Other people's test suites"
EXCEPTIONS = "What is not held to, and why"
_SUITES = (certlogic, eu_rules, dcc, pictures, signers, it_verificac19, shc, shc_trust, vdsnc, idcard)


@cache
def counts() -> list[Count]:
    """Every suite."""
    return [count for suite in _SUITES for count in suite.counts()]


def suites_section(found: list[Count]) -> str:
    """The table of suites."""
    rows = [(count.suite, count.cases, count.passed, len(count.unmet), sum(count.faults.values())) for count in found]
    return table(("suite", "cases", "hold", "fail", "faults of the suite"), rows)


def exceptions_section(found: list[Count]) -> str:
    """Every reason for which cases are not held to."""
    reasons = Counter({(count.suite, why): number for count in found for why, number in count.faults.items()})
    return table(("suite", "cases", "reason"), [(suite, number, why) for (suite, why), number in reasons.items()])


def main() -> int:
    """Print the page's sections, or write them; 1 where a case fails."""
    parser = argparse.ArgumentParser(description="Count what holds of other people's test suites.")
    parser.add_argument("--write", action="store_true", help=f"put the figures on {CONFORMANCE.name}")
    arguments = parser.parse_args()
    found = counts()
    page = CONFORMANCE.read_text(encoding="utf-8")
    for heading, body in ((SUITES, suites_section(found)), (EXCEPTIONS, exceptions_section(found))):
        print(f"{body}\n")  # noqa: T201 - its output
        page = with_section(page, heading, body)
    if arguments.write:
        CONFORMANCE.write_text(page, encoding="utf-8")
    return 1 if any(count.unmet for count in found) else 0


if __name__ == "__main__":
    sys.exit(main())
