"""What the fleet has set for this gate, on its disk: signed, in folders, and one small file that says which holds.

::

    settings/in-force.json      which folder holds, which one held before, what was refused and why
    settings/DIGEST/…           metadata of a bundle, and the one file of its role ``config`` that this gate reads

A folder is whole before ``in-force.json`` names it, and that is replaced by one rename: a power cut at any moment
leaves the old settings or the new ones. What is in a folder is verified at every start, so nobody who can only write
to the disk sets anything.
"""

from __future__ import annotations

import logging
import shutil
from typing import TYPE_CHECKING, Final

import msgspec

from gate import durable
from gate.app.logs import line
from gate.config_levels import check
from gate.errors import TrustError
from gate.files import read_bounded
from gate.trust import bundle, settings

if TYPE_CHECKING:
    from pathlib import Path

    from gate.config_levels import Settings
    from gate.trust.bundle import Bundle

FOLDER: Final = "settings"
"""Of the state directory."""
NOTE: Final = "in-force.json"
MOST_STARTS: Final = 3
"""With new settings that have not shown yet that the gate works with them."""
_MOST_NOTE: Final = 64 * 1024
_MOST_WHY: Final = 1000

log = logging.getLogger("gate.settings")


class Note(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where this gate stands with its settings."""

    holds: str = settings.NOTHING
    """Digest of those in force."""
    before: str = settings.NOTHING
    trial: bool = False
    """Whether those in force have still to show that the gate works with them."""
    starts: int = 0
    """So far on trial."""
    needs: tuple[str, ...] = ()
    """What worked before, and has to work again."""
    refused: str = ""
    """Digest of those that this gate can't live with."""
    why: str = ""

    def back(self, why: str) -> Note:
        """The same gate with what held before."""
        return Note(self.before, refused=self.holds, why=why[:_MOST_WHY])

    def without(self, refused: str, why: str) -> Note:
        """The same gate, which has refused something before it was in force."""
        return msgspec.structs.replace(self, refused=refused, why=why[:_MOST_WHY])


class Kept:
    """The folder of one gate.

    Args:
        state: the state directory.
        root: the pinned root's file.
        device: the gate's name in its fleet.
    """

    def __init__(self, state: Path, root: Path, device: str) -> None:
        self._folder = state / FOLDER
        self._root = root
        self.device = device

    @property
    def note(self) -> Note:
        """Where the gate stands; a note that is lost is as good as none: the base holds."""
        try:
            return msgspec.json.decode(read_bounded(self._folder / NOTE, _MOST_NOTE), type=Note)
        except FileNotFoundError:
            return Note()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as fault:
            log.error(line("settings-note-lost", why=str(fault)))
            return Note()

    def write(self, note: Note) -> None:
        """Stand there from now on; the one rename by which settings change.

        Raises:
            OSError: it can't be written; the gate stands where it stood.
        """
        durable.write(self._folder / NOTE, msgspec.json.encode(note), 0o644)

    def settings(self, digest: str) -> Settings:
        """Those of a digest.

        Raises:
            OSError, TrustError, ConfigError: they are not there whole, not signed, or nobody may set them.
        """
        if digest == settings.NOTHING:
            return {}
        if not _is_digest(digest):
            raise TrustError("settings: no name of any")
        pinned, wanted = read_bounded(self._root), settings.wanted_alone(self.device)
        found = settings.own(bundle.open_folder(self._folder / digest, pinned, wanted), self.device)
        if found is None or settings.digest(found) != digest:
            raise TrustError("settings: others than their folder is named for")
        return check(found)

    def put(self, found: Bundle, digest: str) -> None:
        """Keep what a bundle sets for this gate, safe on the disk before anything names it.

        Args:
            found: verified.
            digest: of what it sets; not of what is in force, whose folder is left alone.

        Raises:
            OSError: it can't be written.
        """
        if digest == settings.NOTHING:
            return
        folder = self._folder / digest
        shutil.rmtree(folder, ignore_errors=True)
        folders = {self._folder.parent, self._folder, folder}
        for name, data in found.contents(settings.wanted_alone(self.device)).items():
            durable.write(folder / name, data, 0o644)
            folders.update(parent for parent in (folder / name).parents if parent.is_relative_to(folder))
        for one in folders:
            durable.sync_folder(one)

    def tidy(self, *digests: str) -> None:
        """Erase what is of no other digest than these."""
        for path in self._folder.glob("*/"):
            if path.name not in digests:
                shutil.rmtree(path, ignore_errors=True)


def _is_digest(text: str) -> bool:
    return text.isascii() and text.isalnum()
