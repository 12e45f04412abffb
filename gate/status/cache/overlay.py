"""All changes of a list laid over each other: the newest word about each row, in memory, asked at once.

A bit for each row of the whole list says whether it changed; how many bits are set before it is the place of its
value's number. Seven and a half million rows of which 30 % changed are 5.5 MB, and asking costs a microsecond, however
many changes there were. It is made anew when a change comes, from the one before it, while that one still answers.
"""

from __future__ import annotations

from array import array
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Final

from gate.status.cache import memory
from gate.status.cache.added import Added
from gate.status.cache.layout import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.status.cache.change import Change
    from gate.status.cache.whole import Rows, WholeList

_COUNTED_BITS: Final = 9
_COUNTED: Final = 1 << _COUNTED_BITS
"""Rows of which it is known how many changed before them."""
_COUNTED_BYTES: Final = _COUNTED // 8
_DIGITS: Final = bytes.maketrans(b"\0\1", b"01")
_FLAGS: Final = bytes.maketrans(b"01", b"\0\1")


class Overlay:
    """What changes say.

    Args:
        whole: the list that they change.
        before: of the changes before these; None: these are the first.
        changes: in their order, each checked against the whole list.
    """

    __slots__ = ("_before", "_high", "_highest", "_low", "_memory", "_planes", "added", "values")

    def __init__(self, whole: WholeList, before: Overlay | None, changes: Sequence[Change]) -> None:
        self.values, numbers = _values(before, changes)
        rows = (0 if before is None else before.rows) + sum(change.rows for change in changes)
        blocks = whole.file.header.blocks
        bits = -(-whole.starts(blocks, blocks)[0] // _COUNTED) * _COUNTED_BYTES
        planes = 2 if len(self.values) <= 1 << 16 else 3
        self._planes = [bits + plane * rows for plane in range(planes)]
        self._low, self._high, self._highest = (*self._planes, 0)[:3]
        self._memory = memory.taken(bits + planes * rows)
        self._lay(whole, before, changes, numbers)
        self._before = self._count()
        earlier: tuple[Added, ...] = () if before is None else (before.added,)
        self.added: Added = Added((*earlier, *(change.added() for change in changes)))

    @property
    def rows(self) -> int:
        """How many rows of the whole list changed."""
        return self._before[-1]

    def changed(self, row: int) -> int | None:
        """What it says about a row of the whole list; None: nothing."""
        content, byte, right = self._memory, row >> 3, ~row & 7
        if not content[byte] >> right & 1:
            return None
        counted = row >> _COUNTED_BITS
        until = int.from_bytes(content[counted << _COUNTED_BITS - 3 : byte + 1], "big") >> right
        at = self._before[counted] + until.bit_count() - 1
        number = content[self._low + at] | content[self._high + at] << 8
        if self._highest:
            number |= content[self._highest + at] << 16
        said: int = self.values[number]
        return said

    def laid_over(self, rows: Rows, bucket: int, whole: WholeList) -> Rows:
        """Everybody in a bucket of the whole list as it is after the changes, in no order."""
        (first, _), bits = whole.starts(bucket, bucket + 1), whole.file.header.bits
        skipped = HASH_BYTES - whole.file.header.suffix_bytes
        changed = map(self.changed, range(first, first + len(rows)))
        now = [(rest, said if new is None else new) for (rest, said), new in zip(rows, changed, strict=True)]
        return now + [(place[skipped:], said) for place, said in self.added.beginning_with(bucket, bits)]

    def said(self, first: int, last: int) -> tuple[bytearray, array[int]]:
        """For each of these rows whether it changed, 1 or 0, and the numbers of the values of those that did."""
        if first == last:
            return bytearray(), array("I")
        bits = int.from_bytes(self._memory[first >> 3 : (last + 7) >> 3], "big") >> (-last & 7)
        digits = format(bits & (1 << (last - first)) - 1, f"0{last - first}b").encode("ascii")
        at = self._place(first)
        numbers = memory.from_planes(self._memory, [plane + at for plane in self._planes], self._place(last) - at)
        return bytearray(digits.translate(_FLAGS)), numbers

    def _place(self, row: int) -> int:
        counted = row // _COUNTED
        bits = int.from_bytes(self._memory[counted * _COUNTED_BYTES : (row + 7) >> 3], "big") >> (-row & 7)
        return self._before[counted] + bits.bit_count()

    def _lay(
        self, whole: WholeList, before: Overlay | None, changes: Sequence[Change], numbers: Sequence[array[int]]
    ) -> None:
        at, row, left = 0, 0, bytearray()
        for starts, *parts in zip(whole.parts(), *(change.parts() for change in changes), strict=True):
            first, last = starts[0], starts[-1]
            flags, said = (bytearray(last - first), array("I")) if before is None else before.said(first, last)
            new = dict[int, int]()
            for part, known in zip(parts, numbers, strict=True):
                new.update(zip(part.places(starts), map(known.__getitem__, part.numbers), strict=True))
            said = _laid(flags, said, new)
            at = self._write_numbers(at, said)
            left += flags
            row += self._write_bits(row, left)
        left += bytes(-len(left) % _COUNTED)
        self._write_bits(row, left)

    def _count(self) -> array[int]:
        """How many rows changed before each ``_COUNTED`` of them, and in all."""
        chunks = (self._memory[at : at + _COUNTED_BYTES] for at in range(0, self._planes[0], _COUNTED_BYTES))
        return array("I", accumulate((int.from_bytes(chunk, "big").bit_count() for chunk in chunks), initial=0))

    def _write_numbers(self, at: int, numbers: array[int]) -> int:
        end = at + len(numbers)
        for start, plane in zip(self._planes, memory.to_planes(numbers, len(self._planes)), strict=True):
            self._memory[start + at : start + end] = plane
        return end

    def _write_bits(self, row: int, flags: bytearray) -> int:
        """Write as many as can be counted, and take them away; gives how many."""
        rows = len(flags) // _COUNTED * _COUNTED
        if rows:
            digits = flags[:rows].translate(_DIGITS)
            self._memory[row // 8 : (row + rows) // 8] = int(digits, 2).to_bytes(rows // 8, "big")
            del flags[:rows]
        return rows


def _values(before: Overlay | None, changes: Sequence[Change]) -> tuple[array[int], list[array[int]]]:
    """Every value once, by a number that is never 0; and for each change what the numbers of its values become."""
    known = {} if before is None else {value: number for number, value in enumerate(before.values) if number}
    numbers = [array("I", [known.setdefault(value, len(known) + 1) for value in change.values]) for change in changes]
    return array("I", chain((0,), known)), numbers


def _laid(flags: bytearray, said: array[int], new: dict[int, int]) -> array[int]:
    """What is said once a change is laid over it.

    Args:
        flags: for each row 1 where it changed, 0 where not; after that with this change.
        said: the numbers of those that did.
        new: row to number.
    """
    now, at, here = array("I"), 0, 0
    places = sorted(new)
    if said:
        for place in places:
            until = at + flags.count(1, here, place)
            now += said[at:until]
            now.append(new[place])
            at = until + flags[place]
            here = place + 1
        now += said[at:]
    else:
        now.extend(map(new.__getitem__, places))
    for place in places:
        flags[place] = 1
    return now
