"""The keys of those who sign, each in a file of its own: people's are encrypted, those for servers are not."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, SSlibKey

from fleet.errors import FleetError
from fleet.gateway.keys import guarded
from fleet.hidden import secret

if TYPE_CHECKING:
    from pathlib import Path

    from securesystemslib.signer import Key

MAX_BYTES: Final = 4096


class _Public(msgspec.Struct):
    name: str
    public_key: str


def private(path: Path) -> Ed25519PrivateKey:
    """A person's own key; the passphrase is asked for.

    Raises:
        FleetError: it is not encrypted, others could read it, or that is not its passphrase.
    """
    blob = guarded(path, MAX_BYTES)
    try:
        found: Any = load_pem_private_key(blob, secret(f"passphrase for {path}").encode())
    except TypeError:
        raise FleetError(f"{path}: is not encrypted; whoever copies it could sign") from None
    except (ValueError, UnsupportedAlgorithm):
        raise FleetError(f"{path}: that is not its passphrase, or it is no key of fleet sign") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise FleetError(f"{path}: is another kind of key than Ed25519")
    return found


def person(path: Path) -> Key:
    """A person's public key.

    Raises:
        FleetError: it is none.
    """
    try:
        found = msgspec.json.decode(read(path, MAX_BYTES), type=_Public)
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(found.public_key, validate=True))
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise FleetError(f"{path}: is no public key that fleet sign made") from None
    return SSlibKey.from_crypto(public)


def online_signer(folder: Path, role: str) -> CryptoSigner:
    """A key that may lie on a server.

    Raises:
        FleetError: it is none, or others could read it.
    """
    path = online_file(folder, role)
    try:
        return CryptoSigner(load_pem_private_key(guarded(path, MAX_BYTES), None))
    except (ValueError, TypeError):
        raise FleetError(f"{path}: is no key that fleet sign online made") from None


def online_file(folder: Path, role: str) -> Path:
    """As ``gate trust renew`` looks for it."""
    return folder / f"{role}-1.pem"


def read(path: Path, most: int) -> bytes:
    """A file's bytes.

    Raises:
        FleetError: they are more than ``most``.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        blob = file.read(most + 1)
    if len(blob) > most:
        raise FleetError(f"{path}: is larger than {most >> 10} KiB")
    return blob
