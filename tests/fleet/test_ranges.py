"""Numbers as ranges say the same as numbers as a set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet.plane.ranges import MOST_RANGES, add, gaps, watermark

NUMBERS = st.lists(st.integers(1, 60))


@given(NUMBERS, NUMBERS)
def test_ranges_hold_what_a_set_would_hold(first: list[int], second: list[int]) -> None:
    ranges = add(add([], first), second)
    there = {number for low, high in ranges for number in range(low, high + 1)}
    assert there == {*first, *second}
    missing = {number for low, high in gaps(ranges) for number in range(low, high + 1)}
    assert missing == set(range(1, max(there, default=0))) - there
    assert watermark(ranges) == min(missing, default=max(there, default=0) + 1) - 1


def test_a_gate_that_counts_by_twos_fills_no_memory() -> None:
    ranges = add([], range(1, 10 * MOST_RANGES, 2))
    assert len(ranges) == MOST_RANGES
    assert watermark(ranges) == 1, "what is forgotten lies above, so nothing that is missing looks as if it were there"
