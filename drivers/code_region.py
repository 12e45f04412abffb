"""Where in a frame a code probably is: the part with the most contrast from one pixel to the next.

A code is nothing but edges, all over its area, and of full contrast: neither words nor clothes nor noise have as many.
Found in 2 ms, also where a code is too blurred for its corners to be seen; what is done to this part alone costs a
tenth of what it costs for the frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are the first ones outside."""

_WIDTH = 640
"""Pixels; about so wide is the frame in which the part is looked for."""
_CELL = 8
"""Pixels of that frame; its parts are told apart this finely."""
_SHARE = 0.55
"""Of the busiest cell's contrast: what has less does not belong to the same thing."""
_MARGIN = 1.5
"""Cells around it, for the quiet zone."""


def busiest_region(grey: Image.Image) -> Box:
    """The box around the connected cells that have the most contrast together.

    Args:
        grey: eight-bit grey, of any size.
    """
    from PIL import ImageChops, ImageFilter  # noqa: PLC0415 - only in the process that decodes

    shrink = max(1, grey.width // _WIDTH)
    small = grey.reduce(shrink) if shrink > 1 else grey
    edges = ImageChops.difference(small, small.filter(ImageFilter.BoxBlur(2))).reduce(_CELL)
    edges = edges.filter(ImageFilter.BoxBlur(1))
    cells = _heaviest(edges.tobytes(), edges.width)
    across = [cell % edges.width for cell in cells]
    down = [cell // edges.width for cell in cells]
    side = shrink * _CELL
    return (
        max(0, int((min(across) - _MARGIN) * side)),
        max(0, int((min(down) - _MARGIN) * side)),
        min(grey.width, int((max(across) + 1 + _MARGIN) * side)),
        min(grey.height, int((max(down) + 1 + _MARGIN) * side)),
    )


def _heaviest(contrast: bytes, width: int) -> list[int]:
    """The places of the connected cells, all of them above the threshold, whose sum is largest."""
    threshold = max(contrast) * _SHARE
    left = {place for place, value in enumerate(contrast) if value >= threshold}
    best: list[int] = []
    most = -1
    while left:
        group = [left.pop()]
        for place in group:  # grows while it is walked through
            column = place % width
            beside = [place - width, place + width]
            beside += [place - 1] if column else []
            beside += [place + 1] if column < width - 1 else []
            near = left.intersection(beside)
            left -= near
            group += near
        weight = sum(contrast[place] for place in group)
        if weight > most:
            most, best = weight, group
    return best
