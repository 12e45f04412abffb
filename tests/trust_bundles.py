"""Signed bundles on disk for tests, and what an attacker or an accident may do to them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from tuf.api.metadata import Metadata
from vectors import ROOT

from gate.config import TrustConfig
from gate.trust import publish
from gate.trust.bundle import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from securesystemslib.signer import CryptoSigner

    from gate.trust.publish import Keys

UNTIL = datetime(2040, 1, 1, tzinfo=UTC)
ISSUER = (ROOT / "config" / "health-codes" / "cn-national.toml").read_bytes()
FILES: Mapping[str, bytes] = {"value-sets.json": b'{"colours": ["green"]}', "health-codes/cn.toml": ISSUER}


@cache
def keys(name: str = "ours") -> Keys:
    """Throw-away keys, the same for the same name."""
    del name
    return publish.make_keys()


def root(**changes: Any) -> bytes:
    return publish.make_root(keys(), UNTIL, **changes)


def contents(
    version: int = 1,
    files: Mapping[str, bytes] = FILES,
    signed_by: Keys | None = None,
    others: Mapping[str, Mapping[str, bytes]] = publish.NO_OTHERS,
) -> dict[str, bytes]:
    return publish.make_bundle(files, signed_by or keys(), version, UNTIL, others)


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def signed(
    data: bytes, signers: Sequence[CryptoSigner], change: Callable[[dict[str, Any]], object] | None = None
) -> bytes:
    """Metadata signed anew, with something changed in what is signed."""
    document = json.loads(data)
    if change is not None:
        change(document["signed"])
    metadata: Metadata[Any] = Metadata.from_dict(document)
    metadata.signatures.clear()
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def relisted(bundle: dict[str, bytes], signed_by: Keys | None = None) -> dict[str, bytes]:
    """The bundle with a snapshot and a timestamp that list its metadata as it is, as a thief of their keys can."""
    own = signed_by or keys()
    version = json.loads(bundle["timestamp.json"])["signed"]["version"]
    described = {
        name: publish._described(json.loads(bundle[name])["signed"]["version"], bundle[name])
        for name in ("targets.json", *(f"{role}.json" for role in ROLES))
        if name in bundle
    }
    meta = {name: one.to_dict() for name, one in described.items()}
    snapshot = signed(bundle["snapshot.json"], own.snapshot, lambda found: found.update(meta=meta))
    listed = {"snapshot.json": publish._described(version, snapshot).to_dict()}
    timestamp = signed(bundle["timestamp.json"], own.timestamp, lambda found: found.update(meta=listed))
    return bundle | {"snapshot.json": snapshot, "timestamp.json": timestamp}


def installed(folder: Path, files: Mapping[str, bytes] | None = None, pinned: bytes | None = None) -> TrustConfig:
    """A bundle and a pinned root where a gate looks for them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "root.json").write_bytes(pinned or root())
    write(folder / "trust", contents() if files is None else files)
    return TrustConfig(bundle=given(folder), root=folder / "root.json")


def given(folder: Path) -> Path:
    """Where ``installed`` puts the bundle."""
    return folder / "trust"


def rotated(**roles: Sequence[CryptoSigner]) -> Keys:
    """Our keys with those of some roles replaced."""
    return replace(keys(), **{role: tuple(signers) for role, signers in roles.items()})
