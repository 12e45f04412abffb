"""How many codes on telephones the camera's reader reads, how long a frame takes, and what it reads without a code.

Every way sees the same frames. A presentation's frames are shown one after the other until the way has read the code,
``FRAMES`` at most. Times are of one core's work (``thread_time``), so that others on the machine count little.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

from bench.camera_empty import empty_frame
from bench.camera_frames import SIZES, Condition, presentations
from drivers.code_reader import FrameReader, read_codes, zbar, zxing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PIL import Image

    from bench.camera_frames import Presentation

FRAMES: Final = 8
"""About half a second of a camera's frames."""
_SMALLER_SHARE: Final = 0.4
"""So many presentations at 1080p for each one at 720p: a frame takes the generator four times as long."""
_EMPTY_FRAMES: Final = 10
"""Frames without a code for each presentation at 720p."""

GATE: Final = "the gate's reader"
WAYS: Final[dict[str, Callable[[], Callable[[Image.Image], list[bytes]]]]] = {
    "pyzbar alone": lambda: zbar,
    "zxing-cpp alone": lambda: lambda frame: zxing(frame, "QRCodeModel2"),
    "all rescues on every frame": lambda: lambda frame: read_codes(frame, math.inf),
    GATE: lambda: FrameReader().read,
}
"""Each is made anew for every presentation."""


@dataclass(slots=True)
class Tally:
    """What one way did with one size."""

    shown: dict[Condition, int] = field(default_factory=lambda: defaultdict(int))
    at_once: dict[Condition, int] = field(default_factory=lambda: defaultdict(int))
    """Read in the first frame."""
    in_time: dict[Condition, int] = field(default_factory=lambda: defaultdict(int))
    """Read within ``FRAMES``."""
    wrong: int = 0
    """Readings of anything but the code that was shown."""
    ms: list[float] = field(default_factory=list)
    """Each frame that was looked at."""

    def share(self, read: dict[Condition, int], condition: Condition | None = None) -> float:
        """Percent of the presentations, of one condition or of all."""
        if condition is not None:
            return 100 * read[condition] / self.shown[condition]
        return 100 * sum(read.values()) / sum(self.shown.values())

    def p95(self) -> float:
        return quantiles(self.ms, n=20, method="inclusive")[-1]


@dataclass(frozen=True, slots=True)
class Result:
    """Of one run."""

    tallies: dict[tuple[str, str], Tally]
    """By size and way."""
    empty: int
    """Frames without a code that were looked at, by every rescue."""
    false: int
    """Codes read in them."""

    def tables(self) -> str:
        """Two tables: all conditions together, and the gate's reader beside zxing-cpp for each."""
        head = ("size", "way", "in one frame", f"within {FRAMES} frames", "a frame: median", "p95", "wrong")
        rows = [
            (
                *(size, way, f"{tally.share(tally.at_once):.1f} %", f"{tally.share(tally.in_time):.1f} %"),
                *(f"{median(tally.ms):.1f} ms", f"{tally.p95():.1f} ms", str(tally.wrong)),
            )
            for (size, way), tally in self.tallies.items()
        ]
        by_condition = [
            (condition.value, *(self._cell(size, way, condition) for size, way in self.tallies))
            for condition in Condition
        ]
        columns = ("one frame / eight", *(f"{size} {way}" for size, way in self.tallies))
        found = f"Frames without a code: {self.empty:,}, codes read in them: {self.false}."
        return "\n\n".join((_markdown(head, rows), _markdown(columns, by_condition), found))

    def _cell(self, size: str, way: str, condition: Condition) -> str:
        tally = self.tallies[size, way]
        return f"{tally.share(tally.at_once, condition):.0f} / {tally.share(tally.in_time, condition):.0f}"


def measure(rounds: int) -> Result:
    """So many presentations at 720p, fewer at 1080p, and frames without a code."""
    empty = rounds * _EMPTY_FRAMES
    return Result(shown(rounds), empty, false_readings(range(empty)))


def shown(rounds: int) -> dict[tuple[str, str], Tally]:
    """What each way read of the presentations."""
    tallies = {(size, way): Tally() for size in SIZES for way in WAYS}
    for size, pixels in SIZES.items():
        number = rounds if size == "720p" else max(len(Condition), round(rounds * _SMALLER_SHARE))
        for presentation in presentations(number, pixels):
            _show(presentation, {way: tallies[size, way] for way in WAYS})
    return tallies


def false_readings(numbers: Iterable[int]) -> int:
    """How many codes all rescues together read in frames without one."""
    return sum(len(read_codes(empty_frame(number, SIZES["720p"]), math.inf)) for number in numbers)


def _show(presentation: Presentation, tallies: dict[str, Tally]) -> None:
    """Until each way has read it or seen enough; frames are made only while one of them still needs them."""
    looking = {way: WAYS[way]() for way in tallies}
    for tally in tallies.values():
        tally.shown[presentation.condition] += 1
    for index in range(FRAMES):
        if not looking:
            return
        frame = presentation.frame(index)
        for way, read in list(looking.items()):
            tally = tallies[way]
            begun = time.thread_time()
            codes = read(frame)
            tally.ms.append((time.thread_time() - begun) * 1000)
            tally.wrong += sum(code != presentation.content for code in codes)
            if presentation.content in codes:
                del looking[way]
                tally.in_time[presentation.condition] += 1
                tally.at_once[presentation.condition] += index == 0


def _markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows))
