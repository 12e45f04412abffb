"""Codes in pictures: a fast decoder on every one, rescues for those in which it finds nothing (docs/devices.md).

Only in a process of its own (``drivers.camera_worker``, ``drivers.camera_process``): image and code decoders are native
code, fed by strangers.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from drivers.code_decoders import AZTEC, QR, zxing
from drivers.code_region import busiest_region
from drivers.code_rescues import RESCUES, ROUND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

    from drivers.code_decoders import Reading

MOST_CODES: Final = 4
"""Distinct codes taken from one picture."""

MOST_BYTES: Final = 8192
"""Of one code; more than a QR or Aztec code holds."""

PATIENCE: Final = 1.0
"""Seconds after which no further rescue is begun."""

_LONGEST_SIDE: Final = 2048
"""Pixels; a telephone's 12-megapixel picture holds no more code than this, and takes six times as long."""

_ROUNDS: Final = 4
"""After so many, rescues rest while nothing moves."""
_REMEMBERED: Final = 8
"""Frames, half a second, within which what is not sure must be seen again."""

_STILL_CELL: Final = 16
"""Pixels; over so many squared, noise is all but gone, and a hand that trembles is not."""
_STILL: Final = 12
"""Grey levels by which no such cell changes where nothing moves."""


def read_codes(picture: Image.Image, patience: float = PATIENCE) -> list[bytes]:
    """The exact bytes of each QR or Aztec code in a picture that comes alone; empty where none can be read for sure.

    Args:
        picture: in memory, of any mode.
        patience: seconds for the whole chain; a step that has begun is not interrupted.
    """
    give_up = time.monotonic() + patience
    grey = flatten(picture)
    grey.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    codes = _sure(first_look(grey))
    part: Image.Image | None = None
    for rescue in RESCUES:
        if codes or time.monotonic() >= give_up:
            break
        part = part or grey.crop(busiest_region(grey))
        codes = _sure(rescue(grey, part))
    return _bounded(codes)


class FrameReader:
    """Reads the frames of a camera, one after the other.

    A frame is looked at in half its size first, which takes a third of the time and reads two of three codes. What was
    read in one of the last frames ends no look there: a poster behind would hide the telephone before it.
    A frame in which the fast decoder finds nothing gets some of the rescues; the frame that follows gets the next ones,
    so that a code that is held up for a moment has met them all and no frame takes long. Before a wall all day long,
    rescues rest: after four rounds, until something moves. What noise could have passed for counts when a second frame
    shows the same.
    """

    def __init__(self) -> None:
        self._turn = 0
        self._left = 0
        """Frames that still get rescues while nothing moves."""
        self._before: Image.Image | None = None
        self._seen: deque[list[bytes]] = deque(maxlen=_REMEMBERED)
        """Of each of the last frames, what was in it, sure or not."""

    def read(self, grey: Image.Image) -> list[bytes]:
        """The exact bytes of each code in an eight-bit grey frame; empty where none can be read."""
        readings = self._new(quick_look(grey)) or second_look(grey) or self._rescue(grey)
        codes = [reading.content for reading in readings if reading.sure or self._was_seen(reading)]
        self._seen.append([reading.content for reading in readings])
        return _bounded(codes)

    def _new(self, readings: list[Reading]) -> list[Reading]:
        """The readings if all are sure and none was there before, so that there is nothing more to look for."""
        return readings if all(reading.sure and not self._was_seen(reading) for reading in readings) else []

    def _was_seen(self, reading: Reading) -> bool:
        return any(reading.content in frame for frame in self._seen)

    def _rescue(self, grey: Image.Image) -> list[Reading]:
        if self._moved(grey):
            self._left = _ROUNDS * len(ROUND)
        if self._left == 0:
            return []
        self._left -= 1
        part = grey.crop(busiest_region(grey))
        for rescue in ROUND[self._turn % len(ROUND)]:
            if readings := rescue(grey, part):
                return readings  # and what has just helped comes in the next frame again
        self._turn += 1
        return []

    def _moved(self, grey: Image.Image) -> bool:
        """Whether the frame differs from the last one that was not read, by more than noise."""
        from PIL import ImageChops  # noqa: PLC0415 - only in the process that decodes

        before, self._before = self._before, grey.reduce(_STILL_CELL)
        if before is None or before.size != self._before.size:
            return True
        return max(ImageChops.difference(before, self._before).tobytes()) > _STILL


def flatten(picture: Image.Image) -> Image.Image:
    """Eight-bit grey, 0 black; what is transparent becomes paper, as it looks to a person."""
    from PIL import Image  # noqa: PLC0415 - only in the process that decodes

    if "A" in picture.getbands() or "transparency" in picture.info:
        paper = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(paper, picture.convert("RGBA")).convert("L")
    return picture.convert("L")


def quick_look(grey: Image.Image) -> list[Reading]:
    """QR codes that are large enough to be read in half the size, where noise and moiré are less."""
    return zxing(grey.reduce(2), QR, smaller_too=False)


def second_look(grey: Image.Image) -> list[Reading]:
    """QR codes, at any angle and size; an Aztec code is read in the busiest part, with the rescues."""
    return zxing(grey, QR)


def first_look(grey: Image.Image) -> list[Reading]:
    """Of a picture that comes alone: Aztec codes as well where there is no QR code, which takes as long again."""
    return zxing(grey, QR, AZTEC)


def _sure(readings: Iterable[Reading]) -> list[bytes]:
    return [reading.content for reading in readings if reading.sure]


def _bounded(codes: Iterable[bytes]) -> list[bytes]:
    return list(dict.fromkeys(code for code in codes if 0 < len(code) <= MOST_BYTES))[:MOST_CODES]
