"""A release before it is signed: one file that goes to each signer; signatures come back in files of their own. Pure.

What is signed is the metadata in it, which names every file by its SHA-256. A proposal proves nothing by itself: each
signer's machine compares it with the root that it holds, and the bundle that comes of it is verified as a gate does.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta
from securesystemslib.signer import CryptoSigner, Signature
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Key, Metadata, Root, Targets

from fleet.errors import FleetError
from gate.trust import publish
from gate.trust.bundle import MAX_FILES, ROLES
from gate.trust.metadata import OFFLINE, T

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gate.trust.publish import Signers

MAX_BYTES: Final = 128 * 1024 * 1024
"""Of a proposal: the most that a bundle may have, in base64."""
MAX_SIGNATURES_BYTES: Final = 64 * 1024
ROOT: Final = "root"

_Base64 = Annotated[bytes, Meta(max_length=MAX_BYTES)]


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What several people are to sign."""

    metadata: Annotated[dict[str, _Base64], Meta(min_length=1, max_length=len(ROLES) + 1)]
    """By role, unsigned; ``root`` alone, or ``targets`` and those that it delegates."""
    files: Annotated[dict[str, _Base64], Meta(max_length=MAX_FILES)] = {}
    """By their names in the bundle's folder."""


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person's signatures."""

    proposal: str
    """SHA-256 of the file that was signed, in hexadecimal."""
    key: str
    """TUF's name for the key."""
    signatures: dict[str, str]
    """By role, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs."""

    name: str
    key: Key


def person_of(name: str, key: Ed25519PrivateKey) -> Person:
    """Whom a private key is of."""
    return Person(name, CryptoSigner(key).public_key)


def propose(
    lists: Mapping[str, Mapping[str, bytes]], people: Sequence[Key], version: int, expires: datetime
) -> Proposal:
    """A bundle's metadata, to be signed by two of these people."""
    may_sign = dict.fromkeys(("targets", *lists), (people, OFFLINE))
    made = publish.make_unsigned(lists, may_sign, version, expires)
    return Proposal({role: Metadata(content).to_bytes() for role, content in made.items()}, publish.contents(lists))


def propose_root(people: Sequence[Key], online: Mapping[str, Key], expires: datetime) -> Proposal:
    """The first root: two of these people sign for everything that is signed offline.

    Raises:
        FleetError: they are too few, or one of them stands there twice.
    """
    if len({key.keyid for key in people}) < max(len(people), OFFLINE):
        raise FleetError(f"at least {OFFLINE} people, each with a key of their own")
    root = Root(1, expires=expires, consistent_snapshot=True)
    for role in ("root", "targets"):
        for key in people:
            root.add_key(key, role)
        root.roles[role].threshold = OFFLINE
    for role, key in online.items():
        root.add_key(key, role)
    return Proposal({ROOT: Metadata(root).to_bytes()})


def read(blob: bytes) -> Proposal:
    """A proposal's file.

    Raises:
        FleetError: it is none, or a file in it is not the one that its metadata names.
    """
    try:
        found = msgspec.json.decode(blob, type=Proposal)
    except (msgspec.DecodeError, RecursionError):
        raise FleetError("is no proposal that fleet sign made") from None
    if found.metadata.keys() != {ROOT} and not {"targets", "trust"} <= found.metadata.keys() <= {"targets", *ROLES}:
        raise FleetError("is a proposal of other roles than a bundle has")
    if ROOT in found.metadata and _of(ROOT, found.metadata[ROOT]).signed.version != 1:
        # Signed by those of the root before, it would take the gates away from them.
        raise FleetError("would take the place of a root that gates have")
    named: set[str] = set()
    for role in found.metadata.keys() - {ROOT, "targets"}:
        for name, described in _targets(found, role).targets.items():
            data = found.files.get(name)
            if (
                data is None
                or not name.startswith(f"{role}/")
                or described.hashes != {"sha256": sha256(data).hexdigest()}
            ):
                raise FleetError(f"{name}: is not the file that would be signed")
            named.add(name)
    if named != found.files.keys():
        raise FleetError("has files that would not be signed")
    return found


