"""What one gate has sent, as it is kept. Pure."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from gate.errors import WireFault
from gate.wire.message import decode
from gate.wire.passages import Passage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.plane.devices import Known
    from gate.wire.passages import Opened

GREATEST: Final = (1 << 63) - 1
_YEARS: Final = (1970, 9000)


class _Numbered(msgspec.Struct):
    seq: int


@dataclass(frozen=True, slots=True, eq=False)
class Upload:
    """A batch, and what of it is a passage."""

    gate: int
    series: int
    batch: str
    rows: tuple[tuple[bytes, Passage | WireFault], ...]
    """As they came, in their order."""
    good: tuple[Passage, ...]
    """The highest revision of each."""

    @classmethod
    def of(cls, gate: Known, batch: Opened) -> Upload:
        """Raises WireFault: it is no batch that can be kept."""
        if batch.series > GREATEST:
            raise WireFault("the number of the series is too large")
        rows = tuple((raw, _storable(row)) for raw, row in batch.rows)
        return cls(gate.id, batch.series, batch.batch, rows, _newest(row for _, row in rows))

    @property
    def key(self) -> tuple[int, int]:
        """Whose row numbers these are."""
        return self.gate, self.series

    @property
    def clean(self) -> bool:
        """Whether every row is a passage."""
        return all(isinstance(row, Passage) for _, row in self.rows)

    def numbers(self) -> list[int]:
        """The numbers of all rows, also of those that are here but not as they should be."""
        found = []
        for raw, row in self.rows:
            if isinstance(row, Passage):
                found.append(row.seq)
            else:
                with contextlib.suppress(WireFault):
                    found.append(decode(raw, _Numbered).seq)
        return [number for number in found if 1 <= number <= GREATEST]


def _storable(row: Passage | WireFault) -> Passage | WireFault:
    if isinstance(row, Passage):
        if max(row.seq, row.revision) > GREATEST:
            return WireFault("a number is too large")
        if not _YEARS[0] < row.at.year < _YEARS[1]:
            return WireFault("nobody was here in that year")
    return row


def _newest(rows: Iterable[Passage | WireFault]) -> tuple[Passage, ...]:
    found: dict[str, Passage] = {}
    for row in rows:
        if isinstance(row, Passage) and (row.id not in found or found[row.id].revision < row.revision):
            found[row.id] = row
    return tuple(found.values())
