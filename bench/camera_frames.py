"""Frames as a camera in a gate sees them: a telephone held up before it, a code on its screen, and all that goes wrong.

Made with Pillow alone, and the same at every run: each presentation has a number, and all chance comes from it. A
telephone of 7 by 14.5 cm is placed in space before a pinhole camera and projected at twice the frame's resolution,
each pixel then being the mean of four, as on a sensor. After that come, in this order, what happens on the screen
(moiré, a lamp's reflection), in the lens (defocus, motion) and on the sensor (less light, noise).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFilter

from bench import camera_flaws as flaws
from bench.camera_view import PHONE_CM, VIEW_DEGREES, Pose, focal_length, project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SIZES: Final = {"720p": (1280, 720), "1080p": (1920, 1080)}
"""Pixels, width and height."""

SEVERITY: Final = 1.08
"""Scales every flaw; chosen so that zxing-cpp alone reads as much as in AV.md's set (75.6 %)."""

_NEAREST_CM, _FARTHEST_CM = 10.0, 25.0
_LEAST_MODULE = 2.4
"""Pixels of one module seen straight on: who shows a denser code holds it nearer, since nothing reads a smaller one."""
_SCREEN_DOTS: Final = 1400
"""Of the texture, across the telephone: as fine as the nearest one is projected."""
_BASE45: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_URL: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


class Condition(StrEnum):
    """What is wrong with a presentation, beside the little that always is."""

    PLAIN = "plain"
    PERSPECTIVE = "perspective"
    ROTATION = "rotation"
    DEFOCUS = "defocus"
    MOTION = "motion"
    GLARE = "glare"
    MOIRE = "moiré"
    NOISE = "noise"
    LOW_LIGHT = "low light"
    MIXED = "several"


@dataclass(frozen=True, slots=True)
class Presentation:
    """One telephone that is held up; ``frame`` gives what the camera sees of it, picture by picture."""

    content: bytes
    condition: Condition
    size: tuple[int, int]
    number: int
    pose: Pose
    amounts: flaws.Amounts
    face: Image.Image
    """The telephone, flat."""
    backdrop: Image.Image

    @classmethod
    def make(cls, number: int, condition: Condition, size: tuple[int, int], severity: float = SEVERITY) -> Presentation:
        """The presentation of that number; the same number gives the same one."""
        chance = random.Random(f"presentation {number} {condition} {size}")
        content = _content(chance)
        drawn = code(content, chance.choice("LMQ"))
        code_cm = chance.uniform(4.5, 6.3)
        pose = _pose(chance, condition, severity)
        focal = focal_length(size)
        module_cm = code_cm / drawn.width
        nearer = min(pose.z, focal * module_cm / _LEAST_MODULE)
        pose = replace(pose, x=pose.x * nearer / pose.z, y=pose.y * nearer / pose.z, z=nearer)
        return cls(
            content,
            condition,
            size,
            number,
            pose,
            flaws.Amounts.draw(chance, condition.value, focal * module_cm / pose.z, severity),
            _face(chance, drawn, code_cm),
            backdrop(chance, size),
        )

    def frame(self, index: int) -> Image.Image:
        """Eight-bit grey. The hand trembles and the focus hunts from frame to frame."""
        chance = random.Random(f"frame {self.number} {self.condition} {self.size} {index}")
        amounts = self.amounts.jittered(chance) if index else self.amounts
        pose = _trembled(chance, self.pose) if index else self.pose
        picture = project(self.face, pose, self.backdrop, self.size)
        return flaws.apply(picture, amounts, chance)


def presentations(numbers: Iterable[int], size: tuple[int, int]) -> Iterator[Presentation]:
    """Those of the numbers; of ten in a row each has another condition."""
    conditions = tuple(Condition)
    for number in numbers:
        yield Presentation.make(number, conditions[number % len(conditions)], size)


def _content(chance: random.Random) -> bytes:
    """A signed certificate's text, or an address with a token; 40 to 800 characters."""
    if chance.random() < 0.5:
        text = "HC1:" + "".join(chance.choices(_BASE45, k=chance.randint(296, 796)))
    else:
        text = "https://jkm.example.cn/c?t="
        text += "".join(chance.choices(_URL, k=chance.randint(40, 300) - len(text)))
    return text.encode()


