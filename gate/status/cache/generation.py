"""One generation of a list: the whole list and the changes since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate.errors import StatusUnavailable
from gate.status.cache.payload import REMOVED, STEP_S, moved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.status.cache.change import Change
    from gate.status.cache.layout import Header
    from gate.status.cache.overlay import Overlay
    from gate.status.cache.whole import Rows, WholeList

MOST_BYTES_OF_CHANGES: Final = 8 << 20
"""That a gate holds in memory; a list whose changes are more has to be made anew."""


class Generation:
    """Ready to be asked; used by one thread at a time.

    Args:
        whole: the list.
        changes: headers of its changes, in their order.
        overlay: what the first of them say, laid over each other; None where there are none.
        apart: the others, in their order, each asked by itself.
    """

    __slots__ = ("_apart", "_changes", "_overlay", "_whole", "newest", "whole")

    def __init__(
        self, whole: WholeList, changes: Sequence[Header], overlay: Overlay | None, apart: Sequence[Change] = ()
    ) -> None:
        self._whole = whole
        self._changes = tuple(changes)
        self._overlay = overlay
        self._apart = tuple(reversed(apart))
        self.whole: Header = whole.file.header
        self.newest: Header = changes[-1] if changes else self.whole
        """Whose times count."""

    def find(self, place: bytes) -> int:
        """The bits of somebody's hash, 0 for nobody's.

        Raises:
            StatusUnavailable: the block is damaged, or a change that was not looked through yet.
        """
        row, bits = self._whole.find(place)
        for change in self._apart:
            if (changed := change.find(place, row, self._whole)) is not None:
                return changed
        overlay = self._overlay
        if overlay is None:
            return bits
        said = overlay.changed(row) if row >= 0 else overlay.added.find(place)
        return bits if said is None else said

    def folded(self, origin: int) -> Iterator[Rows]:
        """Every bucket as it is after the changes, with times that begin at ``origin``.

        Raises:
            StatusUnavailable: a block is damaged.
            ValueError: not all changes are laid over each other.
        """
        if self._apart:
            raise ValueError("its changes are not laid over each other yet")
        slots = (origin - self.whole.origin) // STEP_S
        for bucket in range(self.whole.blocks):
            rows = self._whole.rows(bucket)
            if self._overlay is not None:
                rows = self._overlay.laid_over(rows, bucket, self._whole)
            yield sorted((rest, moved(said, slots)) for rest, said in rows if said != REMOVED)

    @property
    def list(self) -> WholeList:
        """The whole list itself."""
        return self._whole

    def close(self) -> None:
        self._whole.close()

    @property
    def changes(self) -> int:
        """How many are in it."""
        return len(self._changes)

    @property
    def people(self) -> int:
        """On the list, but for those whom changes took off it."""
        return self.whole.people + sum(change.added for change in self._changes)


def check_next(header: Header, whole: Header, number: int) -> None:
    """Raise StatusUnavailable where a change is not the one that comes next in a generation."""
    mine = (header.kind, header.number, header.of, header.bits, header.origin, header.change)
    if mine != (whole.kind, whole.number, whole.salt, whole.bits, whole.origin, number):
        raise StatusUnavailable("is a change of another list, or not the next one")
