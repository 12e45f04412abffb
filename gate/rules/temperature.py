"""From what a thermometer saw during one presentation to one temperature, or to none. Pure (docs/decisions/0018).

Hundredths of a degree throughout, so that nothing is rounded before the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median_high
from typing import TYPE_CHECKING, Final

from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.model import ThermometerReading

ENOUGH: Final = 5
"""Readings of a person that a measurement needs."""
SHORTEST_S: Final = 0.5
LONGEST_S: Final = 1.0
"""Seconds from the credential within which they are taken (PROTOCOLS 4.3: over 0.5 to 1 s)."""

_LOWEST: Final = 3000
_HIGHEST: Final = 4500
"""Nobody is colder or warmer: what lies outside is a wall, a lamp, a cup."""
_REFERENCE_AMBIENT: Final = 2500
_MOST_BY_AMBIENT: Final = 100
_MOST_OFFSET: Final = 50
_MOST_PER_DEGREE: Final = 50


@dataclass(frozen=True, slots=True)
class Correction:
    """What is added to what the sensor sees; nothing unless an installer says so.

    ``offset_tenths`` of a degree, and for each degree by which the surroundings are colder than 25.0 °C
    ``per_degree_hundredths`` of a degree more (warmer: less), at most 1.0 °C either way.

    Raises:
        ConfigError: more than any forehead or sensor needs.
    """

    offset_tenths: int = 0
    per_degree_hundredths: int = 0

    def __post_init__(self) -> None:
        if abs(self.offset_tenths) > _MOST_OFFSET:
            raise ConfigError(f'key "offset_tenths": {self.offset_tenths} must be -{_MOST_OFFSET} to {_MOST_OFFSET}')
        if not 0 <= self.per_degree_hundredths <= _MOST_PER_DEGREE:
            raise ConfigError(
                f'key "per_degree_hundredths": {self.per_degree_hundredths} must be 0 to {_MOST_PER_DEGREE}'
            )

    def added(self, ambient: int) -> int:
        """Hundredths to add where the sensor's surroundings have so many hundredths."""
        by_ambient = (_REFERENCE_AMBIENT - ambient) * self.per_degree_hundredths // 100
        return self.offset_tenths * 10 + max(-_MOST_BY_AMBIENT, min(_MOST_BY_AMBIENT, by_ambient))


def of_somebody(readings: Sequence[ThermometerReading]) -> list[ThermometerReading]:
    """Those that can be of a person."""
    return [reading for reading in readings if _LOWEST <= reading.target <= _HIGHEST]


def measured_tenths(readings: Sequence[ThermometerReading], correction: Correction) -> int | None:
    """The temperature in tenths of a degree; None where there are too few readings of a person.

    The median: a blink of the sensor or a step aside changes nothing. Of two in the middle it is the higher.
    """
    usable = of_somebody(readings)
    if len(usable) < ENOUGH:
        return None
    return tenths(median_high(reading.target + correction.added(reading.ambient) for reading in usable))


def tenths(hundredths: int) -> int:
    """Rounded to the nearest tenth, a half upwards: 37.25 is 37.3."""
    return (hundredths + 5) // 10
