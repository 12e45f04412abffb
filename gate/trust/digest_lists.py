"""Lists of digests in files that are searched as they lie: what was revoked, and later what changed in that.

A digest is cut to one width in a file, and the digests stand sorted behind a directory of their first bits, so that
a look-up reads one small part. Nothing is copied out of the file: 458,244 digests of 16 bytes take their 7.3 MB.

A file (big endian): ``GRL1``, ``after`` (4 bytes; 0: the whole list, else the number of the list that this one
changes), ``number`` (4; what the list is after it), then the digests that are revoked, and in a change also those
that no longer are. Digests: width (1), bits of the directory (1), their count (4), then for every value of these
bits the number of digests up to its end (4 each), then the digests, each once.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise, starmap
from operator import lt
from typing import TYPE_CHECKING, Final

from gate.errors import TrustError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

MAX_FILE_BYTES: Final = 64 << 20
"""Four million digests of 16 bytes; the largest list known had 458,244."""
WIDTHS: Final = range(4, 32 + 1)
WIDTH: Final = 16
"""What the EU's gateway hands out: 128 bits."""
MAX_NUMBER: Final = (1 << 32) - 1

_MAGIC: Final = b"GRL1"
_HEAD: Final = struct.Struct(">4sII")
_DIGESTS: Final = struct.Struct(">BBI")
_MAX_BITS: Final = 12
_PREFIX_BYTES: Final = 4
_SMALL_PART: Final = 64
"""Digests that a part of the directory is meant to have, at least."""


class DigestList:
    """Sorted digests inside of a file."""

    __slots__ = ("_bits", "_data", "_ends", "_start", "width")

    def __init__(self, data: bytes, start: int) -> None:
        """Find the digests that are described at ``start``, and look at each of them once.

        Raises:
            TrustError: they are cut off, unsorted, twice there, or not where the directory says.
        """
        try:
            count: int
            self.width: int
            self._bits: int
            self.width, self._bits, count = _DIGESTS.unpack_from(data, start)
            if self.width not in WIDTHS or self._bits > _MAX_BITS:
                raise TrustError("a list of digests of a width or with a directory that is not known")
            parts = 1 << self._bits
            self._ends: tuple[int, ...] = (0, *struct.unpack_from(f">{parts}I", data, start + _DIGESTS.size))
        except struct.error:
            raise TrustError("a list of digests is cut off") from None
        self._data = data
        self._start: int = start + _DIGESTS.size + 4 * parts
        if self._start + count * self.width > len(data):
            raise TrustError("a list of digests is cut off")
        self._check(count)

    def __contains__(self, digest: bytes) -> bool:
        """Whether the list has this digest, of which so many bytes are looked at as the list keeps."""
        data, start, width = self._data, self._start, self.width
        digest = digest[:width]
        part = self._part(digest)
        low, high = self._ends[part], self._ends[part + 1]
        while low < high:
            middle = (low + high) // 2
            at = start + middle * width
            found = data[at : at + width]
            if found == digest:
                return True
            if found < digest:
                low = middle + 1
            else:
                high = middle
        return False

    @property
    def count(self) -> int:
        """How many digests there are."""
        return self._ends[-1]

    @property
    def end(self) -> int:
        """Where in the file the digests end."""
        return self._start + self.count * self.width

    def _check(self, count: int) -> None:
        """A list that is out of order would be searched in vain, and everybody on it let in."""
        if self._ends[-1] != count or any(before > after for before, after in pairwise(self._ends)):
            raise TrustError("a list of digests whose directory does not end where the list does")
        digests = struct.iter_unpack(f"{self.width}s", memoryview(self._data)[self._start : self.end])
        if not all(starmap(lt, pairwise(digests))):
            raise TrustError("a list of digests that is not sorted, or has one of them twice")
        for part, end in enumerate(self._ends[1:]):
            if (end and self._part_of(end - 1) > part) or (end < count and self._part_of(end) <= part):
                raise TrustError("a list of digests that are not where its directory says")

    def _part_of(self, number: int) -> int:
        at = self._start + number * self.width
        return self._part(self._data[at : at + _PREFIX_BYTES])

    def _part(self, digest: bytes) -> int:
        return int.from_bytes(digest[:_PREFIX_BYTES], "big") >> (8 * _PREFIX_BYTES - self._bits)


