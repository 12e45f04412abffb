"""A signed bundle: a folder of TUF metadata and of the files of its roles, verified from a pinned root.

::

    2.root.json 3.root.json …       each signed by the one before; the first one follows the pinned root
    timestamp.json snapshot.json targets.json
    trust.json                      the role ``trust``, delegated by targets.json
    trust/anchors.json …            its files
    rules.json rules/… …            other roles, as far as targets.json delegates them

It is read and verified whole, without network and without a clock. The steps are those of the TUF specification's
client workflow (5.3 to 5.6), but for expiry: a gate that has heard nothing new for months goes on with what it has,
and says so. Whatever else is out of order refuses all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from tuf.api.metadata import DelegatedRole, Snapshot, Targets, Timestamp

from gate.errors import TrustError
from gate.trust import folder
from gate.trust.metadata import MAX_BYTES, OFFLINE, ONLINE, check_file, first_root, next_root, root_role, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime
    from pathlib import Path

    from tuf.api.metadata import MetaFile, Root, TargetFile

    from gate.model import Moment
    from gate.trust.metadata import SignedRole

    Read = Callable[[str, int], bytes | None]
    """A file's name and the most bytes it may have -> those bytes (one more shows that it is larger), None: no such
    file. Raises ``TrustError``."""

ROLE: Final = "trust"
"""Whom the gate believes; without it a bundle is none."""
RULES: Final = "rules"
"""Rule sets and orders."""
CONFIG: Final = "config"
"""What the fleet has set for its gates; ``gate.trust.settings``."""
OTHERS: Final = (RULES, CONFIG, "software")
"""What a bundle may hold besides, each signed by keys of its own."""
ROLES: Final = (ROLE, *OTHERS)
_ONLINE_ROLES: Final = ("timestamp", "snapshot")
MAX_NEWER_ROOTS: Final = 64
MAX_FILES: Final = 1024
MAX_FILES_BYTES: Final = 64 * 1024 * 1024
"""Of all files together. They are held in memory while a gate reads them; the largest real list has some 15 MB."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything in it was verified."""

    roles: Mapping[str, SignedRole]
    """``root``, ``timestamp``, ``snapshot``, ``targets``, ``trust``, and those of ``OTHERS`` that it has."""
    files: Mapping[str, bytes] = field(repr=False)
    """Those of the role ``trust``, e.g. ``"anchors.json"``, ``"health-codes/gd.toml"``."""
    others: Mapping[str, Mapping[str, bytes]] = field(repr=False)
    """Those of the other roles that it has, by role; a role of which nothing was wanted is not there."""
    metadata: Mapping[str, bytes] = field(repr=False)
    """What proves it: names in the folder -> content."""

    @property
    def version(self) -> int:
        """Of the files of ``trust``."""
        return self.roles[ROLE].version

    @property
    def expires(self) -> datetime:
        """When the first of its signatures wants to be renewed."""
        return min(role.expires for role in self.roles.values())

    @property
    def ends(self) -> datetime:
        """When the first of the signatures that are made offline ends."""
        return min(role.expires for name, role in self.roles.items() if name not in _ONLINE_ROLES)

    def issued_at(self, name: str) -> datetime | None:
        """When a role was signed, which is past.

        Keys that lie on a server may be stolen: what they say counts up to ``ends`` and no further.
        """
        said = self.roles[name].issued_at
        return said if said is None or name not in _ONLINE_ROLES else min(said, self.ends)

    def contents(self, wanted: Collection[str] = ROLES) -> dict[str, bytes]:
        """The metadata and the files that are ``wanted`` as for ``verify``, by the names in the folder."""
        by_role = {ROLE: self.files, **self.others}
        files = {f"{role}/{name}": data for role, found in by_role.items() for name, data in found.items()}
        return {name: data for name, data in files.items() if _is_wanted(name, wanted)} | dict(self.metadata)

    def expired(self, moment: Moment) -> bool:
        """Whether a newer one should be here by now; it is used all the same."""
        return moment.at >= self.expires

    @property
    def digest(self) -> bytes:
        """Two bundles with the same digest are the same to the byte."""
        lines = (f"{name} {sha256(data).hexdigest()}\n" for name, data in sorted(self.metadata.items()))
        return sha256("".join(lines).encode()).digest()


def open_folder(path: Path, pinned_root: bytes, wanted: Collection[str] = ROLES) -> Bundle:
    """Read a folder and verify it.

    Raises:
        TrustError: anything is missing, damaged, not signed or not as it must be.
    """
    with folder.reading(path) as read:
        return verify(read, pinned_root, wanted)


