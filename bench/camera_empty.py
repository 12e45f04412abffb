"""Frames without a code, of things that come close to one: words, bars, boards, fabrics, damaged codes, noise."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from bench import camera_flaws as flaws
from bench.camera_frames import Condition, backdrop

if TYPE_CHECKING:
    from collections.abc import Callable

_FINDER: Final = 7
"""Modules of the square in a code's corner."""


def empty_frame(number: int, size: tuple[int, int]) -> Image.Image:
    """The frame of that number, eight-bit grey; the same number gives the same one."""
    chance = random.Random(f"empty {number} {size}")
    picture = backdrop(chance, size)
    thing = _THINGS[number % len(_THINGS)](chance)
    if thing is not None:
        side = chance.randint(size[1] // 4, size[1] * 9 // 10)
        thing = thing.resize((side, side), chance.choice((Image.Resampling.NEAREST, Image.Resampling.BICUBIC)))
        mask = Image.new("L", thing.size, 255)
        angle = chance.uniform(-20, 20)
        thing, mask = (one.rotate(angle, Image.Resampling.BICUBIC, expand=True) for one in (thing, mask))
        place = chance.randint(0, max(0, size[0] - thing.width)), chance.randint(-40, max(0, size[1] - thing.height))
        picture.paste(thing, place, mask)
    condition = chance.choice(list(Condition))
    return flaws.apply(picture, flaws.Amounts.draw(chance, condition.value, chance.uniform(2.0, 6.0), 1.0), chance)


def _words(chance: random.Random) -> Image.Image:
    page = Image.new("L", (360, 360), chance.randint(180, 255))
    draw = ImageDraw.Draw(page)
    for top in range(8, 350, 14):
        line = "".join(chance.choices("abcdefgh ijklmnopqr stuvwxyz 0123456789 ABCDE#%&@■□▣", k=60))
        draw.text((8, top), line.encode("ascii", "replace").decode(), fill=chance.randint(0, 60))
    return page


def _bars(chance: random.Random) -> Image.Image:
    """As printed on goods: another kind of code than any that is presented."""
    label = Image.new("L", (240, 240), 245)
    draw = ImageDraw.Draw(label)
    x = 20
    while x < 220:
        bar, gap = chance.randint(1, 4), chance.randint(1, 4)
        draw.rectangle((x, 40, x + bar - 1, 200), fill=20)
        x += bar + gap
    return label


def _board(chance: random.Random) -> Image.Image:
    squares = chance.randint(6, 60)
    board = bytes(20 + 215 * ((place // squares + place % squares) % 2) for place in range(squares * squares))
    return Image.frombytes("L", (squares, squares), board)


def _modules(chance: random.Random) -> Image.Image:
    """Black and white squares at random, with a quiet zone and nothing that says where a code begins."""
    side = chance.randint(21, 97)
    modules = bytes(chance.choices((15, 240), k=side * side))
    field = Image.new("L", (side + 8, side + 8), 240)
    field.paste(Image.frombytes("L", (side, side), modules), (4, 4))
    return field


def _damaged(chance: random.Random) -> Image.Image:
    """A code's three corners and lines, and noise where its content was."""
    side = 17 + 4 * chance.randint(1, 20)
    field = Image.new("L", (side + 8, side + 8), 240)
    field.paste(Image.frombytes("L", (side, side), bytes(chance.choices((15, 240), k=side * side))), (4, 4))
    draw = ImageDraw.Draw(field)
    draw.line((4 + _FINDER, 10, 4 + side - _FINDER, 10), fill=240)
    draw.point([(x, 10) for x in range(4 + _FINDER + 1, 4 + side - _FINDER, 2)], fill=15)
    draw.point([(10, y) for y in range(4 + _FINDER + 1, 4 + side - _FINDER, 2)], fill=15)
    for x, y in ((4, 4), (4 + side - _FINDER, 4), (4, 4 + side - _FINDER)):
        draw.rectangle((x - 1, y - 1, x + _FINDER, y + _FINDER), fill=240)
        for inset, shade in ((0, 15), (1, 240), (2, 15)):
            draw.rectangle((x + inset, y + inset, x + 6 - inset, y + 6 - inset), fill=shade)
    return field


def _rings(chance: random.Random) -> Image.Image:
    """Squares within squares, as in an Aztec code's middle, and nothing around them that fits."""
    side = chance.randint(15, 45)
    field = Image.frombytes("L", (side, side), bytes(chance.choices((15, 240), k=side * side)))
    draw = ImageDraw.Draw(field)
    middle = side // 2
    for ring in range(6, -1, -1):
        draw.rectangle((middle - ring, middle - ring, middle + ring, middle + ring), fill=15 if ring % 2 == 0 else 240)
    return field


def _fabric(chance: random.Random) -> Image.Image:
    tile = Image.frombytes("L", (6, 6), bytes(chance.choices(range(256), k=36)))
    field = Image.new("L", (180, 180))
    for x in range(0, 180, 6):
        for y in range(0, 180, 6):
            field.paste(tile, (x, y))
    return field


def _nothing(_: random.Random) -> None:
    return None


_THINGS: Final[tuple[Callable[[random.Random], Image.Image | None], ...]] = (
    _words,
    _bars,
    _board,
    _modules,
    _damaged,
    _rings,
    _fabric,
    _nothing,
)