def code(content: bytes, level: str) -> Image.Image:
    """A QR code with its quiet zone, black on white, one dot a module."""
    import zxingcpp  # noqa: PLC0415 - only where pictures are made

    barcode = zxingcpp.create_barcode(content.decode(), zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    return Image.fromarray(barcode.to_image(scale=1))


def _face(chance: random.Random, drawn: Image.Image, code_cm: float) -> Image.Image:
    """The telephone's front: a dark frame, a page with words, the code in its middle."""
    width, height = _SCREEN_DOTS, round(_SCREEN_DOTS * PHONE_CM[1] / PHONE_CM[0])
    face = Image.new("L", (width, height), chance.randint(10, 45))
    draw = ImageDraw.Draw(face)
    margin = width // 24
    paper = chance.randint(200, 255)
    draw.rectangle((margin, margin * 2, width - margin, height - margin * 2), fill=paper)
    side = round(code_cm / PHONE_CM[0] * width)
    for top in (*range(margin * 4, (height - side) // 2 - 60, 70), *range((height + side) // 2 + 40, height - 200, 70)):
        x = margin * 3
        while x < width - margin * 4 and chance.random() < 0.85:
            word = chance.randint(20, 160)
            draw.rectangle((x, top, min(x + word, width - margin * 3), top + 30), fill=chance.randint(20, 120))
            x += word + 24
    drawn = drawn.resize((drawn.width * 8, drawn.width * 8), Image.Resampling.NEAREST)
    drawn = drawn.resize((side, side), Image.Resampling.BOX)
    ink = chance.randint(0, 50)
    drawn = drawn.point([ink + (paper - ink) * value // 255 for value in range(256)])
    face.paste(drawn, ((width - side) // 2, (height - side) // 2))
    return face


def _pose(chance: random.Random, condition: Condition, severity: float) -> Pose:
    tilt = 8.0
    roll = chance.gauss(0, 4)
    if condition is Condition.PERSPECTIVE:
        tilt = 15 + 30 * severity
    elif condition is Condition.MIXED:
        tilt = 8 + 12 * severity
    if condition is Condition.ROTATION:
        roll = chance.uniform(0, 360)
    z = chance.uniform(_NEAREST_CM, _FARTHEST_CM)
    free = max(0.0, z * math.tan(math.radians(VIEW_DEGREES / 2)) - 4.5)
    return Pose(
        x=chance.uniform(-0.6, 0.6) * free,
        y=chance.uniform(-0.4, 0.4) * max(0.0, free * 9 / 16 - 1.0),
        z=z,
        roll=math.radians(roll),
        pitch=math.radians(chance.uniform(-tilt, tilt)),
        yaw=math.radians(chance.uniform(-tilt, tilt)),
    )


def _trembled(chance: random.Random, pose: Pose) -> Pose:
    return replace(
        pose,
        x=pose.x + chance.gauss(0, 0.08),
        y=pose.y + chance.gauss(0, 0.08),
        z=pose.z * (1 + chance.gauss(0, 0.01)),
        roll=pose.roll + chance.gauss(0, 0.006),
        pitch=pose.pitch + chance.gauss(0, 0.012),
        yaw=pose.yaw + chance.gauss(0, 0.012),
    )


def backdrop(chance: random.Random, size: tuple[int, int]) -> Image.Image:
    """What is behind, far out of focus: a face, clothes, lamps, a window."""
    small = Image.new("L", (size[0] // 8, size[1] // 8), chance.randint(20, 140))
    draw = ImageDraw.Draw(small)
    for _ in range(chance.randint(4, 14)):
        x, y = chance.randint(-20, small.width), chance.randint(-20, small.height)
        box = (x, y, x + chance.randint(5, 90), y + chance.randint(5, 70))
        (draw.ellipse if chance.random() < 0.5 else draw.rectangle)(box, fill=chance.randint(0, 255))
    return small.filter(ImageFilter.GaussianBlur(chance.uniform(0.5, 4))).resize(size, Image.Resampling.BICUBIC)
