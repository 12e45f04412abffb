"""Codes in a picture: a fast decoder on every picture, rescues for those in which it finds nothing (AV.md).

Only in a process of its own (``drivers.camera_worker``): image and code decoders are native code, fed by strangers.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

MOST_CODES = 4
"""Distinct codes taken from one picture."""

PATIENCE = 1.0
"""Seconds after which no further rescue is begun."""

_LONGEST_SIDE = 2048
"""Pixels; a telephone's 12-megapixel picture holds no more code than this, and takes six times as long."""

_MOST_TO_ENLARGE = 1_000_000
"""Pixels; a larger picture is not short of pixels per module."""


def read_codes(picture: Image.Image, patience: float = PATIENCE) -> list[bytes]:
    """The exact bytes of each QR or Aztec code in ``picture``; empty where none can be read.

    Args:
        picture: in memory, of any mode.
        patience: seconds for the whole chain; a step that has begun is not interrupted.
    """
    give_up = time.monotonic() + patience
    grey = flatten(picture)
    grey.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    codes = zxing(grey)
    for rescue in _RESCUES:
        if codes or time.monotonic() >= give_up:
            break
        codes = rescue(grey)
    return list(dict.fromkeys(code for code in codes if code))[:MOST_CODES]


def flatten(picture: Image.Image) -> Image.Image:
    """Eight-bit grey, 0 black; what is transparent becomes paper, as it looks to a person."""
    from PIL import Image  # noqa: PLC0415 - only in the process that decodes

    if "A" in picture.getbands() or "transparency" in picture.info:
        paper = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(paper, picture.convert("RGBA")).convert("L")
    return picture.convert("L")


def zxing(grey: Image.Image) -> list[bytes]:
    """QR and Aztec codes, at any angle and size."""
    import zxingcpp  # noqa: PLC0415 - only in the process that decodes

    formats = zxingcpp.barcode_formats_from_str("QRCode,Aztec")
    found = zxingcpp.read_barcodes(grey, formats=formats, try_invert=False)
    return [barcode.bytes for barcode in found if barcode.valid]


def zbar(grey: Image.Image) -> list[bytes]:
    """QR codes with ASCII content: of anything else this decoder changes bytes (AV.md), so it is not believed."""
    from pyzbar import pyzbar  # noqa: PLC0415 - only in the process that decodes

    try:
        found = pyzbar.decode(grey, symbols=[pyzbar.ZBarSymbol.QRCODE])
    except ValueError:  # its answer to a code that is one part of several
        return []
    return [bytes(symbol.data) for symbol in found if symbol.data.isascii()]


def _sharpened(grey: Image.Image) -> list[bytes]:
    from PIL import ImageFilter  # noqa: PLC0415 - only in the process that decodes

    return zxing(grey.filter(ImageFilter.UnsharpMask(radius=3, percent=200, threshold=0)))


def _enlarged(grey: Image.Image) -> list[bytes]:
    if grey.width * grey.height > _MOST_TO_ENLARGE:
        return []
    return _sharpened(grey.resize((grey.width * 2, grey.height * 2)))


_RESCUES: tuple[Callable[[Image.Image], list[bytes]], ...] = (_sharpened, _enlarged, zbar)
