"""Which numbers of a series are here, as sorted ranges that neither touch nor overlap. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_RANGES: Final = 1000
"""Of one series; what lies above is forgotten, so that the gate is asked for it again. A real gate has one or two."""
MOST_GAPS: Final = 100

Range = tuple[int, int]
"""From and to, both included."""


def add(ranges: Iterable[Range], numbers: Iterable[int]) -> list[Range]:
    """The ranges with these numbers in them."""
    found: list[Range] = []
    for low, high in sorted([*ranges, *((number, number) for number in numbers)]):
        if found and low <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found[:MOST_RANGES]


def watermark(ranges: list[Range]) -> int:
    """The highest number below which none is missing; they begin with 1."""
    return ranges[0][1] if ranges and ranges[0][0] == 1 else 0


def gaps(ranges: list[Range]) -> tuple[Range, ...]:
    """What is missing below the highest, the lowest first."""
    ends = [0, *(high for _, high in ranges)]
    missing = [(end + 1, low - 1) for end, (low, _) in zip(ends, ranges, strict=False) if low > end + 1]
    return tuple(missing[:MOST_GAPS])
