"""A whole list: people in buckets by the first bits of their hash, one block a bucket.

A block holds the sorted rest of each hash, then 32 bits for each (see ``payload``), in the same order.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from gate.errors import StatusUnavailable
from gate.status.cache.crypto import TAG_BYTES
from gate.status.cache.file import BlockFile
from gate.status.cache.layout import HASH_BYTES, MOST_BITS, suffix_bytes
from gate.status.cache.payload import AMBIGUOUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gate.status.cache.crypto import ListKey

MOST_IN_BUCKET: Final = 255
"""Changes name a row by one byte."""
TOGETHER: Final = 256
"""Buckets that are gone through at once where something is done with all of them."""
_ABOUT_IN_BUCKET: Final = 128
_PAYLOAD_BYTES: Final = 4
_PAYLOAD: Final = struct.Struct(">I")

Rows = list[tuple[bytes, int]]
"""Rest of a hash, and the bits, in order."""


class WholeList:
    """Open, to be asked; used by one thread at a time.

    Raises (everywhere):
        StatusUnavailable: as ``BlockFile``.
    """

    __slots__ = ("_bits_left", "_skipped", "_suffix", "file")

    def __init__(self, path: Path, key: ListKey, signers: frozenset[bytes]) -> None:
        self.file = BlockFile(path, key, signers)
        header = self.file.header
        if header.change or header.blocks != 1 << header.bits:
            self.file.close()
            raise StatusUnavailable(f"{path.name}: is no whole list")
        self._bits_left = 24 - header.bits
        self._suffix = header.suffix_bytes
        self._skipped = HASH_BYTES - self._suffix

    def bucket(self, place: bytes) -> int:
        """Of a hash."""
        return int.from_bytes(place[:3], "big") >> self._bits_left

    def find(self, place: bytes) -> tuple[int, int]:
        """Number of a person's row in the list and what it says; -1 and 0 for nobody's hash."""
        bucket = int.from_bytes(place[:3], "big") >> self._bits_left
        content = self.file.block(bucket)
        suffix = self._suffix
        end = len(content) // (suffix + _PAYLOAD_BYTES) * suffix
        rest = place[self._skipped :]
        at = content.find(rest, 0, end)
        while at > 0 and at % suffix:
            at = content.find(rest, at + 1, end)
        if at < 0:
            return -1, 0
        row = at // suffix
        first = (self.file.begin(bucket) - bucket * TAG_BYTES) // (suffix + _PAYLOAD_BYTES)
        return first + row, _PAYLOAD.unpack_from(content, end + row * _PAYLOAD_BYTES)[0]

    def starts(self, first: int, last: int) -> list[int]:
        """Numbers in the list of these buckets' first rows; of the number after the last: where that ends."""
        row = self._suffix + _PAYLOAD_BYTES
        begins = zip(range(first, last + 1), self.file.begins(first, last), strict=True)
        return [(begin - bucket * TAG_BYTES) // row for bucket, begin in begins]

    def parts(self) -> Iterator[list[int]]:
        """The same of each ``TOGETHER`` buckets, and where the last of them ends."""
        buckets = self.file.header.blocks
        for at in range(0, buckets, TOGETHER):
            yield self.starts(at, min(at + TOGETHER, buckets))

    def rows(self, bucket: int) -> Rows:
        """Everybody in a bucket."""
        content, suffix = self.file.block(bucket), self._suffix
        count = len(content) // (suffix + _PAYLOAD_BYTES)
        payloads = struct.unpack_from(f">{count}I", content, count * suffix)
        return [(content[n * suffix : (n + 1) * suffix], bits) for n, bits in enumerate(payloads)]

    def close(self) -> None:
        self.file.close()


def content(rows: Rows) -> bytes:
    """A block's content.

    Raises:
        ValueError: there are more people than a change can name.
    """
    if len(rows) > MOST_IN_BUCKET:
        raise ValueError(f"{len(rows)} people in one bucket of a list")
    return b"".join(rest for rest, _ in rows) + struct.pack(f">{len(rows)}I", *(bits for _, bits in rows))


def bits_for(people: int) -> int:
    """How many bits of a hash choose the bucket, so that about a hundred people share one."""
    return min(MOST_BITS, (max(people - 1, 0) // _ABOUT_IN_BUCKET).bit_length())


class Sorter:
    """Takes people in any order and gives them back in that of their hashes; 16 bytes of memory each.

    Of a person who was given twice the first counts.
    """

    def __init__(self) -> None:
        self._parts = [bytearray() for _ in range(256)]
        self._row = struct.Struct(">8sII")
        self.people = 0

    def add(self, full_hash: bytes, bits: int, line: int) -> None:
        """One person, from a line of the table."""
        self._parts[full_hash[0]] += self._row.pack(full_hash, line, bits)
        self.people += 1

    def twice(self) -> Iterator[tuple[int, int]]:
        """Pairs of lines that are of one person."""
        for part in self._parts:
            for before, row in pairwise(sorted(self._row.iter_unpack(part))):
                if before[0] == row[0]:
                    yield before[1], row[1]

    def drained(self) -> Iterator[tuple[bytes, int]]:
        """Everybody once, as hash and bits; what it gives it forgets. Two people at one place are ambiguous."""
        for number, part in enumerate(self._parts):
            self._parts[number] = bytearray()
            last, said = b"", 0
            for full, _, bits in sorted(self._row.iter_unpack(part)):
                if full == last:
                    continue
                if full[:HASH_BYTES] == last[:HASH_BYTES]:
                    last, said = full, AMBIGUOUS
                    continue
                if last:
                    yield last[:HASH_BYTES], said
                last, said = full, bits
            if last:
                yield last[:HASH_BYTES], said


def buckets(people: Iterable[tuple[bytes, int]], bits: int) -> Iterator[Rows]:
    """The rows of every bucket, empty ones too, of people in order."""
    skipped, left = HASH_BYTES - suffix_bytes(bits), 24 - bits
    at, rows = 0, list[tuple[bytes, int]]()
    for place, said in people:
        bucket = int.from_bytes(place[:3], "big") >> left
        while at < bucket:
            yield rows
            at, rows = at + 1, []
        rows.append((place[skipped:], said))
    while at < 1 << bits:
        yield rows
        at, rows = at + 1, []