def write(found: Proposal | Signed) -> bytes:
    """Either as a file."""
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def check(found: Proposal, root: bytes) -> None:
    """Compare who may sign it with the root that is held here: nobody is to sign others in.

    Raises:
        FleetError: somebody else might sign for a part of it, or one alone.
    """
    if ROOT in found.metadata:
        raise FleetError("would be a new root, and no release: whoever means that leaves --root out")
    people = set(people_of(root))
    targets = _targets(found, "targets")
    roles = targets.delegations.roles if targets.delegations is not None and targets.delegations.roles else {}
    if roles.keys() != found.metadata.keys() - {"targets"}:
        raise FleetError("has other roles than those that it delegates")
    for name, role in roles.items():
        if not set(role.keyids) <= people or role.threshold < OFFLINE:
            raise FleetError(f"{name}: people who are not in the root, or one alone, might sign it")
    versions = {_targets(found, role).version for role in found.metadata}
    if len(versions) > 1:
        raise FleetError("its roles have several versions")


def people_of(root: bytes) -> dict[str, Key]:
    """Who may sign bundles, by TUF's names for their keys.

    Raises:
        FleetError: it is no root.
    """
    found = _metadata(Root, root).signed
    return {keyid: found.keys[keyid] for keyid in found.roles["targets"].keyids}


def sign(blob: bytes, key: Ed25519PrivateKey) -> Signed:
    """One person's signatures under all that is in a proposal that was checked.

    Raises:
        FleetError: it is none, or nobody asks this person.
    """
    found, signer = read(blob), CryptoSigner(key)
    signatures = {role: signer.sign(_of(role, data).signed_bytes).signature for role, data in found.metadata.items()}
    return Signed(sha256(blob).hexdigest(), signer.public_key.keyid, signatures)


def merge(blob: bytes, signed: Iterable[Signed]) -> dict[str, bytes]:
    """The metadata with everybody's signatures, by its name in the bundle's folder.

    Raises:
        FleetError: signatures are of another proposal.
    """
    found, digest = read(blob), sha256(blob).hexdigest()
    merged = {role: _of(role, data) for role, data in found.metadata.items()}
    for one in signed:
        if one.proposal != digest or one.signatures.keys() != merged.keys():
            raise FleetError(f"signatures of key {one.key[:8]} are under another proposal")
        for role, signature in one.signatures.items():
            merged[role].signatures[one.key] = Signature(one.key, signature)
    return {f"{role}.json": metadata.to_bytes() for role, metadata in merged.items()}


def finish(
    found: Proposal, signed: Mapping[str, bytes], online: Mapping[str, Signers], expires: datetime
) -> dict[str, bytes]:
    """The bundle's files: what people have signed, with a snapshot and a timestamp."""
    version = _targets(found, "targets").version
    metadata = publish.sign_online(signed, online["snapshot"], online["timestamp"], version, expires)
    return {**found.files, **metadata}


def lines(found: Proposal) -> Iterator[str]:
    """What it is, for whoever is to sign it."""
    for role in sorted(found.metadata):
        content = _of(role, found.metadata[role]).signed
        yield f"{role}: version {content.version}, until {content.expires:%Y-%m-%d %H:%M} UTC"
        if isinstance(content, Root):
            for name, one in sorted(content.roles.items()):
                keys = ", ".join(sorted(key[:8] for key in one.keyids))
                yield f"  {name}: {one.threshold} of the keys {keys}"
    for name, data in sorted(found.files.items()):
        yield f"  {sha256(data).hexdigest()}  {len(data):>9,}  {name}"


def key_text(person: Person) -> bytes:
    """A public key as a file, for whoever makes the root."""
    public = base64.b64encode(bytes.fromhex(person.key.keyval["public"])).decode()
    return msgspec.json.format(msgspec.json.encode({"name": person.name, "public_key": public})) + b"\n"


def _targets(found: Proposal, role: str) -> Targets:
    return _metadata(Targets, found.metadata[role]).signed


def _of(role: str, data: bytes) -> Metadata[Any]:
    return _metadata(Root, data) if role == ROOT else _metadata(Targets, data)


def _metadata(kind: type[T], data: bytes) -> Metadata[T]:
    try:
        found: Metadata[T] = Metadata.from_bytes(data)
    except RepositoryError:
        raise FleetError("holds no TUF metadata") from None
    if type(found.signed) is not kind:
        raise FleetError("holds metadata of another kind")
    return found
