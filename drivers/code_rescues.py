"""What is done to a picture in which nothing was found, so that something is.

Chosen by ``gate bench camera``, as is their order; AV.md has other people's pictures. Each is given the frame and its
busiest part (``drivers.code_region``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from drivers.code_decoders import AZTEC, zbar, zxing

if TYPE_CHECKING:
    from PIL import Image

    from drivers.code_decoders import Reading

Rescue = Callable[["Image.Image", "Image.Image"], "list[Reading]"]
"""Given a frame and its busiest part."""

_MOST_ENLARGED: Final = 800_000
"""Pixels of an enlarged part: a larger one is not short of pixels per module."""
_MOST_SHARPENED: Final = 1_000_000
"""Pixels of a whole frame: a larger one is halved, which reads as much in a quarter of the time."""
_MOST_FOR_ZBAR: Final = 280_000
"""It takes ten times as long for a pixel, and reads no more when there are more of them."""


def _sharpened_part(_: Image.Image, part: Image.Image) -> list[Reading]:
    return zxing(_enlarged(_sharpened(_smoothed(part, 0.6), 3)))


def _smoothed_part(_: Image.Image, part: Image.Image) -> list[Reading]:
    """For a code that is sharp, with much noise or moiré."""
    return zxing(_enlarged(_smoothed(part, 1)))


def _one_threshold_part(_: Image.Image, part: Image.Image) -> list[Reading]:
    return zxing(_enlarged(part), one_threshold=True)


def _zbar_part(_: Image.Image, part: Image.Image) -> list[Reading]:
    return zbar(_sharpened(_enlarged(_smoothed(part, 0.6), _MOST_FOR_ZBAR), 5))


def _sharpened_whole(grey: Image.Image, _: Image.Image) -> list[Reading]:
    """For a code that is not in the busiest part."""
    return zxing(_sharpened(grey.reduce(2) if grey.width * grey.height > _MOST_SHARPENED else grey, 3))


def _aztec_whole(grey: Image.Image, _: Image.Image) -> list[Reading]:
    """For one that is not in the busiest part; as rare as they are, not in every frame."""
    return zxing(grey, AZTEC)


RESCUES: Final[tuple[Rescue, ...]] = (
    _sharpened_part,
    _smoothed_part,
    _one_threshold_part,
    _zbar_part,
    _sharpened_whole,
)
"""The cheap ones come first."""

ROUND: Final[tuple[tuple[Rescue, ...], ...]] = (
    (_sharpened_part, _zbar_part),
    (_sharpened_part, _smoothed_part),
    (_sharpened_part, _sharpened_whole),
    (_smoothed_part, _one_threshold_part, _aztec_whole),
)
"""What the frames that follow one another get: first the two that read most together."""


def _smoothed(grey: Image.Image, radius: float) -> Image.Image:
    """Without the noise between neighbours, which sharpening would raise."""
    from PIL import ImageFilter  # noqa: PLC0415 - only in the process that decodes

    return grey.filter(ImageFilter.BoxBlur(radius))


def _sharpened(grey: Image.Image, radius: int) -> Image.Image:
    """Four times as far from the mean of the neighbourhood: an unsharp mask in a quarter of Pillow's time."""
    from PIL import Image, ImageFilter  # noqa: PLC0415 - only in the process that decodes

    return Image.blend(grey.filter(ImageFilter.BoxBlur(radius)), grey, 4.0)


def _enlarged(grey: Image.Image, most: int = _MOST_ENLARGED) -> Image.Image:
    """Twice as large, as far as that is not more than so many pixels."""
    factor = min(2.0, (most / (grey.width * grey.height)) ** 0.5)
    if factor <= 1:
        return grey
    return grey.resize((round(grey.width * factor), round(grey.height * factor)))
