"""Bloom filters of digests: smaller than lists, at the price of a few certificates that are refused in error.

Whoever is in a filter is found; of the others, one in so many is found as well, by the odds that it was made for.
Their positions are those of the EU's filters (dgc-bloomfilter), so that these can be taken over as they are: nobody
knows any more what was put into them. For round ``i`` of ``k``: SHA-256 over the first 16 bytes of the digest and the
byte ``i``, as a signed number, modulo the bits of the filter; bits are counted from the highest of the first byte on.

A file (big endian): ``GRB1``, ``number`` (4 bytes), filters (4); for each the hexadecimal digits that its digests
begin with: how many (1), k (1), the digits as a number (2), and the words of 32 bits that it has (4); then the filters.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from hashlib import sha256
from math import ceil, log
from typing import TYPE_CHECKING, Final

from gate.errors import TrustError
from gate.trust.digest_lists import MAX_FILE_BYTES, WIDTH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MAX_ROUNDS: Final = 127
"""The largest that the EU's form can say."""
MAX_DIGITS: Final = 3
"""The EU divides by at most three digits: two of a partition, one of a chunk."""
MOST_ALIKE: Final = 2048
"""Filters for the same digits: the EU has one for each key and day from which on some digests may be forgotten."""
MOST_FILTERS: Final = 1 << 16
ODDS: Final = 1e-10

_MAGIC: Final = b"GRB1"
_HEAD: Final = struct.Struct(">4sII")
_FILTER: Final = struct.Struct(">BBHI")
_WORD_BYTES: Final = 4


class Numbers:
    """One digest's number for each round, the same for every filter; only those that are asked for are computed."""

    __slots__ = ("_element", "_made")

    def __init__(self, digest: bytes) -> None:
        self._element = digest[:WIDTH]
        self._made: list[int] = []

    def __getitem__(self, order: int) -> int:
        made = self._made
        while len(made) <= order:
            digest = sha256(self._element + bytes((len(made),))).digest()
            made.append(int.from_bytes(digest, "big", signed=True))
        return made[order]


@dataclass(frozen=True, slots=True)
class BloomFilter:
    """One filter, for digests that begin alike."""

    prefix: str
    """Hexadecimal digits, lower case; empty: for all."""
    rounds: int
    bits: bytes | memoryview = field(repr=False)
    """A whole number of words."""

    def finds(self, numbers: Numbers) -> bool:
        """Whether the digest that these numbers are of may have been put in."""
        bits, size = self.bits, 8 * len(self.bits)
        for order in range(self.rounds):
            position = numbers[order] % size
            if not bits[position >> 3] & 0x80 >> (position & 7):
                return False
        return True

    @property
    def odds(self) -> float:
        """That a digest which was never put in is found."""
        ones = int.from_bytes(self.bits, "big").bit_count()
        return float((ones / (8 * len(self.bits))) ** self.rounds)


class BloomFile:
    """The filters of one file."""

    __slots__ = ("_filters", "_lengths", "number")

    def __init__(self, data: bytes) -> None:
        """Read a file.

        Raises:
            TrustError: it is none, or any of it is out of order.
        """
        if len(data) > MAX_FILE_BYTES:
            raise TrustError(f"Bloom filters of more than {MAX_FILE_BYTES >> 20} MiB")
        if len(data) < _HEAD.size or not data.startswith(_MAGIC):
            raise TrustError("no Bloom filters")
        _, self.number, count = _HEAD.unpack_from(data)
        at = _HEAD.size + count * _FILTER.size
        if not self.number or count > MOST_FILTERS or at > len(data):
            raise TrustError(f"Bloom filters that are cut off, without a number, or more than {MOST_FILTERS}")
        self._filters: dict[str, list[BloomFilter]] = {}
        for digits, rounds, prefix, words in _FILTER.iter_unpack(data[_HEAD.size : at]):
            end = at + words * _WORD_BYTES
            if not words or end > len(data) or digits > MAX_DIGITS or prefix >> 4 * digits:
                raise TrustError("a Bloom filter that is empty, cut off or for no digits")
            if not 0 < rounds <= MAX_ROUNDS:
                raise TrustError(f"a Bloom filter with {rounds} rounds: 1 to {MAX_ROUNDS}")
            self._add(BloomFilter(f"{prefix:0{digits}x}" if digits else "", rounds, memoryview(data)[at:end]))
            at = end
        if at != len(data):
            raise TrustError("Bloom filters that are followed by more")
        self._lengths = sorted({len(prefix) for prefix in self._filters})

    def __contains__(self, digest: bytes) -> bool:
        start, numbers = digest[:2].hex(), Numbers(digest)
        return any(one.finds(numbers) for length in self._lengths for one in self._filters.get(start[:length], ()))

    @property
    def odds(self) -> float:
        """That a certificate which is in none of the filters is found, at most: that of the worst digits."""
        worst = 0.0
        for length in self._lengths:
            alike = [sum(one.odds for one in found) for prefix, found in self._filters.items() if len(prefix) == length]
            worst += max(alike)
        return min(worst, 1.0)

    def _add(self, one: BloomFilter) -> None:
        alike = self._filters.setdefault(one.prefix, [])
        if len(alike) == MOST_ALIKE:
            raise TrustError(f"more than {MOST_ALIKE} Bloom filters for the same digits")
        alike.append(one)


def fill(digests: Collection[bytes], odds: float = ODDS) -> BloomFilter:
    """Put digests into a filter that finds others with these odds.

    Args:
        digests: SHA-256 digests, of which 16 bytes count; at least one.
        odds: above 0 and below 1. ``m = -n ln p / (ln 2)²`` bits and ``k = m/n ln 2`` rounds are the best for them.
    """
    words = ceil(-len(digests) * log(odds) / log(2) ** 2 / (8 * _WORD_BYTES))
    size = words * _WORD_BYTES * 8
    rounds = min(MAX_ROUNDS, max(1, round(size / len(digests) * log(2))))
    bits = bytearray(words * _WORD_BYTES)
    for digest in digests:
        numbers = Numbers(digest)
        for order in range(rounds):
            position = numbers[order] % size
            bits[position >> 3] |= 0x80 >> (position & 7)
    return BloomFilter("", rounds, bytes(bits))


def write(filters: Iterable[BloomFilter], number: int) -> bytes:
    """Write filters to a file; ``number`` from 1 on, greater than that of every file before it."""
    filters = list(filters)
    table = b"".join(
        _FILTER.pack(len(one.prefix), one.rounds, int(one.prefix or "0", 16), len(one.bits) // _WORD_BYTES)
        for one in filters
    )
    return _HEAD.pack(_MAGIC, number, len(filters)) + table + b"".join(one.bits for one in filters)
