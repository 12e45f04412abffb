"""What spoils a frame on its way from a screen to a sensor."""

from __future__ import annotations

import functools
import math
import random
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

from PIL import Image, ImageChops, ImageFilter

_TILE: Final = (2048, 1200)
"""Noise is drawn once and then cut at places of chance."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much of each flaw; 0 is none."""

    defocus: float = 0.0
    """Radius of the disc that a point becomes, in pixels."""
    motion: float = 0.0
    """Pixels that the telephone moves while the shutter is open."""
    glare: float = 0.0
    """Share of full white that a reflected lamp adds at its middle."""
    glare_at: tuple[float, float] = (0.5, 0.5)
    glare_size: float = 0.0
    moire: float = 0.0
    """Share of the brightness that the pattern takes away."""
    noise: float = 0.0
    """Standard deviation in grey levels."""
    light: float = 1.0

    @classmethod
    def draw(cls, chance: random.Random, condition: str, module: float, severity: float) -> Amounts:
        """A little of everything, and of what ``condition`` names up to the most that anything can read through.

        What smears is measured in ``module``, the pixels of one of the code's modules: who shows a dense code holds it
        nearer, and every code is about as hard to read as any other.
        """
        amounts = cls(
            defocus=module * severity * chance.uniform(0.1, 0.45),
            motion=module * severity * chance.uniform(0, 0.5),
            glare_at=(chance.uniform(0.3, 0.7), chance.uniform(0.25, 0.75)),
            glare_size=chance.uniform(0.15, 0.5),
            noise=severity * chance.uniform(1.5, 7),
            light=chance.uniform(0.6, 1.0),
        )
        several = condition == "several"
        much = severity * chance.random() * (0.6 if several else 1.0)
        if condition == "defocus" or several:
            amounts = replace(amounts, defocus=module * (0.45 + 0.45 * much))
        if condition == "motion" or several:
            amounts = replace(amounts, motion=module * (0.6 + 0.9 * much))
        if condition == "glare" or (several and chance.random() < 0.5):
            amounts = replace(amounts, glare=0.3 + 0.6 * much)
        if condition == "moiré" or (several and chance.random() < 0.5):
            amounts = replace(amounts, moire=0.2 + 0.5 * much)
        if condition == "noise" or several:
            amounts = replace(amounts, noise=7 + 25 * much)
        if condition == "low light":
            amounts = replace(amounts, light=max(0.08, 0.35 - 0.22 * much), noise=3 + 4 * much)
        return amounts

    def jittered(self, chance: random.Random) -> Amounts:
        """The next frame's: a focus that hunts, a hand that is still at times, a reflection that wanders."""
        x, y = self.glare_at
        return replace(
            self,
            defocus=self.defocus * chance.uniform(0.8, 1.2),
            motion=self.motion * chance.uniform(0.4, 1.3),
            glare_at=(x + chance.gauss(0, 0.01), y + chance.gauss(0, 0.01)),
            moire=self.moire * chance.uniform(0.7, 1.2),
        )


def apply(picture: Image.Image, amounts: Amounts, chance: random.Random) -> Image.Image:
    """The frame, spoilt; ``picture`` is eight-bit grey and stays as it is."""
    if amounts.moire:
        picture = _moire(picture, amounts.moire, chance)
    if amounts.glare:
        picture = _glare(picture, amounts)
    picture = _defocus(picture, amounts.defocus)
    picture = _motion(picture, amounts.motion, chance.uniform(0, math.pi))
    if amounts.light < 1:
        picture = picture.point([round(value * amounts.light) for value in range(256)])
    return _noise(picture, amounts.noise, chance)


def _defocus(picture: Image.Image, radius: float) -> Image.Image:
    """Each point becomes a disc, as a round lens makes it."""
    # Twice a disc of r / sqrt 2 has the spread of one of r, and a kernel of five pixels holds it.
    while radius > 2.4:
        picture = picture.filter(_disc(2.0))
        radius = math.sqrt(radius**2 - 4.0)
    return picture.filter(_disc(round(radius, 1))) if radius >= 0.3 else picture


@functools.cache
def _disc(radius: float) -> ImageFilter.Kernel:
    fine = 8
    cells = []
    for row in range(-2, 3):
        for column in range(-2, 3):
            steps = [(i + 0.5) / fine - 0.5 for i in range(fine)]
            inside = sum(math.hypot(column + x, row + y) <= radius for x in steps for y in steps)
            cells.append(float(inside))
    return ImageFilter.Kernel((5, 5), cells)


def _motion(picture: Image.Image, length: float, angle: float) -> Image.Image:
    """The mean of the picture's places along a line."""
    steps = max(1, math.ceil(length))
    mean = picture
    for step in range(1, steps + 1):
        along = length * step / steps
        data = (1, 0, along * math.cos(angle), 0, 1, along * math.sin(angle))
        moved = picture.transform(picture.size, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
        mean = Image.blend(mean, moved, 1 / (step + 1))
    return mean


def _glare(picture: Image.Image, amounts: Amounts) -> Image.Image:
    lamp = ImageChops.invert(Image.radial_gradient("L")).point(
        [round(255 * min(1.0, amounts.glare * (max(0, value - 80) / 175) ** 1.5)) for value in range(256)]
    )
    width, height = (round(side * amounts.glare_size * 1.4) for side in (picture.width, picture.width * 0.7))
    spot = Image.new("L", picture.size, 0)
    x, y = amounts.glare_at
    spot.paste(
        lamp.resize((width, height)), (round(x * picture.width - width / 2), round(y * picture.height - height / 2))
    )
    return ImageChops.add(picture, spot)


def _moire(picture: Image.Image, depth: float, chance: random.Random) -> Image.Image:
    """Two waves across the picture, as the grids of screen and sensor make them."""
    for weight, longest in ((0.65, 30), (0.35, 12)):
        period = chance.uniform(2.5, longest) * picture.width / 1280
        wave = bytes(
            round(255 * (1 - depth * weight * (0.5 + 0.5 * math.sin(2 * math.pi * i / period)))) for i in range(2300)
        )
        angle = chance.uniform(0, math.pi)
        line = Image.frombytes("L", (2300, 1), wave)
        # A picture of one row, read along a slanted axis.
        data = (math.cos(angle), math.sin(angle), 1150 - 640 * math.cos(angle) - 360 * math.sin(angle), 0, 0, 0.5)
        across = line.transform(picture.size, Image.Transform.AFFINE, data, Image.Resampling.NEAREST, fillcolor=255)
        picture = ImageChops.multiply(picture, across)
    return picture


def _noise(picture: Image.Image, deviation: float, chance: random.Random) -> Image.Image:
    tile = _noise_tile()
    x = chance.randint(0, tile.width - picture.width)
    y = chance.randint(0, tile.height - picture.height)
    noise = tile.crop((x, y, x + picture.width, y + picture.height))
    # The tile has a deviation of 40 around 128.
    noise = noise.point([max(0, min(255, round(128 + (value - 128) * deviation / 40))) for value in range(256)])
    return ImageChops.add(picture, noise, offset=-128)


@functools.cache
def _noise_tile() -> Image.Image:
    normal = NormalDist(128, 40)
    table = bytes(max(0, min(255, round(normal.inv_cdf((value + 0.5) / 256)))) for value in range(256))
    return Image.frombytes("L", _TILE, random.Random("noise").randbytes(_TILE[0] * _TILE[1]).translate(table))
