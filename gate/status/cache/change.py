"""A change of a whole list: who says something else now, packed; a gate holds it in memory.

::

    different values (2 bytes), each value (4 bytes)
    for each bucket how many of its rows changed (1 byte)
    for each 64 buckets how many people were added (2 bytes)
    changed rows: number in the bucket (1 byte each); number of the value, low bytes, then high bytes
    people added: hash (6 bytes); number of the value, low bytes, then high bytes

Rows are named by their number in the whole list's bucket, since the keyed hash of somebody who was named once already
would be most of a change. All of it is deflated, and cut into blocks.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from gate.errors import StatusUnavailable
from gate.status.cache.file import BlockFile
from gate.status.cache.layout import HASH_BYTES, suffix_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gate.status.cache.crypto import ListKey
    from gate.status.cache.whole import Rows, WholeList

MOST_RAW_BYTES: Final = 24 << 20
_BLOCK_BYTES: Final = 48 << 10
_MOST_VALUES: Final = 1 << 16
_MOST_ADDED: Final = 1 << 16
_TOGETHER: Final = 64
"""Buckets whose rows are found by one number that is held, and a short sum."""


class Change:
    """Read whole, to be asked.

    Raises:
        StatusUnavailable: as ``BlockFile``, or its content is none.
    """

    __slots__ = (
        *("_added", "_added_codes", "_added_from", "_changed", "_codes", "_content", "_from", "_indexes", "_values"),
        "header",
    )

    def __init__(self, path: Path, key: ListKey, signers: frozenset[bytes]) -> None:
        file = BlockFile(path, key, signers)
        try:
            self.header = header = file.header
            packed = b"".join(file.block(number) for number in range(header.blocks)) if header.change else b""
            self._content = _unpacked(packed, min(header.raw, MOST_RAW_BYTES))
            self._lay_out(1 << header.bits)
        except (StatusUnavailable, struct.error) as fault:
            raise StatusUnavailable(f"{path.name}: {fault}") from None
        finally:
            file.close()

    def _lay_out(self, buckets: int) -> None:
        content, header, groups = self._content, self.header, _groups(buckets)
        (values,) = struct.unpack_from(">H", content)
        self._values = array("I", struct.unpack_from(f">{values}I", content, 2))
        self._changed = 2 + 4 * values
        numbers = content[self._changed : self._changed + buckets]
        self._from = _starts([sum(numbers[at : at + _TOGETHER]) for at in range(0, buckets, _TOGETHER)])
        self._added_from = _starts(struct.unpack_from(f">{groups}H", content, self._changed + buckets))
        changed, added = self._from[-1], self._added_from[-1]
        self._indexes = self._changed + buckets + 2 * groups
        self._codes = self._indexes + changed
        self._added = self._codes + 2 * changed
        self._added_codes = self._added + HASH_BYTES * added
        if self._added_codes + 2 * added != len(content) or (changed + added, added) != (header.people, header.added):
            raise StatusUnavailable("its content is not of the form of a change")

    def changed(self, bucket: int, row: int) -> int | None:
        """What it says about a row of the whole list; None: nothing."""
        content = self._content
        count = content[self._changed + bucket]
        if not count:
            return None
        first = self._first(bucket)
        at = content.find(row, self._indexes + first, self._indexes + first + count)
        return None if at < 0 else self._value(self._codes, at - self._indexes, self._from[-1])

    def added(self, bucket: int, place: bytes) -> int | None:
        """What it says about somebody who is not on the whole list; None: nothing."""
        group = bucket // _TOGETHER
        for number in range(self._added_from[group], self._added_from[group + 1]):
            if self._place(number) == place:
                return self._value(self._added_codes, number, self._added_from[-1])
        return None

    def apply(self, bucket: int, rows: Rows, extra: dict[bytes, int]) -> None:
        """Write everything about a bucket into the rows of the whole list."""
        first = self._first(bucket)
        for number in range(first, first + self._content[self._changed + bucket]):
            row = self._content[self._indexes + number]
            if row >= len(rows):
                raise StatusUnavailable("a change of the list names a row that there is none of")
            rows[row] = (rows[row][0], self._value(self._codes, number, self._from[-1]))
        left, skipped = 24 - self.header.bits, HASH_BYTES - self.header.suffix_bytes
        group = bucket // _TOGETHER
        for number in range(self._added_from[group], self._added_from[group + 1]):
            place = self._place(number)
            if int.from_bytes(place[:3], "big") >> left == bucket:
                extra[place[skipped:]] = self._value(self._added_codes, number, self._added_from[-1])

    def _first(self, bucket: int) -> int:
        group = bucket // _TOGETHER
        start = self._changed + group * _TOGETHER
        return self._from[group] + sum(self._content[start : self._changed + bucket])

    def _place(self, number: int) -> bytes:
        at = self._added + number * HASH_BYTES
        return self._content[at : at + HASH_BYTES]

    def _value(self, codes: int, number: int, count: int) -> int:
        code = self._content[codes + number] | self._content[codes + count + number] << 8
        if code >= len(self._values):
            raise StatusUnavailable("a change of the list names a value that it does not hold")
        value: int = self._values[code]
        return value


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
            added[bucket // _TOGETHER] += 1
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


def _unpacked(data: bytes, size: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(data, size + 1)
    except zlib.error:
        raise StatusUnavailable("its content can't be unpacked") from None
    if len(raw) != size or not inflater.eof or inflater.unused_data:
        raise StatusUnavailable("its content is not as long as it says")
    return raw


def _planes(codes: list[int]) -> bytes:
    return bytes(code & 255 for code in codes) + bytes(code >> 8 for code in codes)


def _groups(buckets: int) -> int:
    return -(-buckets // _TOGETHER)


def _starts(counts: Iterable[int]) -> array[int]:
    """Where the rows of every group of buckets begin, and where the last ends."""
    return array("I", accumulate(counts, initial=0))
