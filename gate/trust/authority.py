"""A country's signing authority (CSCA, ICAO Doc 9303-12): its certificate, and the lists of what it has taken back."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from gate.credentials.authorities import SerialList
from gate.errors import TrustError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

FAULTS: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises at certificates and lists that break the rules."""
HEALTH_AUTHORITY: Final = x509.ObjectIdentifier("2.23.136.1.1.14.1")
"""Extended key usage of an authority for travel-related health only; one without any is for everything."""


@dataclass(frozen=True, slots=True)
class Authority:
    """One key of an authority."""

    country: str
    """Three letters as in passports, e.g. ``"AUS"``."""
    certificate: x509.Certificate = field(repr=False)
    name: bytes = field(repr=False)
    """The same for all its keys: a list that one of them signed is about what each of them issued."""
    key_id: bytes | None
    """What certificates that it issued name it by; None where its own certificate does not say."""
    not_before: datetime
    not_after: datetime
    lists: tuple[SerialList, ...] = ()


@contextmanager
def reading() -> Iterator[None]:
    """Without warnings about irregularities that do no harm, e.g. a serial number of zero."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read(der: bytes, country: str | None = None) -> Authority:
    """Read an authority's certificate.

    Args:
        der: X.509 in DER.
        country: Whom the list names; otherwise the country in its alternative name (Doc 9303-12, 7.1.1.2).

    Raises:
        TrustError: it can't be read, is no authority's, or names no country.
    """
    try:
        with reading():
            certificate = x509.load_der_x509_certificate(der)
            certificate.public_key()  # parts are read only when they are asked for, and may raise as late as then
            extensions = certificate.extensions
            if fault := _fault(extensions):
                raise TrustError(fault)
            country = country or _country(extensions)
            name = certificate.subject.public_bytes()
            life = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    except FAULTS as error:
        raise TrustError(f"can't be read: {type(error).__name__}") from error
    if not country:
        raise TrustError('names no country in its alternative name: add "country" with its three letters')
    return Authority(country, certificate, name, _key_id(extensions), *life)


def read_list(der: bytes, authority: Authority) -> SerialList:
    """Read a list (CRL) that this authority has signed.

    Raises:
        TrustError: it can't be read, is not signed by it, has no end, or is not about everything that it has issued.
    """
    try:
        with reading():
            found = x509.load_der_x509_crl(der)
            if found.issuer != authority.certificate.subject:
                raise TrustError("is another authority's")
            if not found.is_signature_valid(authority.certificate.public_key()):  # type: ignore[arg-type] # all kinds
                raise TrustError("is not signed by its authority")
            if any(extension.critical for extension in found.extensions):
                # Changes to another list, or only a part of what was taken back: neither may be used alone.
                raise TrustError("has critical extensions: a whole list is needed")
            if found.next_update_utc is None:
                raise TrustError("does not say until when it holds")
            serials = frozenset(entry.serial_number for entry in found)
            return SerialList(found.last_update_utc, found.next_update_utc, serials)
    except FAULTS as error:
        raise TrustError(f"can't be read: {type(error).__name__}") from error


def _fault(extensions: x509.Extensions) -> str:
    """Why it is no certificate of an authority for seals; empty where it is."""
    constraints = extension(extensions, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        return "is no authority's certificate"
    usage = extension(extensions, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        return "may not issue certificates"
    extended = extension(extensions, x509.ExtendedKeyUsage)
    if extended is not None and HEALTH_AUTHORITY not in extended:
        return "may not issue certificates for travel-related health"
    return ""


def extension(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    """The extension of a kind, None where there is none."""
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _country(extensions: x509.Extensions) -> str:
    names = extension(extensions, x509.SubjectAlternativeName)
    for name in () if names is None else names.get_values_for_type(x509.DirectoryName):
        for attribute in name.get_attributes_for_oid(x509.NameOID.LOCALITY_NAME):
            return str(attribute.value)
    return ""


def _key_id(extensions: x509.Extensions) -> bytes | None:
    found = extension(extensions, x509.SubjectKeyIdentifier)
    return None if found is None else found.digest
