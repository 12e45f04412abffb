"""Memory of whole pages: what is given back is given back to the system, and leaves no holes in the process's own."""

from __future__ import annotations

import mmap
import sys
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def taken(size: int) -> mmap.mmap:
    """So many bytes of zeros, at least one; a page costs nothing until something is written to it."""
    return mmap.mmap(-1, max(size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def from_planes(content: mmap.mmap, planes: Sequence[int], count: int) -> array[int]:
    """Numbers of which the low bytes, then the higher ones, begin at these places."""
    mixed = bytearray(4 * count)
    for number, start in enumerate(planes):
        mixed[number::4] = content[start : start + count]
    numbers = array("I")
    numbers.frombytes(mixed)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def to_planes(numbers: array[int], planes: int) -> Iterable[bytes]:
    """Their low bytes, then the higher ones."""
    mixed = array("I", numbers)
    if sys.byteorder == "big":
        mixed.byteswap()
    mixed_bytes = mixed.tobytes()
    return (mixed_bytes[number::4] for number in range(planes))
