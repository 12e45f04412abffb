"""A change of a whole list: who says something else now, packed; a gate lays it over what it has (``overlay``).

Until that is done, which takes seconds for a city, each change is asked by itself.

::

    different values (2 bytes), each value (4 bytes)
    for each bucket how many of its rows changed (1 byte)
    for each 64 buckets how many people were added (2 bytes)
    changed rows: number in the bucket (1 byte each); number of the value, low bytes, then high bytes
    people added, in order: hash (6 bytes); number of the value, low bytes, then high bytes

Rows are named by their number in the whole list's bucket, since the keyed hash of somebody who was named once already
would be most of a change. All of it is deflated, and cut into blocks.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, repeat
from operator import add, lt, sub
from typing import TYPE_CHECKING, Final

from gate.errors import StatusUnavailable
from gate.status.cache import memory
from gate.status.cache.file import BlockFile
from gate.status.cache.layout import HASH_BYTES, suffix_bytes
from gate.status.cache.memory import from_planes
from gate.status.cache.whole import MOST_IN_BUCKET, TOGETHER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from mmap import mmap
    from pathlib import Path

    from gate.status.cache.crypto import ListKey
    from gate.status.cache.whole import WholeList

MOST_RAW_BYTES: Final = 24 << 20
_BLOCK_BYTES: Final = 48 << 10
_AT_ONCE: Final = 64 << 10
_MOST_VALUES: Final = 1 << 16
_MOST_ADDED: Final = 1 << 16
_GROUP: Final = 64
"""Buckets of which the file says together how many people were added."""
_NO_VALUE: Final = "a change of the list names a value that it does not hold"


class Change:
    """Read whole.

    Args:
        path: of the file.
        key: of lists.
        signers: raw public keys of whoever may sign lists.

    Raises:
        StatusUnavailable: as ``BlockFile``, or its content is none.
    """

    __slots__ = ("_added", "_before", "_changed", "_codes", "_content", "_indexes", "header", "rows", "values")

    def __init__(self, path: Path, key: ListKey, signers: frozenset[bytes]) -> None:
        file = BlockFile(path, key, signers)
        try:
            self.header = header = file.header
            blocks = map(file.block, range(header.blocks if header.change else 0))
            self._content = _unpacked(blocks, min(header.raw, MOST_RAW_BYTES))
            self._lay_out(1 << header.bits)
        except (StatusUnavailable, struct.error) as fault:
            raise StatusUnavailable(f"{path.name}: {fault}") from None
        finally:
            file.close()

    def _lay_out(self, buckets: int) -> None:
        content, header, groups = self._content, self.header, _groups(buckets)
        (values,) = struct.unpack_from(">H", content)
        self.values = array("I", struct.unpack_from(f">{values}I", content, 2))
        self._changed = 2 + 4 * values
        counts = content[self._changed : self._changed + buckets]
        sums = (sum(counts[at : at + TOGETHER]) for at in range(0, buckets, TOGETHER))
        self._before = array("I", accumulate(sums, initial=0))
        self.rows = self._before[-1]
        added = sum(struct.unpack_from(f">{groups}H", content, self._changed + buckets))
        self._indexes = self._changed + buckets + 2 * groups
        self._codes = self._indexes + self.rows
        self._added = self._codes + 2 * self.rows
        if self._added + (HASH_BYTES + 2) * added != len(content) or (self.rows + added, added) != (
            header.people,
            header.added,
        ):
            raise StatusUnavailable("its content is not of the form of a change")

    def check(self, whole: WholeList) -> None:
        """Raise StatusUnavailable where it is of no such list: it speaks of rows that there are none of."""
        values = len(self.values)
        for starts, part in zip(whole.parts(), self.parts(), strict=True):
            sizes = list(map(sub, starts[1:], starts))
            if min(sizes) < 0:
                raise StatusUnavailable("the blocks of the list that it changes are not in order")
            if not all(map(lt, part.indexes, chain.from_iterable(map(repeat, sizes, part.counts)))):
                raise StatusUnavailable("a change of the list names a row that there is none of")
            if max(part.numbers, default=-1) >= values:
                raise StatusUnavailable(_NO_VALUE)
        try:
            if any(place >= after for (place, _), (after, _) in pairwise(self.added())):
                raise StatusUnavailable("people whom a change adds are not in order")
        except IndexError:
            raise StatusUnavailable(_NO_VALUE) from None

    def find(self, place: bytes, row: int, whole: WholeList) -> int | None:
        """What it says about a hash that is in this row of the whole list, -1 for none; None: nothing.

        Raises:
            StatusUnavailable: it says something that it does not hold.
        """
        return self._find_added(place) if row < 0 else self._find_row(whole.bucket(place), row, whole)

    def _find_row(self, bucket: int, row: int, whole: WholeList) -> int | None:
        content, index = self._content, row - whole.starts(bucket, bucket)[0]
        if index > MOST_IN_BUCKET:
            return None
        together = bucket - bucket % TOGETHER
        here = sum(content[self._changed + together : self._changed + bucket])
        begin = self._indexes + self._before[bucket // TOGETHER] + here
        at = content.find(bytes((index,)), begin, begin + content[self._changed + bucket])
        return None if at < 0 else self._value(self._codes + at - self._indexes, self.rows)

    def _find_added(self, place: bytes) -> int | None:
        count = self.header.added
        number = bisect_left(range(count), place, key=self._hash)
        if number == count or self._hash(number) != place:
            return None
        return self._value(self._added + HASH_BYTES * count + number, count)

    def _hash(self, number: int) -> bytes:
        at = self._added + HASH_BYTES * number
        return self._content[at : at + HASH_BYTES]

    def _value(self, low: int, high: int) -> int:
        """Whose number's low byte is here, and the high one so much further on."""
        try:
            said: int = self.values[self._content[low] | self._content[low + high] << 8]
        except IndexError:
            raise StatusUnavailable(_NO_VALUE) from None
        return said

    def parts(self) -> Iterator[Part]:
        """What it says of each ``TOGETHER`` buckets."""
        content, first, end = self._content, 0, self._changed + (1 << self.header.bits)
        for at in range(self._changed, end, TOGETHER):
            counts = content[at : min(at + TOGETHER, end)]
            rows = sum(counts)
            planes = [self._codes + first, self._codes + self.rows + first]
            indexes = content[self._indexes + first : self._indexes + first + rows]
            yield Part(counts, indexes, from_planes(content, planes, rows))
            first += rows

    def added(self) -> Iterator[tuple[bytes, int]]:
        """Hash and bits of whoever is not on the whole list."""
        content, values, count = self._content, self.values, self.header.added
        codes = self._added + HASH_BYTES * count
        for number in range(count):
            yield self._hash(number), values[content[codes + number] | content[codes + count + number] << 8]


