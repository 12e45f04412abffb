"""The other direction: content -> signed ``HC1:`` text, for demonstrations and tests.

Nothing here is a trusted issuer: a gate believes only signers among its trust anchors.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from gate.credentials import base45, cose, hcert
from gate.credentials.cose_algorithms import PrivateKey, signing_with
from gate.credentials.signer import USAGE_OIDS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def issue(
    payload: Mapping[str, Any],
    private_key: PrivateKey,
    key_id: bytes,
    issuer: str,
    issued_at: datetime,
    expires_at: datetime,
) -> str:
    """Sign a certificate by the algorithm that the key is for: ES256 (P-256), EdDSA (Ed25519) or PS256 (RSA).

    Args:
        payload: The content, e.g. of the EU DCC schema 1.3; it is signed as given, right or wrong.
        private_key: The signer's key.
        key_id: First 8 bytes of the SHA-256 of the signer's certificate.
        issuer: Country code.
        issued_at: Aware.
        expires_at: Aware.
    """
    claims = {
        hcert.ISSUER: issuer,
        hcert.EXPIRES_AT: int(expires_at.timestamp()),
        hcert.ISSUED_AT: int(issued_at.timestamp()),
        hcert.HCERT: {hcert.EU_DCC_V1: payload},
    }
    return issue_claims(claims, private_key, key_id)


def issue_claims(claims: Mapping[int, Any], private_key: PrivateKey, key_id: bytes) -> str:
    """Sign any claims of a CWT as ``HC1:`` text: see ``issue``."""
    algorithm, sign = signing_with(private_key)
    protected = cbor2.dumps({cose.ALG: algorithm, cose.KID: key_id})
    content = cbor2.dumps(dict(claims))
    signature = sign(cose.sig_structure(protected, content))
    return wrap(cbor2.dumps(cbor2.CBORTag(18, [protected, {}, content, signature])))


def wrap(message: bytes) -> str:
    """Put a COSE message into ``HC1:`` text."""
    return (hcert.PREFIX + base45.encode(zlib.compress(message, 9))).decode("ascii")


def throwaway_signer(
    country: str, not_before: datetime, usage: Collection[str] = (), *, key: PrivateKey | None = None
) -> tuple[PrivateKey, bytes]:
    """Make a signer with a certificate of its own, good for two years, to be trusted in demonstrations and tests only.

    Args:
        country: Country code in its name.
        not_before: Start of its life, aware.
        usage: Groups that it may sign, of ``t``, ``v``, ``r``; none given: all of them.
        key: Its key; otherwise a new one on P-256.

    Returns:
        The private key and the certificate in DER.
    """
    private_key = key or ec.generate_private_key(ec.SECP256R1())
    name = "Throwaway signer, not for real use"
    certificate = self_signed(private_key, country, name, not_before, not_before + timedelta(days=730), usage)
    return private_key, certificate.public_bytes(Encoding.DER)


def self_signed(
    private_key: PrivateKey,
    country: str,
    name: str,
    not_before: datetime,
    not_after: datetime,
    usage: Collection[str] = (),
) -> x509.Certificate:
    """Make a signer's certificate, which nobody vouches for: the lists that it is put on are what counts.

    Args:
        private_key: The signer's key.
        country: Country code in its name.
        name: The rest of its name.
        not_before: Start of its life, aware.
        not_after: End of its life, aware.
        usage: As ``throwaway_signer``.
    """
    whole = x509.Name(
        [x509.NameAttribute(x509.NameOID.COUNTRY_NAME, country), x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(whole)
        .issuer_name(whole)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before.astimezone(UTC))
        .not_valid_after(not_after.astimezone(UTC))
    )
    oids = [x509.ObjectIdentifier(oid) for oid, group in USAGE_OIDS.items() if group in usage and ".0.1847." not in oid]
    if oids:
        builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
    return builder.sign(private_key, None if isinstance(private_key, Ed25519PrivateKey) else SHA256())
