"""What a way of reading frames did, and the tables of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

from bench.camera_frames import Condition
from bench.camera_ways import GATE, WAYS, ZXING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FRAMES: Final = 8
"""About half a second of a camera's frames."""


@dataclass(slots=True)
class Tally:
    """What one way did with one size; two of them can be added."""

    shown: Counter[Condition] = field(default_factory=Counter)
    at_once: Counter[Condition] = field(default_factory=Counter)
    """Read in the first frame."""
    in_time: Counter[Condition] = field(default_factory=Counter)
    """Read within ``FRAMES``."""
    wrong: int = 0
    """Readings of anything but the code that was shown."""
    processor_ms: list[float] = field(default_factory=list)
    """Each frame that was looked at, what the processor worked on it."""
    wall_ms: list[float] = field(default_factory=list)
    """The same by the clock."""

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.shown + other.shown,
            self.at_once + other.at_once,
            self.in_time + other.in_time,
            self.wrong + other.wrong,
            self.processor_ms + other.processor_ms,
            self.wall_ms + other.wall_ms,
        )

    def share(self, read: Counter[Condition], condition: Condition | None = None) -> float:
        """Percent of the presentations, of one condition or of all."""
        if condition is not None:
            return 100 * read[condition] / self.shown[condition]
        return 100 * read.total() / self.shown.total()


@dataclass(slots=True)
class Empty:
    """What was read in frames without a code; two of them can be added."""

    frames: int = 0
    false: Counter[str] = field(default_factory=Counter)
    """By way: codes that it would have handed on."""
    unsure: int = 0
    """Codes of which the gate's reader waits for a second frame."""

    def __add__(self, other: Empty) -> Empty:
        return Empty(self.frames + other.frames, self.false + other.false, self.unsure + other.unsure)


Tallies = dict[tuple[str, str], Tally]
"""By size and way."""


def tables(tallies: Mapping[tuple[str, str], Tally], empty: Empty) -> str:
    """All conditions together, and zxing-cpp beside the gate's reader for each condition."""
    return "\n\n".join((_all(tallies, empty), _by_condition(tallies), _unsure(empty)))


def _all(tallies: Mapping[tuple[str, str], Tally], empty: Empty) -> str:
    head = ("size", "way", "codes", "in one frame", f"within {FRAMES}", "processor: median", "p95", "clock: median")
    rows = [
        (
            *(size, way, str(tally.shown.total())),
            *(f"{tally.share(tally.at_once):.1f} %", f"{tally.share(tally.in_time):.1f} %"),
            *(f"{value:.2f} ms" for value in (*_spread(tally.processor_ms), *_spread(tally.wall_ms))),
            *(str(tally.wrong), str(empty.false[way]) if size == "720p" else ""),
        )
        for (size, way), tally in tallies.items()
    ]
    return markdown((*head, "p95", "wrong", f"false in {empty.frames:,}"), rows)


def _spread(values: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return median(values), quantiles(values, n=20, method="inclusive")[-1]


def _by_condition(tallies: Mapping[tuple[str, str], Tally]) -> str:
    columns = [(size, way) for size, way in tallies if way in {ZXING, GATE}]
    rows = [
        (
            condition.value,
            *(
                f"{tally.share(tally.at_once, condition):.0f} / {tally.share(tally.in_time, condition):.0f}"
                for tally in (tallies[column] for column in columns)
            ),
        )
        for condition in Condition
    ]
    return markdown((f"% in one frame / {FRAMES}", *(" ".join(column) for column in columns)), rows)


def _unsure(empty: Empty) -> str:
    return (
        f"Frames without a code: {empty.frames:,}, each given to {', '.join(WAYS)}; to the last with every rescue. "
        f"There it also found {empty.unsure} that it was not sure of, and would have waited for a second frame."
    )


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table."""
    head = tuple(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows))