@dataclass(frozen=True, slots=True)
class Part:
    """What a change says of some buckets."""

    counts: bytes
    """How many rows of each changed."""
    indexes: bytes
    """Numbers of those rows in their buckets."""
    numbers: array[int]
    """Of the values of each."""

    def places(self, starts: Sequence[int]) -> list[int]:
        """Numbers of those rows, counted from the first row of the first bucket.

        Args:
            starts: numbers of the buckets' first rows.
        """
        begins = [start - starts[0] for start in starts[:-1]]
        return list(map(add, self.indexes, chain.from_iterable(map(repeat, begins, self.counts))))


def content(people: Iterable[tuple[bytes, int]], whole: WholeList) -> tuple[bytes, int, int]:
    """Write a change.

    Args:
        people: hash and bits of everybody who changed, in order; each once.
        whole: the list that it changes.

    Returns:
        Its content, and how many people changed, and of those how many are not on the whole list.

    Raises:
        ValueError: it says more different things, or adds more people, than a change can.
    """
    bits = whole.file.header.bits
    values, changed, added = dict[int, int](), bytearray(1 << bits), [0] * _groups(1 << bits)
    indexes, codes, places, added_codes = bytearray(), list[int](), bytearray(), list[int]()
    bucket, known = -1, dict[bytes, int]()
    for place, said in people:
        code = values.setdefault(said, len(values))
        if whole.bucket(place) != bucket:
            bucket = whole.bucket(place)
            known = {rest: row for row, (rest, _) in enumerate(whole.rows(bucket))}
        if (row := known.get(place[HASH_BYTES - suffix_bytes(bits) :])) is not None:
            changed[bucket] += 1
            indexes.append(row)
            codes.append(code)
        else:
            added[bucket // _GROUP] += 1
            places += place
            added_codes.append(code)
    if len(values) >= _MOST_VALUES or max(added) >= _MOST_ADDED:
        raise ValueError("there are more new people or different things than a change can hold; build a whole list")
    parts = (struct.pack(f">H{len(values)}I", len(values), *values), changed, struct.pack(f">{len(added)}H", *added))
    rows = (indexes, _planes(codes), places, _planes(added_codes))
    return b"".join((*parts, *rows)), len(codes) + len(added_codes), len(added_codes)


def packed(raw: bytes) -> list[bytes]:
    """A change's content as that of its blocks."""
    deflated = zlib.compress(raw, 9)
    return [deflated[at : at + _BLOCK_BYTES] for at in range(0, len(deflated), _BLOCK_BYTES)]


def _unpacked(blocks: Iterable[bytes], size: int) -> mmap:
    """Into memory that is given back whole: what is unpacked is megabytes, and needed for a second."""
    raw, inflater = memory.taken(size), zlib.decompressobj()
    try:
        for block in blocks:
            part = inflater.decompress(block, _AT_ONCE)
            while part:
                raw.write(part)
                part = inflater.decompress(inflater.unconsumed_tail, _AT_ONCE)
    except zlib.error:
        raise StatusUnavailable("its content can't be unpacked") from None
    except ValueError:  # it has no room for it
        raise StatusUnavailable("its content is not as long as it says") from None
    if raw.tell() != size or not inflater.eof or inflater.unused_data:
        raise StatusUnavailable("its content is not as long as it says")
    return raw


def _planes(codes: list[int]) -> bytes:
    return bytes(code & 255 for code in codes) + bytes(code >> 8 for code in codes)


def _groups(buckets: int) -> int:
    return -(-buckets // _GROUP)
