"""The ways of reading frames that are measured beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import Image, ImageFilter

from drivers.code_decoders import QR, Reading, zxing
from drivers.code_reader import FrameReader, first_look, quick_look
from drivers.code_region import busiest_region
from drivers.code_rescues import RESCUES

if TYPE_CHECKING:
    from collections.abc import Callable

PYZBAR: Final = "pyzbar alone"
ZXING: Final = "zxing-cpp alone"
CHAIN: Final = "chain on whole frames"
GATE: Final = "the gate's reader"

_UNSHARP: Final = ImageFilter.UnsharpMask(radius=3, percent=300, threshold=0)


def pyzbar_alone(frame: Image.Image) -> list[bytes]:
    """QR codes, whatever is in them."""
    from pyzbar import pyzbar  # noqa: PLC0415 - only where pictures are decoded

    return [bytes(symbol.data) for symbol in pyzbar.decode(frame, symbols=[pyzbar.ZBarSymbol.QRCODE])]


def zxing_alone(frame: Image.Image) -> list[bytes]:
    """QR codes."""
    return [reading.content for reading in zxing(frame, QR)]


def _sharpened(frame: Image.Image) -> list[bytes]:
    return zxing_alone(frame.filter(_UNSHARP))


def _twice_as_large(frame: Image.Image) -> list[bytes]:
    return zxing_alone(frame.resize((frame.width * 2, frame.height * 2)).filter(_UNSHARP))


STEPS: Final = (zxing_alone, _sharpened, _twice_as_large, pyzbar_alone)
"""AV.md's chain: each looks at the whole frame in which those before it found nothing."""


def chain(frame: Image.Image) -> list[bytes]:
    """What the first step found that found anything."""
    return next(filter(None, (step(frame) for step in STEPS)), [])


WAYS: Final[dict[str, Callable[[], Callable[[Image.Image], list[bytes]]]]] = {
    PYZBAR: lambda: pyzbar_alone,
    ZXING: lambda: zxing_alone,
    CHAIN: lambda: chain,
    GATE: lambda: FrameReader().read,
}
"""Each is made anew for every presentation."""


def every_look(frame: Image.Image) -> list[Reading]:
    """What the gate's reader would read in the frame if it tried all it knows, instead of a part for each frame."""
    part = frame.crop(busiest_region(frame))
    looks = [quick_look(frame), first_look(frame), *(rescue(frame, part) for rescue in RESCUES)]
    return [reading for readings in looks for reading in readings]
