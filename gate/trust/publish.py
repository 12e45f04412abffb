"""The other side: keys, roots and bundles made and signed, for pilots, demonstrations, tests and the fleet's tools.

Eight keys: two each for ``root``, ``targets`` and ``trust``, which belong offline and in different hands, since two of
two must sign; one each for ``snapshot`` and ``timestamp``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC
from typing import TYPE_CHECKING, Final

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from gate.trust.bundle import FILES, ROLE
from gate.trust.folder import MOST_PARTS
from gate.trust.metadata import OFFLINE, ONLINE, T

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

Signers = tuple[CryptoSigner, ...]
PATHS: Final = [FILES + "/".join("*" * depth) for depth in range(1, MOST_PARTS)]
"""Patterns of the names that the role may sign: ``trust/*``, ``trust/*/*`` and so on."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Private keys by the role that they sign for."""

    root: Signers
    targets: Signers
    trust: Signers
    snapshot: Signers
    timestamp: Signers


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
    root = Root(version, expires=expires.astimezone(UTC), consistent_snapshot=False)
    for role in ("root", "timestamp", "snapshot", "targets"):
        signers: Signers = getattr(keys, role)
        for signer in signers:
            root.add_key(signer.public_key, role)
        root.roles[role].threshold = len(signers)
    return _signed(root, (*signed_before, *keys.root))


def make_bundle(files: Mapping[str, bytes], keys: Keys, version: int, expires: datetime) -> dict[str, bytes]:
    """Sign files.

    Args:
        files: by their names in ``Bundle.files``.
        keys: those that the root names.
        version: of all four roles; one more than that of the bundle before.
        expires: aware, to the second.

    Returns:
        Content of the files of the bundle's folder by name; newer roots are put beside them.
    """
    until = expires.astimezone(UTC)
    listed = {FILES + name: TargetFile.from_data(FILES + name, data) for name, data in files.items()}
    trust = _signed(Targets(version, expires=until, targets=listed), keys.trust)
    public = [signer.public_key for signer in keys.trust]
    role = DelegatedRole(ROLE, [key.keyid for key in public], len(public), terminating=True, paths=PATHS)
    delegations = Delegations({key.keyid: key for key in public}, {ROLE: role})
    targets = _signed(Targets(version, expires=until, delegations=delegations), keys.targets)
    described = {"targets.json": _described(version, targets), f"{ROLE}.json": _described(version, trust)}
    snapshot = _signed(Snapshot(version, expires=until, meta=described), keys.snapshot)
    timestamp = Timestamp(version, expires=until, snapshot_meta=_described(version, snapshot))
    return {
        **{FILES + name: data for name, data in files.items()},
        f"{ROLE}.json": trust,
        "targets.json": targets,
        "snapshot.json": snapshot,
        "timestamp.json": _signed(timestamp, keys.timestamp),
    }


def _generated(number: int) -> Signers:
    return tuple(CryptoSigner.generate_ed25519() for _ in range(number))


def _described(version: int, data: bytes) -> MetaFile:
    return MetaFile.from_data(version, data, ["sha256"])


def _signed(content: T, signers: Iterable[CryptoSigner]) -> bytes:
    metadata = Metadata(content)
    for signer in dict.fromkeys(signers):
        metadata.sign(signer, append=True)
    return metadata.to_bytes()
