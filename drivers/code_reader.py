"""Codes in pictures: a fast decoder on every one, rescues for those in which it finds nothing (docs/devices.md).

Only in a process of its own (``drivers.camera_worker``, ``drivers.camera_process``): image and code decoders are native
code, fed by strangers. What a rescue does was chosen by ``gate bench camera``; AV.md has other people's pictures.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from drivers.code_region import busiest_region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PIL import Image

_QR: Final = "QRCodeModel2"
_AZTEC: Final = "AztecCode"
"""Not their small relatives: a Micro QR code of version M1 has two bytes against errors, and noise passes for one."""

MOST_CODES: Final = 4
"""Distinct codes taken from one picture."""

MOST_BYTES: Final = 8192
"""Of one code; more than a QR or Aztec code holds."""

PATIENCE: Final = 1.0
"""Seconds after which no further rescue is begun."""

_LONGEST_SIDE: Final = 2048
"""Pixels; a telephone's 12-megapixel picture holds no more code than this, and takes six times as long."""

_STILL_CELL: Final = 16
"""Pixels; over so many squared, noise is all but gone, and a hand that trembles is not."""
_STILL: Final = 12
"""Grey levels by which no such cell changes where nothing moves."""

_MOST_ENLARGED: Final = 1_600_000
"""Pixels of an enlarged part: a larger one is not short of pixels per module."""


def read_codes(picture: Image.Image, patience: float = PATIENCE) -> list[bytes]:
    """The exact bytes of each QR or Aztec code in a picture that comes alone; empty where none can be read.

    Args:
        picture: in memory, of any mode.
        patience: seconds for the whole chain; a step that has begun is not interrupted.
    """
    give_up = time.monotonic() + patience
    grey = flatten(picture)
    grey.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    codes = first_look(grey)
    part: Image.Image | None = None
    for rescue in RESCUES:
        if codes or time.monotonic() >= give_up:
            break
        part = part or grey.crop(busiest_region(grey))
        codes = rescue(grey, part)
    return _bounded(codes)


class FrameReader:
    """Reads the frames of a camera, one after the other.

    A frame in which the fast decoder finds nothing gets the cheap rescue that helps most often and one of the others;
    the frame that follows gets the next one, so that a code that is held up for a moment has met them all and no frame
    takes long. Before a wall all day long, rescues rest: after two rounds, until something moves.
    """

    def __init__(self) -> None:
        self._turn = 0
        self._left = 0
        """Frames that still get rescues while nothing moves."""
        self._before: Image.Image | None = None

    def read(self, grey: Image.Image) -> list[bytes]:
        """The exact bytes of each code in an eight-bit grey frame; empty where none can be read."""
        moved = self._moved(grey)
        codes = first_look(grey)
        first, *others = RESCUES
        if moved:
            self._left = 2 * len(others)
        if not codes and self._left > 0:
            self._left -= 1
            part = grey.crop(busiest_region(grey))
            codes = first(grey, part) or others[self._turn % len(others)](grey, part)
            if not codes:  # what has just helped comes first the next time
                self._turn += 1
        return _bounded(codes)

    def _moved(self, grey: Image.Image) -> bool:
        """Whether the frame differs from the one before by more than noise."""
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


def first_look(grey: Image.Image) -> list[bytes]:
    """QR codes, at any angle and size; Aztec codes where there is none, which takes as long again."""
    return zxing(grey, _QR) or zxing(grey, _AZTEC)


def zxing(grey: Image.Image, formats: str = f"{_QR},{_AZTEC}", *, one_threshold: bool = False) -> list[bytes]:
    """Codes of some formats; ``one_threshold`` parts black from white at one level for the whole picture."""
    import zxingcpp  # noqa: PLC0415 - only in the process that decodes

    found = zxingcpp.read_barcodes(
        grey,
        formats=zxingcpp.barcode_formats_from_str(formats),
        try_invert=False,
        binarizer=zxingcpp.Binarizer.GlobalHistogram if one_threshold else zxingcpp.Binarizer.LocalAverage,
    )
    return [barcode.bytes for barcode in found if barcode.valid]


def zbar(grey: Image.Image) -> list[bytes]:
    """QR codes with ASCII content: of anything else this decoder changes bytes (AV.md), so it is not believed."""
    from pyzbar import pyzbar  # noqa: PLC0415 - only in the process that decodes

    try:
        found = pyzbar.decode(grey, symbols=[pyzbar.ZBarSymbol.QRCODE])
    except ValueError:  # its answer to a code that is one part of several
        return []
    return [bytes(symbol.data) for symbol in found if symbol.data.isascii()]


def _bounded(codes: Iterable[bytes]) -> list[bytes]:
    return list(dict.fromkeys(code for code in codes if 0 < len(code) <= MOST_BYTES))[:MOST_CODES]


def _sharpened_part(_: Image.Image, part: Image.Image) -> list[bytes]:
    return zxing(_enlarged(_sharpened(_smoothed(part), 3)))


def _zbar_part(_: Image.Image, part: Image.Image) -> list[bytes]:
    return zbar(_sharpened(_enlarged(_smoothed(part)), 5))


def _blurred_part(_: Image.Image, part: Image.Image) -> list[bytes]:
    from PIL import ImageFilter  # noqa: PLC0415 - only in the process that decodes

    return zxing(_enlarged(part).filter(ImageFilter.GaussianBlur(2)))


def _one_threshold_part(_: Image.Image, part: Image.Image) -> list[bytes]:
    return zxing(_enlarged(part), one_threshold=True)


def _sharpened_whole(grey: Image.Image, _: Image.Image) -> list[bytes]:
    """For a code that is not in the busiest part."""
    return zxing(_sharpened(grey, 3))


RESCUES: Final[tuple[Callable[[Image.Image, Image.Image], list[bytes]], ...]] = (
    _sharpened_part,
    _zbar_part,
    _blurred_part,
    _one_threshold_part,
    _sharpened_whole,
)
"""Each is given the frame and its busiest part; the one that helps most often comes first."""


def _smoothed(grey: Image.Image) -> Image.Image:
    """Without the noise between neighbours, which sharpening would raise."""
    from PIL import ImageFilter  # noqa: PLC0415 - only in the process that decodes

    return grey.filter(ImageFilter.BoxBlur(0.6))


def _sharpened(grey: Image.Image, radius: int) -> Image.Image:
    """Four times as far from the mean of the neighbourhood: an unsharp mask in a quarter of Pillow's time."""
    from PIL import Image, ImageFilter  # noqa: PLC0415 - only in the process that decodes

    return Image.blend(grey.filter(ImageFilter.BoxBlur(radius)), grey, 4.0)


def _enlarged(grey: Image.Image) -> Image.Image:
    """Twice as large, as far as that is not more than ``_MOST_ENLARGED``."""
    factor = min(2.0, (_MOST_ENLARGED / (grey.width * grey.height)) ** 0.5)
    if factor <= 1:
        return grey
    return grey.resize((round(grey.width * factor), round(grey.height * factor)))
