"""X.509 certificate of a signer -> the key, life and permitted use of that signer.

Real lists hold certificates that break small rules of X.509, and a whole country may depend on one. What matters is
read in the usual way first; where the extensions can't be parsed, the one that restricts the use is looked up in the
DER itself. Where even that fails, the signer may sign nothing.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gate.credentials.signer import ANY_USAGE, USAGE_OIDS, SignerKey
from gate.errors import TrustError
from gate.trust.der import items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEY_ID_BYTES = 8
_FAULTS = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises at certificates that break the rules."""
_EXTENDED_KEY_USAGE = bytes.fromhex("551d25")
_SEQUENCE, _OCTET_STRING, _OBJECT_ID, _EXTENSIONS = 0x30, 0x04, 0x06, 0xA3


@dataclass(frozen=True, slots=True)
class SignerCertificate:
    """One certificate of a list."""

    key_id: bytes
    signer: SignerKey
    note: str | None
    """What was out of order with it, if anything was."""


def key_id(der: bytes) -> bytes:
    """First 8 bytes of the SHA-256 of the certificate (HCERT specification, Digital Green Certificate Gateway)."""
    return hashlib.sha256(der).digest()[:KEY_ID_BYTES]


def read(der: bytes, country: str | None = None, signs: frozenset[str] | None = None) -> SignerCertificate:
    """Read one signer's certificate.

    Args:
        der: X.509 in DER.
        country: Whom the list names; otherwise the country in the certificate's subject.
        signs: What the list lets it sign, whatever it says itself; None: what it says.

    Raises:
        TrustError: it can't be read at all, or its key is of no kind that is used.
    """
    identity = key_id(der)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about irregularities that do no harm, e.g. a serial number of zero
            certificate = x509.load_der_x509_certificate(der)
            usage, note = (signs, None) if signs is not None else _usage(certificate)
            signer = _signer(certificate, country or _country(certificate), usage)
    except _FAULTS as error:
        raise TrustError(f"signer certificate {identity.hex()} can't be read: {type(error).__name__}") from error
    return SignerCertificate(identity, signer, note and f"{signer.country} {identity.hex()}: {note}")


def _signer(certificate: x509.Certificate, country: str, usage: frozenset[str]) -> SignerKey:
    public_key = certificate.public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        raise UnsupportedAlgorithm("its key is neither EC nor RSA nor Ed25519")
    return SignerKey(public_key, country, certificate.not_valid_before_utc, certificate.not_valid_after_utc, usage)


def _usage(certificate: x509.Certificate) -> tuple[frozenset[str], str | None]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        return _groups(usage.dotted_string for usage in extension.value), None
    except x509.ExtensionNotFound:
        return ANY_USAGE, None
    except _FAULTS:
        pass
    try:
        return _groups(_usages_in(certificate.tbs_certificate_bytes)), "extensions against X.509, use read from the DER"
    except ValueError:
        return frozenset(), "extensions can't be read: accepted for nothing"


def _groups(usages: Iterable[str]) -> frozenset[str]:
    """What the usages allow; where none of them is about certificates, nothing is restricted."""
    return frozenset(USAGE_OIDS[usage] for usage in usages if usage in USAGE_OIDS) or ANY_USAGE


def _country(certificate: x509.Certificate) -> str:
    try:
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COUNTRY_NAME)
    except _FAULTS:
        return ""
    return str(names[0].value) if names else ""


def _usages_in(tbs_certificate: bytes) -> Iterator[str]:
    """Extended key usages by a walk over the DER (RFC 5280 section 4.1): ``[3] { { oid, critical?, octets } ... }``."""
    ((_, body),) = items(tbs_certificate)
    for tag, tagged in items(body):
        if tag != _EXTENSIONS:
            continue
        ((_, extensions),) = items(tagged)
        for _, extension in items(extensions):
            (_, oid), *_, (octets_tag, octets) = items(extension)
            if oid == _EXTENDED_KEY_USAGE and octets_tag == _OCTET_STRING:
                ((_, usages),) = items(octets)
                yield from (_dotted(usage) for usage_tag, usage in items(usages) if usage_tag == _OBJECT_ID)


def _dotted(encoded: bytes) -> str:
    """OBJECT IDENTIFIER in dotted form; only arcs below 2.0 have their first two numbers told apart (all of ours)."""
    numbers = []
    number = 0
    for byte in encoded:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the high bit says that the number goes on
            numbers.append(number)
            number = 0
    first, second = divmod(numbers[0], 40) if numbers else (0, 0)
    return ".".join(map(str, (first, second, *numbers[1:])))
