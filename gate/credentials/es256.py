"""ES256: ECDSA over P-256 with SHA-256, the signature as r and s side by side (RFC 7518 section 3.4, RFC 9053 2.1)."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

P256_BYTES = 32
_ECDSA_SHA256 = ec.ECDSA(SHA256())


def verify(key: object, signature: bytes, signed: bytes) -> bool:
    """Whether ``key`` is a P-256 key and has made the signature."""
    if (
        not isinstance(key, ec.EllipticCurvePublicKey)
        or not isinstance(key.curve, ec.SECP256R1)
        or len(signature) != 2 * P256_BYTES
    ):
        return False
    # OpenSSL wants r and s as DER.
    r = int.from_bytes(signature[:P256_BYTES], "big")
    s = int.from_bytes(signature[P256_BYTES:], "big")
    try:
        key.verify(encode_dss_signature(r, s), signed, _ECDSA_SHA256)
    except InvalidSignature:
        return False
    return True
