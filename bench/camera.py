"""How many codes on telephones the camera's reader reads, how long a frame takes, and what it reads without a code.

Every way sees the same frames. A presentation's frames are shown one after the other until the way has read the code,
``FRAMES`` at most. ``python -m bench.camera --write`` measures in full and writes docs/camera.md: an hour of two cores.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.camera_empty import empty_frame
from bench.camera_frames import SIZES, presentations
from bench.camera_tally import FRAMES, Empty, Tallies, Tally, tables
from bench.camera_ways import CHAIN, GATE, PYZBAR, STEPS, WAYS, ZXING, every_look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.camera_frames import Presentation

PAGE: Final = Path(__file__).parents[1] / "docs" / "camera.md"
PRESENTATIONS: Final = 500
"""Of each size."""
EMPTY_FRAMES: Final = 10_000


def shown(numbers: Iterable[int]) -> Tallies:
    """What each way read of the presentations of those numbers, at each size."""
    numbers = tuple(numbers)
    tallies = {(size, way): Tally() for size in SIZES for way in WAYS}
    for size, pixels in SIZES.items():
        for presentation in presentations(numbers, pixels):
            _show(presentation, {way: tallies[size, way] for way in WAYS})
    return tallies


def read_without_code(numbers: Iterable[int]) -> Empty:
    """What each way read in the frames of those numbers, none of which has a code."""
    empty = Empty()
    for number in numbers:
        frame = empty_frame(number, SIZES["720p"])
        steps = [step(frame) for step in STEPS]
        readings = every_look(frame)
        empty.frames += 1
        empty.false[ZXING] += len(steps[0])
        empty.false[PYZBAR] += len(steps[-1])
        empty.false[CHAIN] += len(next(filter(None, steps), []))
        empty.false[GATE] += sum(reading.sure for reading in readings)
        empty.unsure += sum(not reading.sure for reading in readings)
    return empty


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
            worked, begun = time.thread_time(), time.perf_counter()
            codes = read(frame)
            tally.processor_ms.append((time.thread_time() - worked) * 1000)
            tally.wall_ms.append((time.perf_counter() - begun) * 1000)
            tally.wrong += sum(code != presentation.content for code in codes)
            if presentation.content in codes:
                del looking[way]
                tally.in_time[presentation.condition] += 1
                tally.at_once[presentation.condition] += index == 0


def _batched(frames: int) -> list[range]:
    """Their numbers, a hundred at a time."""
    return [range(first, min(first + 100, frames)) for first in range(0, frames, 100)]


def page(tallies: Tallies, empty: Empty) -> str:
    """The page about the figures."""
    machine = f"{os.cpu_count()} × {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}"
    return (
        "# What the camera reads\n\n"
        f"Written by `python -m bench.camera --write` on {datetime.now(UTC):%Y-%m-%d}; {machine}.\n"
        "*Processor* is the time that the processor worked on a frame, *clock* the time that passed: longer where\n"
        "others used the machine, which slows the processor's work as well. The ways can be compared, since they saw\n"
        "the same frames in one run. `bench/camera_frames.py` makes the frames, [devices](devices.md#camera) says how\n"
        "the gate reads them. *Chain on whole frames*: zxing-cpp, sharpened, twice as large and sharpened, pyzbar,\n"
        "all of it on each frame until something is found.\n\n"
        f"{tables(tallies, empty)}\n"
    )


def main() -> None:
    """Measure in full and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    arguments = parser.parse_args()
    tallies = shown(range(PRESENTATIONS))  # alone, since it measures times
    with ProcessPoolExecutor() as pool:
        empty = sum(pool.map(read_without_code, _batched(EMPTY_FRAMES)), Empty())
    found = page(tallies, empty)
    print(found)
    if arguments.write:
        PAGE.write_text(found, "utf-8")


if __name__ == "__main__":
    main()
