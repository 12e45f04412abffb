"""People who are not on a whole list, and were added by its changes: found by their hash."""

from __future__ import annotations

from array import array
from heapq import merge
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from gate.status.cache.layout import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ABOUT_TOGETHER: Final = 32
_MOST_BITS: Final = 16


class Added:
    """In the order of their hashes; of whom more than one change speaks the newest counts.

    Args:
        changes: each one's hashes and bits in order, the newest change last.
    """

    __slots__ = ("_bits_left", "_from", "_places", "_said")

    def __init__(self, changes: Sequence[Iterable[tuple[bytes, int]]]) -> None:
        places, self._said = bytearray(), array("I")
        last = b""
        newest_first = [_aged(age, change) for age, change in enumerate(reversed(changes))]
        for place, _, said in merge(*newest_first):
            if place != last:
                places += place
                self._said.append(said)
                last = place
        self._places = bytes(places)
        bits = min(_MOST_BITS, (len(self._said) // _ABOUT_TOGETHER).bit_length())
        self._bits_left = 8 * HASH_BYTES - bits
        counts = [0] * (1 << bits)
        for place, _ in self:
            counts[self._group(place)] += 1
        self._from = array("I", accumulate(counts, initial=0))

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        for number, said in enumerate(self._said):
            yield self._places[number * HASH_BYTES : (number + 1) * HASH_BYTES], said

    def find(self, place: bytes) -> int | None:
        """What is said of somebody; None: nothing."""
        group = self._group(place)
        end = self._from[group + 1] * HASH_BYTES
        at = self._places.find(place, self._from[group] * HASH_BYTES, end)
        while at > 0 and at % HASH_BYTES:
            at = self._places.find(place, at + 1, end)
        return None if at < 0 else self._said[at // HASH_BYTES]

    def beginning_with(self, first: int, bits: int) -> Iterator[tuple[bytes, int]]:
        """Whose hashes begin with these bits."""
        left = 8 * HASH_BYTES - bits
        low, high = first << left, (first + 1 << left) - 1
        for number in range(self._from[low >> self._bits_left], self._from[(high >> self._bits_left) + 1]):
            place = self._places[number * HASH_BYTES : (number + 1) * HASH_BYTES]
            if low <= int.from_bytes(place, "big") <= high:
                yield place, self._said[number]

    def _group(self, place: bytes) -> int:
        return int.from_bytes(place, "big") >> self._bits_left


def _aged(age: int, change: Iterable[tuple[bytes, int]]) -> Iterator[tuple[bytes, int, int]]:
    return ((place, age, said) for place, said in change)
