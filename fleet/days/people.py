"""Keys of people: whoever may open the record of a day together with somebody else, or is given what was opened.

A pair of files each: ``NAME.pub``, to which keys of the day are wrapped, and ``NAME.key``, shut by a passphrase that
only this person knows (scrypt, ChaCha20-Poly1305).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Meta, Struct

from fleet.errors import FleetError

if TYPE_CHECKING:
    from pathlib import Path

LEAST_PASSPHRASE: Final = 12
MOST_BYTES: Final = 4096
"""Of a file."""
_COST: Final = 1 << 16
"""64 MiB and some 0.2 s a guess."""
_TRIAL: Final = X25519PrivateKey.from_private_bytes(bytes(32))

Name = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,39}\Z")]
Key = Annotated[bytes, Meta(min_length=32, max_length=32)]


class _Public(Struct, forbid_unknown_fields=True):
    person: Name
    public_key: Key


class _Shut(Struct, forbid_unknown_fields=True):
    person: Name
    salt: Annotated[bytes, Meta(min_length=16, max_length=16)]
    nonce: Annotated[bytes, Meta(min_length=12, max_length=12)]
    box: Annotated[bytes, Meta(min_length=48, max_length=48)]


_File = TypeVar("_File", _Public, _Shut)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to whom something can be wrapped."""

    name: str
    public_key: X25519PublicKey


@dataclass(frozen=True, slots=True)
class Unlocked:
    """Somebody who is here, and has given their passphrase."""

    name: str
    private_key: X25519PrivateKey = field(repr=False)


def make(name: str, folder: Path, passphrase: str) -> Person:
    """Make a person's two files.

    Raises:
        FleetError: the name or the passphrase is none, or the files can't be written or are there already.
    """
    if len(passphrase) < LEAST_PASSPHRASE:
        raise FleetError(f"a passphrase has {LEAST_PASSPHRASE} characters at least")
    try:
        msgspec.convert(name, Name)
    except msgspec.ValidationError:
        raise FleetError(f"{name!r} is no name: small letters, digits and hyphens, e.g. li-wei") from None
    key, salt, nonce = X25519PrivateKey.generate(), os.urandom(16), os.urandom(12)
    box = ChaCha20Poly1305(_stretched(passphrase, salt)).encrypt(nonce, key.private_bytes_raw(), name.encode())
    _write(folder / f"{name}.key", msgspec.json.encode(_Shut(name, salt, nonce, box)), 0o600)
    _write(folder / f"{name}.pub", msgspec.json.encode(_Public(name, key.public_key().public_bytes_raw())), 0o644)
    return Person(name, key.public_key())


def read(path: Path) -> Person:
    """Who ``NAME.pub`` is.

    Raises:
        FleetError: it is no such file.
    """
    found = _read(path, _Public)
    public_key = X25519PublicKey.from_public_bytes(found.public_key)
    try:
        _TRIAL.exchange(public_key)
    except ValueError:
        raise FleetError(f"{path}: no secret can be agreed on with this key") from None
    return Person(found.person, public_key)


def name_in(path: Path) -> str:
    """Whose ``NAME.key`` says it is; nothing is proved by that.

    Raises:
        FleetError: it is no such file.
    """
    return _read(path, _Shut).person


def unlock(path: Path, passphrase: str) -> Unlocked:
    """Open ``NAME.key``.

    Raises:
        FleetError: it is no such file, or shut by another passphrase.
    """
    found = _read(path, _Shut)
    shut = ChaCha20Poly1305(_stretched(passphrase, found.salt))
    try:
        raw = shut.decrypt(found.nonce, found.box, found.person.encode())
    except InvalidTag:
        raise FleetError(f"{path}: that is not the passphrase, or the file was changed") from None
    return Unlocked(found.person, X25519PrivateKey.from_private_bytes(raw))


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode())


def _read(path: Path, kind: type[_File]) -> _File:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MOST_BYTES), type=kind)
    except OSError as fault:
        raise FleetError(f"{path}: {fault.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise FleetError(f"{path}: no file of a person's key ({fault})") from None


def _write(path: Path, content: bytes, mode: int) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
    except OSError as fault:
        raise FleetError(f"{path}: {fault.strerror}") from None
