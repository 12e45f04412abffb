"""Who may sign seals (VDS-NC): certificates that travel inside them, issued by the authorities that a gate believes.

Every country has a signing authority (CSCA, ICAO Doc 9303-12). It issues certificates to its signers of barcodes, and
publishes a list of those that it has taken back, by their serial numbers. Nothing takes back a single seal.

The serial number stands in the part of the certificate that its authority signed. Whoever turns an ECDSA signature into
another good one, that of a seal or that of the certificate inside, changes nothing about it and escapes no list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NoReturn, Protocol

from gate.credentials.revocation import Standing
from gate.errors import CredentialFault
from gate.model import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from gate.model import Moment

LEEWAY: Final = timedelta(minutes=5)
"""How far an issuer's clock may run ahead of ours (DESIGN section 5)."""

KEY_ID_BYTES: Final = 8


def key_id(certificate: bytes) -> str:
    """By what a signer is named in records: hex of the first 8 bytes of the SHA-256 of its certificate (DER)."""
    return sha256(certificate).digest()[:KEY_ID_BYTES].hex()


@dataclass(frozen=True, slots=True)
class SerialList:
    """All certificates that an authority has taken back (CRL, RFC 5280 section 5); its signature was verified."""

    issued_at: datetime
    next_at: datetime
    """When the next one is due at the latest."""
    serials: frozenset[int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealSigner:
    """A signer whose certificate was issued by a believed authority."""

    public_key: EllipticCurvePublicKey
    key_id: str
    serial: int
    not_before: datetime
    not_after: datetime
    document_types: frozenset[str]
    """What it may sign (Doc 9303-12, DocumentTypeList), e.g. ``"NV"``; empty: nothing at all."""
    lists: tuple[SerialList, ...] = ()
    """Of its authority."""

    def standing(self, moment: Moment) -> Standing:
        """Whether its certificate was taken back. A list past its end still says who was, not who was not."""
        if any(self.serial in one.serials for one in self.lists):
            return Standing.REVOKED
        in_date = any(one.issued_at - moment.at <= LEEWAY and moment.at <= one.next_at for one in self.lists)
        return Standing.GOOD if in_date else Standing.UNKNOWN


class Authorities(Protocol):
    """Where signers of seals are looked up; ``gate.trust.authorities`` has it."""

    def signer(self, country: str, certificate: bytes) -> SealSigner:
        """The signer whose certificate this is.

        Args:
            country: Three letters that the seal names as its issuer, e.g. ``"AUS"``.
            certificate: X.509 in DER, as a stranger wrote it into the seal.

        Raises:
            CredentialFault: ``CERTIFICATE_ISSUER_UNKNOWN`` (no believed authority of this country issued it),
                ``CERTIFICATE_FORGED`` (it names one, which did not sign it), ``CERTIFICATE_UNACCEPTABLE`` (it is no
                certificate of a signer).
        """
        ...


class NoAuthorities:
    """No authority is believed."""

    def signer(self, country: str, certificate: bytes) -> NoReturn:
        del country, certificate
        raise CredentialFault(Reason.CERTIFICATE_ISSUER_UNKNOWN, "vds-nc: no authority is believed")


NO_AUTHORITIES: Final = NoAuthorities()
