"""docs/reliability.md is written by a run, and says nothing that the tests do not show."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from reliability import Found, note
from reliability_report import HEAD, HEADING, NOBODY, NOT_COUNTED, PAGE, TESTS, found_by, section
from vectors import ROOT

TEXT = PAGE.read_text("utf-8")


def cells(body: str) -> list[list[str]]:
    """The rows of a table, its head first and its rule left out."""
    lines = [line for line in body.splitlines() if line.startswith("| ")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [head, *rows]


def lines(*found: Found) -> list[str]:
    return [json.dumps(asdict(one)) for one in found]


def test_the_page_says_of_every_fault_that_nothing_bad_came_of_it() -> None:
    body = TEXT.partition(f"## {HEADING}\n")[2].partition("\n## ")[0]
    head, *rows = cells(body)
    assert tuple(head) == HEAD
    assert len(rows) > 40
    for fault, tried, lost, twice, wrongly_let_in, *_ in rows:
        assert re.fullmatch(r"[1-9][\d,]*( of [\d,]+)?", tried), fault
        assert (lost in {"0", NOT_COUNTED}, twice, wrongly_let_in) == (True, "0", "0"), fault
    assert re.search(r"Written by `tests/reliability_report\.py --write( --full)?` on \d{4}-\d\d-\d\d", body)


def test_every_test_that_takes_something_down_is_run() -> None:
    taking = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if "\nfrom reliability import Found, note" in path.read_text("utf-8") and path != Path(__file__)
    }
    assert taking == set(TESTS)


def test_what_was_found_of_one_fault_is_summed() -> None:
    sampled = Found("fire", 2, heard=("green_code",), remark="Hot.", in_full=50)
    (one,) = found_by(lines(sampled, Found("fire", 3, lost=None, heard=("record_failed",), remark="Hot."), sampled))
    assert one == Found("fire", 7, None, heard=("green_code", "record_failed"), remark="Hot.", in_full=103)
    both = found_by(lines(Found("fire", 1, lost=1, twice=2, wrongly_let_in=3), Found("flood", 1)))
    assert both == [Found("fire", 1, lost=1, twice=2, wrongly_let_in=3), Found("flood", 1)]


def test_a_row_says_how_often_what_was_lost_and_what_was_heard() -> None:
    sampled = Found("fire", 20, heard=("green_code",), in_full=1500)
    _, *rows = cells(section([sampled, Found("flood", 1000, lost=None, remark="Wet.")], "so"))
    assert rows == [
        ["fire", "20 of 1,500", "0", "0", "0", "绿码通行 (`green_code`)", ""],
        ["flood", "1,000", NOT_COUNTED, "0", "0", NOBODY, "Wet."],
    ]


@pytest.mark.parametrize("bad", [Found("x", 1, lost=1), Found("x", 1, twice=1), Found("x", 1, wrongly_let_in=1)])
def test_whatever_is_bad_fails_the_test_that_found_it(bad: Found) -> None:
    with pytest.raises(AssertionError):
        note(bad)
    note(Found("x", 1, lost=None))
