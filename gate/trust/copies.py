"""The last good bundle, kept in two places in turn: one is written while the other stays whole.

Nothing says which of the two is the good one but themselves: they are verified like any bundle, and the newer one that
verifies is it. A copy that a power cut left half written, or that a bad disk has changed, is none.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from gate import durable
from gate.errors import TrustError
from gate.trust import bundle

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from gate.trust.bundle import Bundle

PLACES: Final = ("trust-a", "trust-b")
_TIMESTAMP: Final = "timestamp.json"


class Copies:
    """Two places in one folder."""

    def __init__(self, folder: Path, places: tuple[str, str] = PLACES, wanted: Collection[str] = bundle.ROLES) -> None:
        self._folder = folder
        self._places = places
        self._wanted = wanted
        """Roles whose files are kept."""
        self._newest: str | None = None
        """Where the last good one is, which must not be touched."""
        self._metadata: Mapping[str, bytes] = {}
        """What proves it."""

    @property
    def place(self) -> Path | None:
        """The folder of the last good one; None where there is none."""
        return None if self._newest is None else self._folder / self._newest

    def newest(self, pinned_root: bytes) -> Bundle | None:
        """The newest copy that verifies."""
        newest: Bundle | None = None
        for place in self._places:
            try:
                found = bundle.open_folder(self._folder / place, pinned_root, self._wanted)
            except TrustError:
                continue
            if newest is None or _age(found) > _age(newest):
                newest, self._newest, self._metadata = found, place, found.metadata
        return newest

    def keep(self, kept: Bundle) -> None:
        """Write a bundle that may be used from now on; afterwards, and after a power cut, one of the two is whole.

        Raises:
            OSError: it can't be written; the one before is still there.
        """
        if kept.metadata == self._metadata:
            return
        if self.place is not None and _but_for_its_time(kept.metadata) == _but_for_its_time(self._metadata):
            # Signed anew, mostly every few hours: one small file, replaced at once, and a memory card lives longer.
            durable.write(self.place / _TIMESTAMP, kept.metadata[_TIMESTAMP], 0o644)
            self._metadata = kept.metadata
            return
        first, second = self._places
        place = second if self._newest == first else first
        folder = self._folder / place
        if folder.exists():
            shutil.rmtree(folder)
        folders = {self._folder.parent, self._folder, folder}
        for name, data in kept.contents(self._wanted).items():
            path = folder / name
            durable.write(path, data, 0o644)
            folders.update(parent for parent in path.parents if parent.is_relative_to(folder))
        for one in folders:
            durable.sync_folder(one)
        self._newest, self._metadata = place, kept.metadata


def _but_for_its_time(metadata: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in metadata.items() if name != _TIMESTAMP}


def _age(found: Bundle) -> tuple[int, ...]:
    return tuple(found.roles[role].version for role in ("root", "timestamp", "snapshot", "targets", bundle.ROLE))
