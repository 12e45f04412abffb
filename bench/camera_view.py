"""A flat thing in space, as a pinhole camera sees it: each pixel the mean of four, as on a sensor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from PIL import Image

VIEW_DEGREES: Final = 66.0
"""What the camera sees across, as Raspberry Pi's Camera Module 3 does."""
PHONE_CM: Final = (7.0, 14.5)
"""Width and height of the flat thing."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the telephone is: the centre of its code in cm, seen from the camera, and its turns in radians."""

    x: float
    y: float
    z: float
    roll: float
    pitch: float
    yaw: float


def focal_length(size: tuple[int, int]) -> float:
    """In pixels of a frame of that size."""
    return size[0] / 2 / math.tan(math.radians(VIEW_DEGREES / 2))


_Matrix = tuple[float, ...]


def _homography(pose: Pose, size: tuple[int, int], dots: tuple[int, int]) -> _Matrix:
    """From a dot of the face to a pixel of the frame, nine numbers row by row."""
    cos, sin = math.cos, math.sin
    (ca, sa), (cb, sb), (cc, sc) = ((cos(angle), sin(angle)) for angle in (pose.roll, pose.pitch, pose.yaw))
    across = (ca * cc - sa * sb * sc, sa * cc + ca * sb * sc, -cb * sc)
    down = (-sa * cb, ca * cb, sb)
    per_dot = PHONE_CM[0] / dots[0]
    centre = (pose.x, pose.y, pose.z)
    origin = tuple(
        c - a * per_dot * dots[0] / 2 - d * per_dot * dots[1] / 2 for c, a, d in zip(centre, across, down, strict=True)
    )
    focal = focal_length(size)
    columns = ([v * per_dot for v in across], [v * per_dot for v in down], origin)
    rows = []
    for axis, middle in ((0, size[0] / 2), (1, size[1] / 2)):
        rows += [focal * column[axis] + middle * column[2] for column in columns]
    return (*rows, *(column[2] for column in columns))


def _inverse(m: _Matrix) -> _Matrix:
    """Scaled so that the last number is 1, as Pillow wants it."""
    a, b, c, d, e, f, g, h, i = m
    adjugate = (
        *(e * i - f * h, c * h - b * i, b * f - c * e),
        *(f * g - d * i, a * i - c * g, c * d - a * f),
        *(d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return tuple(value / adjugate[8] for value in adjugate)


def project(face: Image.Image, pose: Pose, behind: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A frame with the flat picture ``face`` at its place in space, before what is behind it."""
    forward = _homography(pose, (size[0] * 2, size[1] * 2), face.size)
    corners = []
    for x, y in ((0, 0), (face.width, 0), (0, face.height), (face.width, face.height)):
        u, v, w = (forward[r] * x + forward[r + 1] * y + forward[r + 2] for r in (0, 3, 6))
        corners.append((u / w, v / w))
    left = max(0, int(min(x for x, _ in corners))) & ~1
    top = max(0, int(min(y for _, y in corners))) & ~1
    right = min(size[0] * 2, int(max(x for x, _ in corners)) + 2) & ~1
    bottom = min(size[1] * 2, int(max(y for _, y in corners)) + 2) & ~1
    a, b, c, d, e, f, g, h, _ = _inverse(forward)
    # The part of the frame that holds the telephone begins at (left, top).
    c, f, w = a * left + b * top + c, d * left + e * top + f, g * left + h * top + 1
    data = tuple(value / w for value in (a, b, c, d, e, f, g, h))
    part = (right - left, bottom - top)
    transform = Image.Transform.PERSPECTIVE
    shown = face.transform(part, transform, data, Image.Resampling.BICUBIC, fillcolor=0)
    mask = Image.new("L", face.size, 255).transform(part, transform, data, Image.Resampling.NEAREST, fillcolor=0)
    picture = behind.copy()
    picture.paste(shown.reduce(2), (left // 2, top // 2), mask.reduce(2))
    return picture
