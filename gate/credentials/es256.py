"""ES256: ECDSA over P-256 with SHA-256, the signature as r and s side by side (RFC 7518 section 3.4, RFC 9053 2.1)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from gate.credentials import ecdsa

P256_BYTES = 32
_SHA256 = SHA256()


def verify(key: object, signature: bytes, signed: bytes) -> bool:
    """Whether ``key`` is a P-256 key and has made the signature."""
    return (
        isinstance(key, ec.EllipticCurvePublicKey)
        and isinstance(key.curve, ec.SECP256R1)
        and ecdsa.verify(key, _SHA256, signature, signed)
    )
