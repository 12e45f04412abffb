"""Files of strangers are read line by line, and what is written is nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from fleet.run import Ready

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@given(st.binary(max_size=400), st.integers(1, 5))
def test_any_file_is_read_to_its_end_with_lines_that_are_good_or_wrong(
    fleet_ready: Ready, tail: bytes, most: int
) -> None:
    from fleet.console.lines import read  # noqa: PLC0415 - Django is set up by the fixture

    assert fleet_ready.dsn
    found = list(read(io.BytesIO(b"a,b\n" + tail), ("a", "b"), most))
    assert found
    for line in found:
        assert bool(line.wrong) != bool(line.cells)
        assert not line.cells or (len(line.cells) == 2 and all(line.cells))
    assert len(found) <= most + 1
    assert [line.number for line in found] == sorted({line.number for line in found})


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_what_is_written_starts_no_formula_and_says_the_same(fleet_ready: Ready, rows: list[tuple[str, str]]) -> None:
    from fleet.console.lines import write  # noqa: PLC0415 - Django is set up by the fixture

    assert fleet_ready.dsn
    rows = [(a.encode(errors="ignore").decode(), b.encode(errors="ignore").decode()) for a, b in rows]
    said = b"".join(write(rows)).decode("utf-8-sig")
    back = list(csv.reader(io.StringIO(said, newline="")))
    assert [[cell.removeprefix("'") for cell in row] for row in back] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert not any(cell.lstrip().startswith(FORMULAS) or cell.startswith(FORMULAS) for row in back for cell in row)


def test_a_line_without_end_is_read_over_in_little_memory(fleet_ready: Ready) -> None:
    from fleet.console.lines import read  # noqa: PLC0415 - Django is set up by the fixture

    assert fleet_ready.dsn
    file = io.BytesIO(b"a,b\n" + b"x" * 5_000_000 + b"\n1,2\n")
    tracemalloc.start()
    found = list(read(file, ("a", "b"), 9))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(line.number, line.cells) for line in found] == [(2, ()), (3, ("1", "2"))]
    assert most < 200_000
