"""X.509 certificate of a signer of barcodes (ICAO Doc 9303-12, 7.1.3) -> its key, life and permitted use.

It comes from a stranger, and is read only after its authority's signature was found good: what a key with made-up curve
parameters can do to a library is nobody's to try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from gate.credentials.authorities import SealSigner, key_id
from gate.errors import CredentialFault
from gate.model import Reason
from gate.trust.authority import FAULTS, extension, reading
from gate.trust.der import items

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.trust.authority import Authority

SEAL_SIGNER: Final = x509.ObjectIdentifier("2.23.136.1.1.14.2")
"""Extended key usage of signers of seals."""
DOCUMENT_TYPES: Final = x509.ObjectIdentifier("2.23.136.1.1.6.2")
"""DocumentTypeList: ``SEQUENCE { version INTEGER, SET OF PrintableString }``."""
_CURVES: Final = (
    *(ec.SECP256R1, ec.SECP384R1, ec.SECP521R1),
    *(ec.BrainpoolP256R1, ec.BrainpoolP384R1, ec.BrainpoolP512R1),
)
_UNDERSTOOD: Final = frozenset(
    {
        x509.ExtendedKeyUsage.oid,
        DOCUMENT_TYPES,
        x509.KeyUsage.oid,
        x509.BasicConstraints.oid,
        x509.AuthorityKeyIdentifier.oid,
        x509.SubjectKeyIdentifier.oid,
    }
)
"""Extensions that may be critical, since they are heeded here."""


def read(der: bytes, authorities: Sequence[Authority]) -> SealSigner:
    """Find the authority that issued a signer's certificate, and read it.

    Args:
        der: X.509 in DER, as it stands in a seal.
        authorities: Those of the country that the seal names.

    Raises:
        CredentialFault: see ``gate.credentials.authorities.Authorities.signer``.
    """
    try:
        with reading():
            certificate = x509.load_der_x509_certificate(der)
            extensions = certificate.extensions
            authority = _issuer(certificate, extensions, authorities)
            return _signer(der, certificate, extensions, authority)
    except FAULTS as error:
        raise _unacceptable(f"can't be read: {type(error).__name__}") from error


def _issuer(certificate: x509.Certificate, extensions: x509.Extensions, authorities: Iterable[Authority]) -> Authority:
    found = extension(extensions, x509.AuthorityKeyIdentifier)
    named = None if found is None else found.key_identifier
    forged = False
    for authority in authorities:
        if certificate.issuer != authority.certificate.subject:
            continue
        if named is not None and authority.key_id not in {None, named}:
            continue
        try:
            certificate.verify_directly_issued_by(authority.certificate)
        except (InvalidSignature, *FAULTS):
            forged = True
        else:
            return authority
    if forged:
        raise CredentialFault(Reason.CERTIFICATE_FORGED, "vds-nc: its signer's certificate is not its authority's")
    raise CredentialFault(Reason.CERTIFICATE_ISSUER_UNKNOWN, "vds-nc: no believed authority has issued its signer")


def _signer(der: bytes, certificate: x509.Certificate, extensions: x509.Extensions, authority: Authority) -> SealSigner:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVES):
        raise _unacceptable("has no key on a curve in use")
    if any(found.critical and found.oid not in _UNDERSTOOD for found in extensions):
        raise _unacceptable("has critical extensions that nobody here understands")
    if _countries(certificate) != _countries(authority.certificate):
        raise _unacceptable("is of another country than its authority")
    return SealSigner(
        public_key=key,
        key_id=key_id(der),
        serial=certificate.serial_number,
        not_before=max(certificate.not_valid_before_utc, authority.not_before),
        not_after=min(certificate.not_valid_after_utc, authority.not_after),
        document_types=_document_types(extensions) if _signs_seals(extensions) else frozenset(),
        lists=authority.lists,
    )


def _signs_seals(extensions: x509.Extensions) -> bool:
    constraints = extension(extensions, x509.BasicConstraints)
    usage = extension(extensions, x509.KeyUsage)
    extended = extension(extensions, x509.ExtendedKeyUsage)
    return (
        (constraints is None or not constraints.ca)
        and (usage is None or usage.digital_signature)
        and extended is not None
        and SEAL_SIGNER in extended
    )


def _document_types(extensions: x509.Extensions) -> frozenset[str]:
    """What it may sign; without the list, which every signer must have, nothing."""
    for found in extensions:
        if found.oid == DOCUMENT_TYPES and isinstance(found.value, x509.UnrecognizedExtension):
            ((_, body),) = items(found.value.value)
            _, (_, names) = items(body)
            return frozenset(name.decode("ascii") for _, name in items(names))
    return frozenset()


def _countries(certificate: x509.Certificate) -> set[str]:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COUNTRY_NAME)
    return {str(name.value).upper() for name in names}


def _unacceptable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CERTIFICATE_UNACCEPTABLE, f"vds-nc: its signer's certificate {what}")
