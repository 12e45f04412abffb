"""A change of a whole list: who says something else now, packed; a gate holds it in memory.

::

    different values (2 bytes), each value (4 bytes)
    for each bucket how many of its rows changed (1 byte); for each bucket how many people were added (1 byte)
    changed rows: number in the bucket (1 byte each); number of the value, low bytes, then high bytes
    people added: rest of the hash; number of the value, low bytes, then high bytes

Rows are named by their number in the whole list's bucket, since the keyed hash of somebody who was named once already
would be most of a change. All of it is deflated, and cut into blocks.
"""

from __future__ import annotations

import struct
import zlib
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
_MOST_ADDED: Final = 255
_TOGETHER: Final = 64
"""Buckets whose rows are found by one number that is held, and a short sum."""


class Change:
    """Read whole, to be asked.

    Raises:
        StatusUnavailable: as ``BlockFile``, or its content is none.
    """

    __slots__ = (
        *("_added", "_added_codes", "_added_from", "_changed", "_codes", "_content", "_from", "_indexes", "_suffix"),
        *("_suffixes", "_values", "header"),
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
        content, header = self._content, self.header
        (values,) = struct.unpack_from(">H", content)
        self._values = struct.unpack_from(f">{values}I", content, 2)
        changed_at = 2 + 4 * values
        added_at = changed_at + buckets
        self._changed, self._added = content[changed_at:added_at], content[added_at : added_at + buckets]
        changed, added = sum(self._changed), sum(self._added)
        self._suffix = header.suffix_bytes
        self._indexes = added_at + buckets
        self._codes = self._indexes + changed
        self._suffixes = self._codes + 2 * changed
        self._added_codes = self._suffixes + self._suffix * added
        if self._added_codes + 2 * added != len(content) or (changed + added, added) != (header.people, header.added):
            raise StatusUnavailable("its content is not of the form of a change")
        self._from, self._added_from = _starts(self._changed), _starts(self._added)

    def changed(self, bucket: int, row: int) -> int | None:
        """What it says about a row of the whole list; None: nothing."""
        count = self._changed[bucket]
        if not count:
            return None
        group = bucket // _TOGETHER
        begin = self._indexes + self._from[group] + sum(self._changed[group * _TOGETHER : bucket])
        at = self._content.find(row, begin, begin + count)
        return None if at < 0 else self._value(self._codes, at - self._indexes, self._suffixes - self._codes)

    def added(self, bucket: int, rest: bytes) -> int | None:
        """What it says about somebody who is not on the whole list; None: nothing."""
        count, suffix = self._added[bucket], self._suffix
        if not count:
            return None
        group = bucket // _TOGETHER
        first = self._added_from[group] + sum(self._added[group * _TOGETHER : bucket])
        for number in range(first, first + count):
            at = self._suffixes + number * suffix
            if self._content[at : at + suffix] == rest:
                return self._value(self._added_codes, number, len(self._content) - self._added_codes)
        return None

    def apply(self, bucket: int, rows: Rows, extra: dict[bytes, int]) -> None:
        """Write everything about a bucket into the rows of the whole list, and into those that were added."""
        group = bucket // _TOGETHER
        first = self._from[group] + sum(self._changed[group * _TOGETHER : bucket])
        for number in range(first, first + self._changed[bucket]):
            row = self._content[self._indexes + number]
            if row >= len(rows):
                raise StatusUnavailable("a change of the list names a row that there is none of")
            rows[row] = (rows[row][0], self._value(self._codes, number, self._suffixes - self._codes))
        first = self._added_from[group] + sum(self._added[group * _TOGETHER : bucket])
        for number in range(first, first + self._added[bucket]):
            at = self._suffixes + number * self._suffix
            value = self._value(self._added_codes, number, len(self._content) - self._added_codes)
            extra[self._content[at : at + self._suffix]] = value

    def _value(self, codes: int, number: int, size: int) -> int:
        code = self._content[codes + number] | self._content[codes + size // 2 + number] << 8
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
    suffix, values = suffix_bytes(bits), dict[int, int]()
    changed, added = bytearray(1 << bits), bytearray(1 << bits)
    indexes, codes, suffixes, added_codes = bytearray(), list[int](), bytearray(), list[int]()
    bucket, known = -1, dict[bytes, int]()
    for place, said in people:
        code = values.setdefault(said, len(values))
        if whole.bucket(place) != bucket:
            bucket = whole.bucket(place)
            known = {rest: row for row, (rest, _) in enumerate(whole.rows(bucket))}
        rest = place[HASH_BYTES - suffix :]
        if (row := known.get(rest)) is not None:
            changed[bucket] += 1
            indexes.append(row)
            codes.append(code)
            continue
        if added[bucket] == _MOST_ADDED:
            raise ValueError("more people are new than a change can add; build a whole list")
        added[bucket] += 1
        suffixes += rest
        added_codes.append(code)
    if len(values) >= _MOST_VALUES:
        raise ValueError("more different things are said than a change can hold; build a whole list")
    parts = (struct.pack(f">H{len(values)}I", len(values), *values), changed, added, indexes, _planes(codes))
    return b"".join((*parts, suffixes, _planes(added_codes))), len(codes) + len(added_codes), len(added_codes)


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


def _starts(numbers: bytes) -> list[int]:
    """Where the rows of every group of buckets begin."""
    starts, at = [], 0
    for begin in range(0, len(numbers), _TOGETHER):
        starts.append(at)
        at += sum(numbers[begin : begin + _TOGETHER])
    return starts
