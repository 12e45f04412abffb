"""A signed bundle: a folder of TUF metadata and of the files of its role ``trust``, verified from a pinned root.

::

    2.root.json 3.root.json …       each signed by the one before; the first one follows the pinned root
    timestamp.json snapshot.json targets.json
    trust.json                      the role ``trust``, delegated by targets.json
    trust/anchors.json …            its files

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
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from tuf.api.metadata import MetaFile, Root

    from gate.model import Moment
    from gate.trust.metadata import SignedRole

    Read = Callable[[str, int], bytes | None]
    """A file's name and the most bytes it may have -> those bytes (one more shows that it is larger), None: no such
    file. Raises ``TrustError``."""

ROLE: Final = "trust"
FILES: Final = f"{ROLE}/"
"""How the names of its files begin in the metadata; in ``Bundle.files`` they are without it."""
MAX_NEWER_ROOTS: Final = 64
MAX_FILES: Final = 1024
MAX_FILES_BYTES: Final = 64 * 1024 * 1024
"""Of all files together. They are held in memory while a gate reads them; the largest real list has some 15 MB."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything in it was verified."""

    roles: Mapping[str, SignedRole]
    """``root``, ``timestamp``, ``snapshot``, ``targets``, ``trust``."""
    files: Mapping[str, bytes] = field(repr=False)
    """E.g. ``"anchors.json"``, ``"health-codes/gd.toml"``."""
    metadata: Mapping[str, bytes] = field(repr=False)
    """What proves it: names in the folder -> content."""

    @property
    def version(self) -> int:
        """Of its files."""
        return self.roles[ROLE].version

    @property
    def expires(self) -> datetime:
        """When the first of its signatures wants to be renewed."""
        return min(role.expires for role in self.roles.values())

    def expired(self, moment: Moment) -> bool:
        """Whether a newer one should be here by now; it is used all the same."""
        return moment.at >= self.expires

    @property
    def digest(self) -> bytes:
        """Two bundles with the same digest are the same to the byte."""
        lines = (f"{name} {sha256(data).hexdigest()}\n" for name, data in sorted(self.metadata.items()))
        return sha256("".join(lines).encode()).digest()


def open_folder(path: Path, pinned_root: bytes) -> Bundle:
    """Read a folder and verify it.

    Raises:
        TrustError: anything is missing, damaged, not signed or not as it must be.
    """
    with folder.reading(path) as read:
        return verify(read, pinned_root)


def verify(read: Read, pinned_root: bytes) -> Bundle:
    """Read whatever the metadata names, and verify it.

    Args:
        read: gives a file's bytes.
        pinned_root: content of the root that was installed with the gate.

    Raises:
        TrustError: as ``open_folder``.
    """
    metadata: dict[str, bytes] = {}
    root = _newest_root(read, pinned_root, metadata)
    metadata["timestamp.json"] = _needed(read, "timestamp.json", MAX_BYTES)
    timestamp, timestamp_role = signed(Timestamp, metadata["timestamp.json"], root, "timestamp", ONLINE)
    _take(read, "snapshot", timestamp.snapshot_meta, metadata)
    snapshot, snapshot_role = signed(Snapshot, metadata["snapshot.json"], root, "snapshot", ONLINE)
    for role in ("targets", ROLE):
        _take(read, role, snapshot.meta.get(f"{role}.json"), metadata)
    targets, targets_role = signed(Targets, metadata["targets.json"], root, "targets", OFFLINE)
    trust, trust_role = signed(Targets, metadata[f"{ROLE}.json"], targets, ROLE, OFFLINE)
    roles = {
        "root": root_role(root),
        "timestamp": timestamp_role,
        "snapshot": snapshot_role,
        "targets": targets_role,
        ROLE: trust_role,
    }
    _check_versions(roles, timestamp, snapshot)
    return Bundle(roles, _files(read, targets, trust), metadata)


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
    listed = {
        "snapshot": timestamp.snapshot_meta.version,
        "targets": snapshot.meta["targets.json"].version,
        ROLE: snapshot.meta[f"{ROLE}.json"].version,
    }
    for role, version in listed.items():
        if roles[role].version != version:
            raise TrustError(f"{role}: is another version than the one that is listed")


def _files(read: Read, targets: Targets, trust: Targets) -> dict[str, bytes]:
    if len(trust.targets) > MAX_FILES:
        raise TrustError(f"{ROLE}: lists more than {MAX_FILES} files")
    delegation = targets.get_delegated_role(ROLE)
    left = MAX_FILES_BYTES
    files = {}
    for name, described in sorted(trust.targets.items()):
        own = isinstance(delegation, DelegatedRole) and delegation.is_delegated_path(name)
        if not (own and name.startswith(FILES) and folder.is_name(name)):
            raise TrustError(f"{ROLE}: lists a file that is not its own to sign")
        if described.length > left:
            raise TrustError(f"{ROLE}: its files have more than {MAX_FILES_BYTES >> 20} MiB together")
        left -= described.length
        data = _needed(read, name, described.length)
        check_file(described, data, name)
        files[name.removeprefix(FILES)] = data
    return files


def _needed(read: Read, name: str, limit: int) -> bytes:
    data = read(name, limit)
    if data is None:
        raise TrustError(f"{name}: is missing")
    if len(data) > limit:
        raise TrustError(f"{name}: is larger than it may be")
    return data
