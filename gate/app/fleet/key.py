"""The key by which a gate proves to its fleet who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gate.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES: Final = 16 * 1024


def load_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a file (PEM, PKCS #8).

    Raises:
        ConfigError: it is not there, can't be read, or is another kind of key.
    """
    try:
        with path.open("rb") as file:
            pem = file.read(_MOST_BYTES)
    except OSError as fault:
        raise ConfigError(
            f"{path}: the key of this gate can't be read ({fault.strerror}); make one with "
            f"openssl genpkey -algorithm ed25519 -out FILE, and tell the fleet its public half"
        ) from None
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(f"{path}: is no private key without a password (PEM)") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path}: is another kind of key; an Ed25519 one is needed")
    return key