def verify(read: Read, pinned_root: bytes, wanted: Collection[str] = ROLES) -> Bundle:
    """Read whatever the metadata names, and verify it.

    Args:
        read: gives a file's bytes.
        pinned_root: content of the root that was installed with the gate.
        wanted: roles whose files are read, or single files by their names; metadata is of all of them.

    Raises:
        TrustError: as ``open_folder``.
    """
    metadata: dict[str, bytes] = {}
    root = _newest_root(read, pinned_root, metadata)
    metadata["timestamp.json"] = _needed(read, "timestamp.json", MAX_BYTES)
    timestamp, timestamp_role = signed(Timestamp, metadata["timestamp.json"], root, "timestamp", ONLINE)
    _take(read, "snapshot", timestamp.snapshot_meta, metadata)
    snapshot, snapshot_role = signed(Snapshot, metadata["snapshot.json"], root, "snapshot", ONLINE)
    _take(read, "targets", snapshot.meta.get("targets.json"), metadata)
    targets, targets_role = signed(Targets, metadata["targets.json"], root, "targets", OFFLINE)
    roles = {
        "root": root_role(root),
        "timestamp": timestamp_role,
        "snapshot": snapshot_role,
        "targets": targets_role,
    }
    lists = {}
    for role in _delegated(targets):
        _take(read, role, snapshot.meta.get(f"{role}.json"), metadata)
        lists[role], roles[role] = signed(Targets, metadata[f"{role}.json"], targets, role, OFFLINE)
    _check_versions(roles, timestamp, snapshot)
    left = _Budget()
    # Of a role of which nothing is wanted the lists are checked all the same.
    files = {role: _files(read, role, targets, found, left, wanted) for role, found in lists.items()}
    others = {role: found for role, found in files.items() if any(_is_wanted(name, (role,)) for name in wanted)}
    return Bundle(roles, others.pop(ROLE, {}), others, metadata)


class _Budget:
    """How much the files of a bundle may still have."""

    def __init__(self) -> None:
        self._files = MAX_FILES
        self._bytes = MAX_FILES_BYTES

    def spend(self, files: Mapping[str, TargetFile]) -> None:
        """Take note of the files of one role.

        Raises:
            TrustError: they are too much.
        """
        self._files -= len(files)
        if self._files < 0:
            raise TrustError(f"more than {MAX_FILES} files")
        self._bytes -= sum(described.length for described in files.values())
        if self._bytes < 0:
            raise TrustError(f"files with more than {MAX_FILES_BYTES >> 20} MiB together")


def _delegated(targets: Targets) -> tuple[str, ...]:
    """``trust``, and those of the other roles that are delegated; any that this gate does not know is left alone."""
    named = targets.delegations.roles if targets.delegations is not None else None
    return (ROLE, *(role for role in OTHERS if named is not None and role in named))


def _newest_root(read: Read, pinned_root: bytes, metadata: dict[str, bytes]) -> Root:
    root = first_root(pinned_root)
    for _ in range(MAX_NEWER_ROOTS):
        name = f"{root.version + 1}.root.json"
        data = read(name, MAX_BYTES)
        if data is None:
            return root
        root = next_root(root, data)
        metadata[name] = data
    raise TrustError(f"more than {MAX_NEWER_ROOTS} roots after the pinned one: install the newest as the pinned one")


def _take(read: Read, role: str, described: MetaFile | None, metadata: dict[str, bytes]) -> None:
    """Read metadata that other metadata describes."""
    if described is None:
        raise TrustError(f"{role}: the snapshot does not list it")
    name = f"{role}.json"
    data = _needed(read, name, MAX_BYTES)
    check_file(described, data, name)
    metadata[name] = data


def _check_versions(roles: Mapping[str, SignedRole], timestamp: Timestamp, snapshot: Snapshot) -> None:
    listed = {"snapshot": timestamp.snapshot_meta}
    listed |= {role: snapshot.meta[f"{role}.json"] for role in roles if f"{role}.json" in snapshot.meta}
    for role, described in listed.items():
        if roles[role].version != described.version:
            raise TrustError(f"{role}: is another version than the one that is listed")


def _is_wanted(name: str, wanted: Collection[str]) -> bool:
    return name in wanted or name.partition("/")[0] in wanted


def _files(
    read: Read, role: str, targets: Targets, lists: Targets, left: _Budget, wanted: Collection[str]
) -> dict[str, bytes]:
    delegation = targets.get_delegated_role(role)
    own = f"{role}/"
    for name in lists.targets:
        delegated = isinstance(delegation, DelegatedRole) and delegation.is_delegated_path(name)
        if not (delegated and name.startswith(own) and folder.is_name(name)):
            raise TrustError(f"{role}: lists a file that is not its own to sign")
    left.spend(lists.targets)
    files = {}
    for name, described in sorted(lists.targets.items()):
        if not _is_wanted(name, wanted):
            continue
        data = _needed(read, name, described.length)
        check_file(described, data, name)
        files[name.removeprefix(own)] = data
    return files


def _needed(read: Read, name: str, limit: int) -> bytes:
    data = read(name, limit)
    if data is None:
        raise TrustError(f"{name}: is missing")
    if len(data) > limit:
        raise TrustError(f"{name}: is larger than it may be")
    return data
