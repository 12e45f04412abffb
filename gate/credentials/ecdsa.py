"""ECDSA with the signature as r and s side by side (BSI TR-03111 5.2.1, RFC 7518 section 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm


def verify(key: ec.EllipticCurvePublicKey, algorithm: HashAlgorithm, signature: bytes, signed: bytes) -> bool:
    """Whether ``key`` has made the signature over bytes that were hashed with ``algorithm``."""
    half = (key.curve.key_size + 7) // 8
    if len(signature) != 2 * half:
        return False
    # OpenSSL wants r and s as DER.
    r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(algorithm))
    except InvalidSignature:
        return False
    return True
