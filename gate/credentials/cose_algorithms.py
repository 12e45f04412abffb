"""The signature algorithms of COSE: one row for each, with how it verifies and how we sign where we issue.

Numbers are those of the IANA registry "COSE Algorithms" (RFC 9053); docs/decisions/0014 says why SM2's is our own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gate.credentials import es256
from gate.errors import ConfigError

if TYPE_CHECKING:
    from gate.credentials.signer import PublicKey

ES256, EDDSA, PS256, SM2_SM3 = -7, -8, -37, -70_003
PrivateKey = ec.EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey
Sign = Callable[[bytes], bytes]
"""Bytes to sign -> signature."""

_RSA_BITS: Final = range(2048, 4096 + 1)
_ECDSA_SHA256: Final = ec.ECDSA(SHA256())
_PSS_SHA256: Final = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=SHA256.digest_size)


def _verify_ps256(key: PublicKey, signature: bytes, signed: bytes) -> bool:
    if not isinstance(key, RSAPublicKey) or key.key_size not in _RSA_BITS:
        return False
    key.verify(signature, signed, _PSS_SHA256, SHA256())
    return True


def _verify_eddsa(key: PublicKey, signature: bytes, signed: bytes) -> bool:
    if not isinstance(key, Ed25519PublicKey):
        return False
    key.verify(signature, signed)
    return True


def _verify_nothing(key: PublicKey, signature: bytes, signed: bytes) -> bool:
    del key, signature, signed
    return False


def _sign_es256(key: PrivateKey) -> Sign | None:
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        return None

    def sign(signed: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(signed, _ECDSA_SHA256))
        return r.to_bytes(es256.P256_BYTES, "big") + s.to_bytes(es256.P256_BYTES, "big")

    return sign


def _sign_ps256(key: PrivateKey) -> Sign | None:
    if not isinstance(key, RSAPrivateKey) or key.key_size not in _RSA_BITS:
        return None
    return lambda signed: key.sign(signed, _PSS_SHA256, SHA256())


def _sign_eddsa(key: PrivateKey) -> Sign | None:
    return key.sign if isinstance(key, Ed25519PrivateKey) else None


def _sign_nothing(key: PrivateKey) -> None:
    del key


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One row."""

    name: str
    verify: Callable[[PublicKey, bytes, bytes], bool]
    """Key, signature, signed bytes: False or ``InvalidSignature`` where key or signature don't fit."""
    signing: Callable[[PrivateKey], Sign | None]
    """What signs with this key, None where the key is none of this algorithm."""
    missing: str | None = None
    """Why this gate can't verify it; None where it can."""


ALGORITHMS: Final[Mapping[int, Algorithm]] = {
    ES256: Algorithm("ES256", es256.verify, _sign_es256),
    EDDSA: Algorithm("EdDSA", _verify_eddsa, _sign_eddsa),
    PS256: Algorithm("PS256", _verify_ps256, _sign_ps256),
    SM2_SM3: Algorithm("SM2 with SM3", _verify_nothing, _sign_nothing, "no kept library offers it yet"),
}


def signing_with(key: PrivateKey) -> tuple[int, Sign]:
    """Number of the algorithm that a key is for, and what signs with it.

    Raises:
        ConfigError: it is for none of them.
    """
    for number, algorithm in ALGORITHMS.items():
        if (sign := algorithm.signing(key)) is not None:
            return number, sign
    raise ConfigError(
        "no algorithm here signs with such a key: take one on P-256, Ed25519, or RSA of 2048 to 4096 bits"
    )