@dataclass(frozen=True, slots=True)
class ListFile:
    """One file: a whole list, or what changed in it."""

    after: int
    """The number of the list that this one changes; 0 where it is the whole list."""
    number: int
    revoked: DigestList
    restored: DigestList | None
    """Of a change: what is no longer revoked."""

    @classmethod
    def load(cls, data: bytes) -> ListFile:
        """Read a file.

        Raises:
            TrustError: it is none, or any of it is out of order.
        """
        if len(data) > MAX_FILE_BYTES:
            raise TrustError(f"a list of digests of more than {MAX_FILE_BYTES >> 20} MiB")
        if len(data) < _HEAD.size or not data.startswith(_MAGIC):
            raise TrustError("not a list of digests")
        _, after, number = _HEAD.unpack_from(data)
        if number <= after:
            raise TrustError("a list of digests that is older than what it changes")
        revoked = DigestList(data, _HEAD.size)
        restored = DigestList(data, revoked.end) if after else None
        last = revoked if restored is None else restored
        if last.end != len(data) or last.width != revoked.width:
            raise TrustError("a list of digests that is followed by more, or of two widths")
        return cls(after, number, revoked, restored)


class ChangedList:
    """A whole list with the changes made to it since."""

    __slots__ = ("_changes", "_whole", "number")

    def __init__(self, files: Sequence[ListFile]) -> None:
        """Put a whole list and its changes together, in their order.

        Raises:
            TrustError: the first is no whole list or another is one, widths differ, or digests are too short to be
                taken off a list again: that of another certificate may be the same.
        """
        first, *changes = files
        if first.after or not all(change.after for change in changes):
            raise TrustError("a list of digests must be whole, and what follows it must be changes")
        widths = {file.revoked.width for file in files}
        if changes and (len(widths) > 1 or min(widths) < WIDTH):
            raise TrustError(f"lists that change must all have one width, of at least {WIDTH} bytes")
        self._whole = first.revoked
        self._changes = [(change.revoked, change.restored) for change in reversed(changes)]
        gap = any(before.number != change.after for before, change in pairwise(files))
        self.number = None if gap else files[-1].number
        """Which list it is; None where a change is missing, and nobody knows."""

    def __contains__(self, digest: bytes) -> bool:
        for revoked, restored in self._changes:
            if digest in revoked:
                return True
            if restored is not None and digest in restored:
                return False
        return digest in self._whole


def whole(digests: Iterable[bytes], number: int, width: int = WIDTH) -> bytes:
    """Write a whole list.

    Args:
        digests: SHA-256 digests, whole or already cut, in any order.
        number: of this list, from 1 on; greater than that of every list before it.
        width: bytes to keep of each.
    """
    return _HEAD.pack(_MAGIC, 0, number) + _digests(digests, width)


def change(revoked: Iterable[bytes], restored: Collection[bytes], after: int, number: int) -> bytes:
    """Write what changed in list ``after``, which is ``number`` from then on."""
    return _HEAD.pack(_MAGIC, after, number) + _digests(revoked, WIDTH) + _digests(restored, WIDTH)


def _digests(digests: Iterable[bytes], width: int) -> bytes:
    kept = sorted({digest[:width] for digest in digests})
    bits = min(_MAX_BITS, (len(kept) // _SMALL_PART).bit_length())
    counts = [0] * (1 << bits)
    for digest in kept:
        counts[int.from_bytes(digest[:_PREFIX_BYTES], "big") >> (8 * _PREFIX_BYTES - bits)] += 1
    ends, end = [], 0
    for number in counts:
        end += number
        ends.append(end)
    return _DIGESTS.pack(width, bits, len(kept)) + struct.pack(f">{len(ends)}I", *ends) + b"".join(kept)
