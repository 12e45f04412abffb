"""The folder that a web server serves, from which every gate fetches what its ring has.

::

    content/7.trust.json trust/HASH.anchors.json …   everything but timestamps, once; a name never means another content
    views/7/timestamp.json                           the one file that says which of them belong together
    views/7/…                                        links to all of content/, as far as it was there by then
    rings/00 … rings/99                              links to a view: what a ring has; switched by one rename
    rings/gate-NAME                                  the same for one gate, before its ring

Whoever fetches while a ring is switched finds the rest of what it has begun in the new view as well.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from fleet.errors import FleetError
from gate import durable
from gate.trust import publish
from gate.trust.bundle import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gate.trust.bundle import Bundle

_TIMESTAMP: Final = "timestamp.json"


class Site:
    """One such folder; whatever breaks off in between, every gate finds something whole."""

    def __init__(self, folder: Path) -> None:
        self._content = folder / "content"
        self._views = folder / "views"
        self._rings = folder / "rings"

    def has(self, version: int) -> bool:
        """Whether rings can be switched to it."""
        return (self._views / str(version) / _TIMESTAMP).is_file()

    def timestamp(self, version: int) -> int:
        """The version of a bundle's timestamp, which may have been signed anew; 0 where there is none."""
        try:
            data = (self._views / str(version) / _TIMESTAMP).read_bytes()
        except FileNotFoundError:
            return 0
        return int(json.loads(data)["signed"]["version"])

    def rules(self, version: int) -> dict[str, bytes]:
        """The files of the role ``rules`` in a bundle that is there, by name; none where it has no such role."""
        try:
            listed = json.loads((self._content / f"{version}.{RULES}.json").read_bytes())["signed"]["targets"]
        except FileNotFoundError:
            return {}
        found = {}
        for name, described in listed.items():
            folder, _, base = name.rpartition("/")
            path = self._content / folder / f"{described['hashes']['sha256']}.{base}"
            found[name.removeprefix(f"{RULES}/")] = path.read_bytes()
        return found

    def check(self, found: Bundle) -> None:
        """Refuse a bundle of which a name stands for something else already.

        Raises:
            FleetError: it does.
        """
        for name, data in publish.site(found).items():
            path = self._content / name
            if name != _TIMESTAMP and path.exists() and path.read_bytes() != data:
                raise FleetError(f"{name} was published before with another content; sign it with a higher version")

    def put(self, found: Bundle) -> None:
        """Put a bundle there; nobody finds it yet.

        Raises:
            FleetError: as ``check``.
            OSError: it can't be written.
        """
        self.check(found)
        for name, data in publish.site(found).items():
            if name != _TIMESTAMP and not (self._content / name).exists():
                durable.write(self._content / name, data, 0o644)
        view = self._views / str(found.version)
        view.mkdir(parents=True, exist_ok=True)
        for entry in sorted(self._content.iterdir()):
            _link(view / entry.name, f"../../content/{entry.name}")
        durable.sync_folder(view)
        durable.write(view / _TIMESTAMP, found.metadata[_TIMESTAMP], 0o644)
        durable.sync_folder(self._views)

    def switch(self, names: Iterable[str], version: int) -> int:
        """Let rings, and gates of their own, find a bundle that is there; gives how many did not yet.

        Raises:
            OSError: it can't be written.
        """
        self._rings.mkdir(parents=True, exist_ok=True)
        switched = sum(_link(self._rings / name, f"../views/{version}") for name in names)
        if switched:
            durable.sync_folder(self._rings)
        return switched

    def forget_gates(self) -> None:
        """Let every gate look where its ring looks; right after all rings were switched."""
        for path in self._rings.glob("gate-*"):
            path.unlink(missing_ok=True)


def _link(path: Path, target: str) -> bool:
    """Make a link, in the place of an older one; gives whether it was another."""
    if path.is_symlink() and str(path.readlink()) == target:
        return False
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(path)
    return True
