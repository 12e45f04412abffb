"""A day of one site as bars, an hour each: where each one stands. Pure; the page draws them as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

WIDTH: Final = 720
HEIGHT: Final = 240
_LEFT: Final = 56
_TOP: Final = 10
_BOTTOM: Final = 24
"""Room for numbers, in the units of the picture."""
_GAP: Final = 4


@dataclass(frozen=True, slots=True)
class Hour:
    """How many were there within an hour, by what was decided."""

    begins: datetime
    passed: int = 0
    refused: int = 0
    """Sent to a person."""
    retried: int = 0
    """Asked to try again."""

    @property
    def total(self) -> int:
        return self.passed + self.refused + self.retried


@dataclass(frozen=True, slots=True)
class Part:
    """One rectangle: of which kind, and where."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour's rectangles, on top of each other."""

    hour: Hour
    x: float
    width: float
    parts: tuple[Part, ...]

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line across, with its number."""

    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything to be drawn."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    left: int = _LEFT
    width: int = WIDTH
    height: int = HEIGHT


def plot(hours: Sequence[Hour]) -> Plot:
    """Hours side by side, with the fullest as high as there is room."""
    top = _round_up(max((hour.total for hour in hours), default=0))
    room = HEIGHT - _TOP - _BOTTOM
    step = (WIDTH - _LEFT) / max(len(hours), 1)
    bars = tuple(
        Bar(hour, round(_LEFT + n * step, 2), round(step - _GAP, 2), tuple(_parts(hour, room / top)))
        for n, hour in enumerate(hours)
    )
    lines = tuple(Line(_TOP + room * (2 - n) / 2, top * n // 2) for n in range(3))
    return Plot(bars, lines)


def _parts(hour: Hour, unit: float) -> list[Part]:
    found, y = [], float(HEIGHT - _BOTTOM)
    for kind, count in (("passed", hour.passed), ("retried", hour.retried), ("refused", hour.refused)):
        y -= count * unit
        if count:
            found.append(Part(kind, round(y, 2), round(count * unit, 2)))
    return found


def _round_up(most: int) -> int:
    """An even digit or ten, times a power of ten: half of it is a whole number."""
    ten = 1
    while True:
        for factor in (2, 4, 6, 8, 10):
            if factor * ten >= most:
                return factor * ten
        ten *= 10
