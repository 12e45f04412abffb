"""docs/reliability.md: runs the tests of faults and says what was lost; ``--write`` puts it on the page.

Run from the checkout, as root, for some faults need a disk of their own: ``.venv/bin/python tests/reliability_report.py
--write --full``. Without ``--full`` a sample is tried, as in every run of the tests.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from pages import table, with_section
from reliability import Found
from vectors import ROOT

from gate.model import Reason
from voice import phrases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PAGE: Final = ROOT / "docs" / "reliability.md"
HEADING: Final = "What was done, and what came of it"
HEAD: Final = ("fault", "tried", "lost", "twice", "wrongly let in", "what the person heard", "remark")
TESTS: Final = (
    "tests/faults/test_killed.py",
    "tests/faults/test_power_cuts.py",
    "tests/unit/test_full_disk.py",
    "tests/unit/test_card_read_only.py",
    "tests/faults/test_damaged.py",
    "tests/wire/test_upload.py",
    "tests/wire/test_upload_killed.py",
    "tests/faults/test_city_gone.py",
    "tests/unit/test_clock_watch.py",
    "tests/unit/test_status_damage.py",
    "tests/unit/test_trust_attacks.py",
    "tests/unit/test_trust_faults.py",
    "tests/unit/test_trust_kill.py",
    "tests/unit/test_lease.py",
)
"""Every file of tests that takes down what it found."""
NOT_COUNTED: Final = "not counted"
NOBODY: Final = "–"


def found_by(lines: Iterable[str]) -> list[Found]:
    """What was taken down, one of each fault."""
    faults: dict[str, Found] = {}
    for line in lines:
        one = msgspec.json.decode(line, type=Found)
        before = faults.get(one.fault)
        faults[one.fault] = one if before is None else _sum(before, one)
    return list(faults.values())


def _sum(one: Found, other: Found) -> Found:
    both = (one, other)
    counted = [found.lost for found in both if found.lost is not None]
    remarks = dict.fromkeys(found.remark for found in both if found.remark)
    return replace(
        one,
        tried=sum(found.tried for found in both),
        lost=sum(counted) if len(counted) == len(both) else None,
        twice=sum(found.twice for found in both),
        wrongly_let_in=sum(found.wrongly_let_in for found in both),
        heard=tuple(dict.fromkeys((*one.heard, *other.heard))),
        remark=" ".join(remarks),
        in_full=sum(found.in_full or found.tried for found in both) if one.in_full or other.in_full else 0,
    )


def section(found: Sequence[Found], how: str) -> str:
    """The table under a line that says which run it is from."""
    said = phrases.load(("zh-CN",)).by_reason

    def row(one: Found) -> tuple[str, ...]:
        heard = (f"{said[Reason(reason)]['zh-CN'].voice} (`{reason}`)" for reason in one.heard)
        tried = f"{one.tried:,}" + f" of {one.in_full:,}" * _sampled(one)
        lost = NOT_COUNTED if one.lost is None else f"{one.lost:,}"
        counts = (tried, lost, str(one.twice), str(one.wrongly_let_in))
        return (one.fault, *counts, "; ".join(heard) or NOBODY, one.remark)

    share = 'Where it says "20 of 500", it was 20 times in this run; in a full one it is 500.'
    said_so = f"{how} {share}" if any(map(_sampled, found)) else f"{how} Everything was tried in full."
    return f"{said_so}\n\n{table(HEAD, map(row, found))}"


def _sampled(one: Found) -> bool:
    return one.tried < one.in_full


def how(*, full: bool, seconds: float) -> str:
    """Which run it is."""
    command = "tests/reliability_report.py --write" + " --full" * full
    machine = f"{os.cpu_count()} × {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}"
    return f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d}, in {seconds:.0f} s; {machine}."


def run(*, full: bool) -> list[str]:
    """The lines that the tests have taken down.

    Raises:
        subprocess.CalledProcessError: a test failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "lines"
        environment = {**os.environ, "GATE_RELIABILITY": str(lines), "GATE_FAULTS": "full" if full else "sample"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        return lines.read_text("utf-8").splitlines()


def main() -> int:
    """Print the table, or write it; 1 where a test failed."""
    parser = argparse.ArgumentParser(description="Do to a gate whatever may happen to one, and say what was lost.")
    parser.add_argument("--full", action="store_true", help="as often as the page claims: takes half an hour or so")
    parser.add_argument("--write", action="store_true", help=f"put the table on {PAGE.name}")
    arguments = parser.parse_args()
    begun = datetime.now(UTC)
    try:
        found = found_by(run(full=arguments.full))
    except subprocess.CalledProcessError:
        return 1
    seconds = (datetime.now(UTC) - begun).total_seconds()
    body = section(found, how(full=arguments.full, seconds=seconds))
    print(body)  # noqa: T201 - its output
    if arguments.write:
        PAGE.write_text(with_section(PAGE.read_text("utf-8"), HEADING, body), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
