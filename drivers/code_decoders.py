"""The two decoders, and whether noise could have passed for what they read.

Every code has words against errors, and a decoder makes a code of whatever comes near enough to one. How often chance
comes near enough is told by the number of those words and by how many of them the errors used up: one pattern in a
million for the smallest codes when all were needed, one in 10^10 from QR version 3 on. A frame with noise in it is
a few hundred patterns, and a camera looks at ten million frames a week.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

QR: Final = "QRCodeModel2"
AZTEC: Final = "AztecCode"
"""Not their small relatives: a Micro QR code of version M1 has two bytes against errors, and noise passes for one."""

_LARGE: Final = 3
"""Version of a QR code, layers of an Aztec code: from here on the words against errors are enough, all used or not."""
_UNUSED: Final = 0.5
"""Of the errors that could be corrected; so much must be left over in a smaller code."""
_AZTEC_AGAINST_ERRORS: Final = 20
"""Percent of its words; 23 are usual, and a code that says it has none is read as if it were whole."""
_LARGER_THAN_VERSION_2: Final = 78
"""Characters: one more than the digits of the largest code that is not ``_LARGE``."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One code in one picture."""

    content: bytes = field(repr=False)
    """Its exact bytes."""
    sure: bool
    """False: noise could have passed for it, so it counts when it is seen again."""


def zxing(grey: Image.Image, *formats: str, one_threshold: bool = False, smaller_too: bool = True) -> list[Reading]:
    """Codes of the first of the formats that is there; QR and Aztec where none is named.

    Args:
        grey: eight-bit grey.
        formats: looked for one after the other.
        one_threshold: part black from white at one level for the whole picture.
        smaller_too: look at the picture reduced as well, for codes that fill it.
    """
    import zxingcpp  # noqa: PLC0415 - only in the process that decodes

    # Given the picture itself it would have Pillow copy all pixels twice at every call.
    pixels = memoryview(grey.tobytes()).cast("B", (grey.height, grey.width))
    for name in formats or (f"{QR},{AZTEC}",):
        found: list[Any] = zxingcpp.read_barcodes(
            pixels,
            formats=zxingcpp.barcode_formats_from_str(name),
            try_invert=False,
            try_downscale=smaller_too,
            binarizer=zxingcpp.Binarizer.GlobalHistogram if one_threshold else zxingcpp.Binarizer.LocalAverage,
        )
        readings = [Reading(code.bytes, is_sure(code.extra)) for code in found if code.valid]
        if readings:
            return readings
    return []


def zbar(grey: Image.Image) -> list[Reading]:
    """QR codes with ASCII content: of anything else this decoder changes bytes (AV.md), so it is not believed.

    It does not say how large a code was; what a small one can hold is not sure.
    """
    from pyzbar import pyzbar  # noqa: PLC0415 - only in the process that decodes

    try:
        found = pyzbar.decode(grey, symbols=[pyzbar.ZBarSymbol.QRCODE])
    except ValueError:  # its answer to a code that is one part of several
        return []
    contents = [bytes(symbol.data) for symbol in found if symbol.data.isascii()]
    return [Reading(content, sure=len(content) >= _LARGER_THAN_VERSION_2) for content in contents]


def is_sure(about: Mapping[str, Any]) -> bool:
    """Whether noise does not pass for such a code.

    Args:
        about: as zxing-cpp tells it: ``Version``, ``ECLevel`` (Aztec: percent), ``UEC`` (the unused share of what could
            be corrected). What it does not tell counts as nothing.
    """
    level = about.get("ECLevel", "0%")
    if level.endswith("%") and int(level[:-1]) < _AZTEC_AGAINST_ERRORS:
        return False
    return int(about.get("Version", 0)) >= _LARGE or float(about.get("UEC", 0)) >= _UNUSED
