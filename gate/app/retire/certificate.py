"""What is left of a gate that was retired: a statement of what was erased, signed by the key that went with it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Final

import msgspec

from gate import durable
from gate.errors import ConfigError
from gate.files import read_bounded

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

BEGUN: Final = "retiring.json"
DONE: Final = "retired.json"
"""In the state directory."""
_MODE: Final = 0o644
_MOST_BYTES: Final = 1 << 20


class Erased(msgspec.Struct, frozen=True):
    """One file or folder."""

    path: str
    bytes: int


class Statement(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was done; it names nobody."""

    device: str
    serial: str
    software: str
    at: str
    """By the machine's clock, which nobody vouches for."""
    command: str
    unsent: int
    """Rows that the fleet did not have; they are gone."""
    erased: tuple[Erased, ...]
    fleet: str | None = None
    key: str | None = None
    """The device's public key (Ed25519, base64url), by which the fleet knows it; None: it had none."""


class Certificate(msgspec.Struct, frozen=True, omit_defaults=True):
    """The file's content."""

    statement: Statement
    signature: str | None = None
    """Of the statement as it is written here, without blanks (Ed25519, base64url)."""


def sign(statement: Statement, key: Ed25519PrivateKey | None) -> Certificate:
    """The statement, signed where there is something to sign with."""
    if key is None:
        return Certificate(statement)
    named = msgspec.structs.replace(statement, key=_text(key.public_key().public_bytes_raw()))
    return Certificate(named, _text(key.sign(msgspec.json.encode(named))))


def begin(state: Path, certificate: Certificate) -> None:
    """Note what is about to be erased: from now on it will be, however often it is cut off.

    Raises:
        OSError: the disk does not take it.
    """
    content = msgspec.json.format(msgspec.json.encode(certificate), indent=2)
    durable.write(state / BEGUN, content + b"\n", _MODE)


def begun(state: Path) -> Certificate | None:
    """What was begun and not finished.

    Raises:
        ConfigError: it can't be read.
    """
    file = state / BEGUN
    try:
        return msgspec.json.decode(read_bounded(file, _MOST_BYTES), type=Certificate)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as fault:
        raise ConfigError(f"{file}: can't be read ({type(fault).__name__}); delete it and start again") from None


def finish(state: Path) -> Path:
    """Everything is erased; gives the certificate's file.

    Raises:
        OSError: the disk does not take it.
    """
    durable.put_in_place(state / BEGUN, state / DONE)
    return state / DONE


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
