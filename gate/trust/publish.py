"""The other side: keys, roots and bundles made and signed, for pilots, demonstrations, tests and the fleet's tools.

Two keys each for ``root``, ``targets``, ``trust`` and every other role that has files: they belong offline and in
different hands, since two of two must sign. One each for ``snapshot`` and ``timestamp``, which may lie on a server.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from gate.trust.bundle import ROLE
from gate.trust.folder import MOST_PARTS
from gate.trust.metadata import ISSUED_AT, OFFLINE, ONLINE, TIME_FORM, T

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gate.trust.bundle import Bundle

Signers = tuple[CryptoSigner, ...]
NO_OTHERS: Final[Mapping[str, Mapping[str, bytes]]] = {}


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Private keys by the role that they sign for."""

    root: Signers
    targets: Signers
    trust: Signers
    snapshot: Signers
    timestamp: Signers
    rules: Signers = ()
    config: Signers = ()
    software: Signers = ()


NUMBERS: Final[Mapping[str, int]] = {
    role.name: ONLINE if role.name in {"snapshot", "timestamp"} else OFFLINE for role in fields(Keys)
}
"""How many keys each role has, all of which must sign."""


def make_keys() -> Keys:
    """New Ed25519 keys."""
    return Keys(**{role: _generated(number) for role, number in NUMBERS.items()})


def make_root(keys: Keys, expires: datetime, version: int = 1, signed_before: Signers = ()) -> bytes:
    """The root that names these keys.

    Args:
        keys: whom it names; their root keys sign it.
        expires: aware, to the second.
        version: one more than that of the root before.
        signed_before: keys of the root before, which must sign as well.
    """
    root = Root(version, expires=expires.astimezone(UTC), consistent_snapshot=True)
    for role in ("root", "timestamp", "snapshot", "targets"):
        signers: Signers = getattr(keys, role)
        for signer in signers:
            root.add_key(signer.public_key, role)
        root.roles[role].threshold = len(signers)
    return _signed(root, (*signed_before, *keys.root))


def make_bundle(
    files: Mapping[str, bytes],
    keys: Keys,
    version: int,
    expires: datetime,
    others: Mapping[str, Mapping[str, bytes]] = NO_OTHERS,
) -> dict[str, bytes]:
    """Sign files.

    Args:
        files: by their names in ``Bundle.files``.
        keys: those that the root names, and those of each role in ``others``.
        version: of all roles but the root; one more than that of the bundle before.
        expires: aware, to the second.
        others: as ``Bundle.others``.

    Returns:
        Content of the files of the bundle's folder by name; newer roots are put beside them.
    """
    lists = {ROLE: files, **others}
    signers: dict[str, Signers] = {role: getattr(keys, role) for role in ("targets", *lists)}
    may_sign = {role: ([one.public_key for one in found], len(found)) for role, found in signers.items()}
    unsigned = make_unsigned(lists, may_sign, version, expires)
    signed = {f"{role}.json": _signed(content, signers[role]) for role, content in unsigned.items()}
    return contents(lists) | sign_online(signed, keys.snapshot, keys.timestamp, version, expires)


