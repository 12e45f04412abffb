"""What is presented: documents, certificates, and how hard they are to copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any

from gate.model.records import Records


class CredentialKind(StrEnum):
    """The format of what was presented."""

    RESIDENT_ID = "resident_id"
    SOCIAL_SECURITY = "social_security"
    HEALTH_CODE = "health_code"
    """A health code: one that only its issuer can resolve, or one that a city signed."""
    PERMIT = "permit"
    """A signed permit (通行证) for zones."""
    HCERT = "hcert"
    SMART_HEALTH_CARD = "smart_health_card"
    VDS_NC = "vds_nc"
    """ICAO visible digital seal for travel-related health."""
    BARE_NUMBER = "bare_number"
    """A code that holds nothing but a document number: anybody can print it."""
    UNRECOGNISED = "unrecognised"


class Assurance(IntEnum):
    """How hard the credential is to copy (DESIGN invariant 7). Comparable: more is better."""

    TYPED = 1
    STATIC_CODE = 2
    DYNAMIC_CODE = 3
    CHIP = 4


class DocumentType(StrEnum):
    """Which kind of identity document a number belongs to."""

    RESIDENT_ID = "resident_id"
    PERMANENT_RESIDENCE = "permanent_residence"
    HMT_RESIDENCE = "hmt_residence"
    """Residence permit for residents of Hong Kong, Macau and Taiwan."""
    TRAVEL_PERMIT = "travel_permit"
    """Travel permit of residents of Hong Kong, Macau and Taiwan to the mainland (回乡证, 台胞证)."""
    PASSPORT = "passport"
    SOCIAL_SECURITY_CARD = "social_security_card"
    """The number printed on a social-security card, where the card gives no more than that."""


@dataclass(frozen=True, slots=True)
class Document:
    """An identity document: the handle under which records about its holder are kept."""

    type: DocumentType
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom the credential names. Only in memory; never stored or logged in clear."""

    name: str = field(repr=False)
    document: Document | None = None
    birth_date: date | None = field(default=None, repr=False)
    also: tuple[Document, ...] = ()
    """Other documents of the same person, as the chip itself says."""
    pseudonym: bytes | None = field(default=None, repr=False)
    """Stands for the document in codes that our own city signed; see ``gate.pseudonym``."""


@dataclass(frozen=True, slots=True)
class Validity:
    """Printed validity of a document; both ends inclusive, ``last_day`` None means 长期 (no end)."""

    first_day: date
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A signed certificate whose signature, issuer and life were found good."""

    issuer: str
    """Country or issuer named in the certificate, e.g. ``"DE"``; of a SMART Health Card the issuer's URL."""
    key_id: str
    """Hex of the signer's key id; of a SMART Health Card the key's thumbprint in base64url, as it stands there."""
    issued_at: datetime | None
    expires_at: datetime | None
    payload: Mapping[str, Any] = field(repr=False)
    """The certificate's own content (for EU DCC: the ``hcert`` claim 1), judged by its own rule set; of a SMART Health
    Card the resources grouped by type, see ``gate.credentials.smart_health_card``."""


@dataclass(frozen=True, slots=True)
class CodeReference:
    """A health code that says nothing by itself: its issuer has to be asked."""

    issuer: str
    """Which adapter recognised it, e.g. ``"gd-yuekang"``."""
    token: str = field(repr=False)
    """What the issuer knows it by."""


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """What names one dynamic code, so that it is not used for two people, and until when that must be remembered."""

    digest: bytes
    """16 bytes; nothing about the code can be learnt from them."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Credential:
    """What was presented, parsed and, where it is signed, verified."""

    kind: CredentialKind
    assurance: Assurance
    holder: Holder | None = field(default=None, repr=False)
    validity: Validity | None = None
    certificate: Certificate | None = None
    reference: CodeReference | None = None
    records: Records | None = None
    """What the credential itself proves about its holder, in our own records."""
    one_time: OneTimeCode | None = None
