"""One file of TUF metadata (The Update Framework 1.0): read, checked for enough good signatures, or refused.

The library python-tuf parses and verifies; what it leaves to its user is decided here. Only Ed25519 keys count: such a
key is written in one way only, so that one key can't stand twice in a role under two names and sign twice. Hashes are
SHA-256 and never missing, so that every file but the roots and the timestamp is fixed to the byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from gate.errors import TrustError

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)

MAX_BYTES: Final = 512 * 1024
"""Of one file; that of a thousand target files has about 150 KB."""
OFFLINE: Final = 2
"""Signatures that whatever is signed offline must need: where one is enough, one stolen key gives everything away."""
ONLINE: Final = 1
ISSUED_AT: Final = "issued_at"
"""Member of what is signed that TUF does not know and leaves alone: when it was signed."""
TIME_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"
_ED25519_PUBLIC: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SignedRole:
    """One role of a bundle: what is signed now, and who may sign it."""

    version: int
    expires: datetime
    """Aware."""
    keys: frozenset[str]
    """Public keys that may sign for it, in hexadecimal."""
    threshold: int
    issued_at: datetime | None
    """Aware; None where it does not say when it was signed."""


def first_root(data: bytes) -> Root:
    """The pinned root: believed because it was installed; it must have signed itself all the same.

    Raises:
        TrustError: it is no root, has not signed itself, or demands too little of who signs.
    """
    found = _parsed(Root, data, "root")
    return _root(found, "root")


def next_root(root: Root, data: bytes) -> Root:
    """The root after ``root``, signed by enough keys of both (TUF specification 5.3).

    Raises:
        TrustError: it is not, or demands too little of who signs.
    """
    what = f"root {root.version + 1}"
    found = _parsed(Root, data, what)
    _verify(found, root, "root", what)
    if found.signed.version != root.version + 1:
        raise TrustError(f"{what}: is another version than its name says")
    return _root(found, what)


def signed(kind: type[T], data: bytes, delegator: Root | Targets, role: str, fewest: int) -> tuple[T, SignedRole]:
    """Metadata of a role, signed by enough of the keys that may sign it.

    Args:
        kind: what it must be.
        data: the file.
        delegator: verified metadata that names the keys.
        role: e.g. ``"targets"``.
        fewest: signatures that the delegator must demand.

    Raises:
        TrustError: it is not, or is not of its form, or fewer are demanded.
    """
    keys, threshold = _signers(delegator, role, fewest)
    found = _parsed(kind, data, role)
    _verify(found, delegator, role, role)
    return found.signed, _role(found.signed, keys, threshold)


def root_role(root: Root) -> SignedRole:
    """The same about a verified root."""
    return _role(root, *_signers(root, "root", OFFLINE))


def check_file(described: MetaFile | TargetFile, data: bytes, what: str) -> None:
    """Compare a file with what verified metadata says about it.

    Raises:
        TrustError: it is another one, or the metadata does not say enough.
    """
    if described.length is None or described.hashes is None or set(described.hashes) != {"sha256"}:
        raise TrustError(f"{what}: is listed without its length or its SHA-256")
    try:
        described.verify_length_and_hashes(data)
    except RepositoryError:
        raise TrustError(f"{what}: is not the file that was signed") from None


def _role(content: Root | Timestamp | Snapshot | Targets, keys: frozenset[str], threshold: int) -> SignedRole:
    said: Any = content.unrecognized_fields.get(ISSUED_AT)
    try:
        issued_at = None if said is None else datetime.strptime(said, TIME_FORM).replace(tzinfo=UTC)
    except (ValueError, TypeError):
        raise TrustError(f"{content.type}: says in no known form when it was signed") from None
    if issued_at is not None and issued_at > content.expires:
        raise TrustError(f"{content.type}: was signed after its own end")
    return SignedRole(content.version, content.expires, keys, threshold, issued_at)


def _root(found: Metadata[Root], what: str) -> Root:
    for role in ("root", "targets"):
        _signers(found.signed, role, OFFLINE)
    _verify(found, found.signed, "root", what)
    return found.signed


def _parsed(kind: type[T], data: bytes, what: str) -> Metadata[T]:
    if len(data) > MAX_BYTES:
        raise TrustError(f"{what}: larger than {MAX_BYTES >> 10} KiB")
    try:
        found: Metadata[T] = Metadata.from_bytes(data)
    except RepositoryError:
        raise TrustError(f"{what}: is no TUF metadata") from None
    if type(found.signed) is not kind:
        raise TrustError(f"{what}: is TUF metadata of another role")
    return found


def _verify(found: Metadata[T], delegator: Root | Targets, role: str, what: str) -> None:
    try:
        delegator.verify_delegate(role, found.signed_bytes, found.signatures)
    except (RepositoryError, ValueError):
        raise TrustError(f"{what}: is not signed by enough of the keys that may sign it") from None


def _signers(delegator: Root | Targets, role: str, fewest: int) -> tuple[frozenset[str], int]:
    """The public keys that may sign for a role, and how many of them must.

    Raises:
        TrustError: fewer must than ``fewest``, or the keys can't be told apart.
    """
    try:
        found = delegator.get_delegated_role(role)
        keys = [delegator.get_key(keyid) for keyid in found.keyids]
    except ValueError:
        raise TrustError(f"{role}: nobody is named who may sign it") from None
    public = [str(key.keyval.get("public")) for key in keys if key.keytype == key.scheme == "ed25519"]
    if len(public) < len(keys) or not all(map(_ED25519_PUBLIC.fullmatch, public)):
        raise TrustError(f"{role}: may be signed by keys of another kind than Ed25519")
    if len(set(public)) < len(public):
        raise TrustError(f"{role}: one key stands under two names, and would sign twice")
    if found.threshold < fewest:
        raise TrustError(f"{role}: one stolen key would be enough to sign it; at least {fewest} must be needed")
    return frozenset(public), found.threshold