def contents(lists: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    """The files of roles by their names in the bundle's folder."""
    return {f"{role}/{name}": data for role, found in lists.items() for name, data in found.items()}


def make_unsigned(
    lists: Mapping[str, Mapping[str, bytes]],
    may_sign: Mapping[str, tuple[Sequence[Key], int]],
    version: int,
    expires: datetime,
) -> dict[str, Targets]:
    """What has to be signed offline, by role: that of each list, and ``targets``, which says who may sign them.

    Args:
        lists: files by their names in each role.
        may_sign: for each of them the keys that may, and how many must.
        version: of all of them.
        expires: aware, to the second.
    """
    until, when = expires.astimezone(UTC), _now(expires)
    made = {}
    for role, found in lists.items():
        listed = {f"{role}/{name}": TargetFile.from_data(f"{role}/{name}", data) for name, data in found.items()}
        made[role] = Targets(version, expires=until, targets=listed, unrecognized_fields=when)
    public = {key.keyid: key for role in lists for key in may_sign[role][0]}
    delegations = Delegations(public, {role: _delegation(role, *may_sign[role]) for role in lists})
    made["targets"] = Targets(version, expires=until, delegations=delegations, unrecognized_fields=when)
    return made


def sign_online(
    signed: Mapping[str, bytes], snapshot_keys: Signers, timestamp_keys: Signers, version: int, expires: datetime
) -> dict[str, bytes]:
    """Add the snapshot and the timestamp to what was signed offline.

    Args:
        signed: metadata by its name in the bundle's folder.
        snapshot_keys: of the role.
        timestamp_keys: of the role.
        version: of all of it.
        expires: aware, to the second.
    """
    until, when = expires.astimezone(UTC), _now(expires)
    described = {name: _described(version, data) for name, data in signed.items()}
    snapshot = _signed(Snapshot(version, expires=until, meta=described, unrecognized_fields=when), snapshot_keys)
    timestamp = Timestamp(version, expires=until, snapshot_meta=_described(version, snapshot), unrecognized_fields=when)
    return {**signed, "snapshot.json": snapshot, "timestamp.json": _signed(timestamp, timestamp_keys)}


def renew(timestamp: bytes, signers: Signers, expires: datetime) -> bytes:
    """The timestamp of a bundle, signed anew: it is still the newest one. No other key is needed for that.

    Args:
        timestamp: content of ``timestamp.json``, verified.
        signers: the keys of the role ``timestamp``.
        expires: aware, to the second.
    """
    found: Metadata[Timestamp] = Metadata.from_bytes(timestamp)
    content = found.signed
    content.version += 1
    content.expires = expires.astimezone(UTC)
    content.unrecognized_fields.update(_now(expires))
    return _signed(content, signers)


def site(found: Bundle) -> dict[str, bytes]:
    """The bundle as files of a web server, in the order in which they have to be put there.

    Every name but that of the timestamp stands for one content for ever (TUF's consistent snapshots): whoever fetches
    while a newer bundle is put there gets either one whole, and a cache in between can't mix them.
    """
    last = "timestamp.json"
    by_role = {f"{name}.json": role.version for name, role in found.roles.items()}
    placed = {}
    for name, data in found.contents().items():
        folder, slash, base = name.rpartition("/")
        if slash:
            placed[f"{folder}/{sha256(data).hexdigest()}.{base}"] = data
        elif name in by_role and name != last:
            placed[f"{by_role[name]}.{name}"] = data
        elif name != last:
            placed[name] = data  # a root, which has its version in its name
    return placed | {last: found.metadata[last]}


def _now(expires: datetime) -> dict[str, str]:
    """What says when it was signed: no later than it ends, which only a rehearsal of long ago would be."""
    return {ISSUED_AT: min(datetime.now(UTC), expires.astimezone(UTC)).strftime(TIME_FORM)}


def _delegation(role: str, keys: Sequence[Key], threshold: int) -> DelegatedRole:
    """Who signs for a role, and for which names: ``trust/*``, ``trust/*/*`` and so on."""
    paths = [f"{role}/{'/'.join('*' * depth)}" for depth in range(1, MOST_PARTS)]
    return DelegatedRole(role, [key.keyid for key in keys], threshold, terminating=True, paths=paths)


def _generated(number: int) -> Signers:
    return tuple(CryptoSigner.generate_ed25519() for _ in range(number))


def _described(version: int, data: bytes) -> MetaFile:
    return MetaFile.from_data(version, data, ["sha256"])


def _signed(content: T, signers: Iterable[CryptoSigner]) -> bytes:
    metadata = Metadata(content)
    for signer in dict.fromkeys(signers):
        metadata.sign(signer, append=True)
    return metadata.to_bytes()
