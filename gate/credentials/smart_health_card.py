"""SMART Health Cards (spec.smarthealth.cards 1.4): a code's text -> checked credential.

``shc:/`` and two digits for each character of a JWS, whose payload names the issuer and holds a FHIR bundle. Codes
only: neither files (``.smart-health-card``) nor links (``shlink:/``), since both need somebody's network. ``decode``
looks at shapes only; ``verify`` says whether the card is genuine, in date, and not taken back.

Rules see the card's own content with the resources grouped by type, for CertLogic can't search a list::

    {"type": [...], "fhirVersion": "4.0.1", "resources": {"Patient": [{...}], "Immunization": [{...}, {...}]}}
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from gate.credentials import es256, fhir_bundle, jws
from gate.credentials.revocation import Standing
from gate.errors import CredentialFault
from gate.model import Assurance, Certificate, Credential, CredentialKind, Holder, Moment, Reason

if TYPE_CHECKING:
    from gate.credentials.card_issuers import CardKey
    from gate.credentials.trusted import Trusted

PREFIX = b"shc:/"
MAX_TEXT_BYTES = 8192
"""The largest QR code holds 7,089 digits (ISO/IEC 18004)."""
LEEWAY = timedelta(minutes=5)
"""How far an issuer's clock may run ahead of ours (DESIGN section 5)."""
HEALTH_CARD = "https://smarthealth.cards#health-card"
"""The type that every card has."""

_ONLY_CHUNK = b"1/1/"
_CHUNK = re.compile(rb"[0-9]{1,3}/[0-9]{1,3}/")
_FIRST_CHARACTER = 45
"""What the digits 00 stand for: ``-``, the smallest character of a JWS."""
_LARGEST_PAIR = ord("z") - _FIRST_CHARACTER
_LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()

Url = Annotated[str, Meta(pattern=r"^https://[!-~]{0,247}[!-.0-~]\Z")]
"""Of an issuer; it must not end with a slash."""
_Seconds = Annotated[float, Meta(gt=0, le=_LAST_SECOND)]


class _Subject(Struct, rename="camel"):
    fhir_version: Annotated[str, Meta(max_length=20)]
    fhir_bundle: fhir_bundle.Bundle


class _Vc(Struct):
    type: Annotated[list[Annotated[str, Meta(max_length=255)]], Meta(min_length=1, max_length=50)]
    subject: _Subject = msgspec.field(name="credentialSubject")
    rid: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,24}\Z")] | UnsetType = UNSET


class _Claims(Struct):
    iss: Url
    nbf: _Seconds
    vc: _Vc
    exp: _Seconds | UnsetType = UNSET


_CLAIMS = msgspec.json.Decoder(_Claims)


@dataclass(frozen=True, slots=True)
class HealthCard:
    """A card taken apart: nothing about it is verified yet."""

    message: jws.Jws
    issuer: str
    issued_at: datetime
    expires_at: datetime | None
    rid: str | None
    """By what its issuer may revoke it."""
    types: list[str]
    fhir_version: str
    content: fhir_bundle.Content = field(repr=False)


def decode(text: bytes) -> HealthCard:
    """Take the layers off.

    Args:
        text: The exact characters of the code, from ``shc:/`` on; the letters may be capitals.

    Raises:
        CredentialFault: ``CODE_UNREADABLE`` where the text is no such code or damaged. ``CERTIFICATE_UNACCEPTABLE``
            where it is one part of several codes, or where what is inside is no health card with its dates.
    """
    return read_claims(jws.decode(_characters(text)))


def read_claims(message: jws.Jws) -> HealthCard:
    """Read the claims of a signed message.

    Raises:
        CredentialFault: ``CERTIFICATE_UNACCEPTABLE``.
    """
    try:
        claims = _CLAIMS.decode(message.payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # msgspec names the field and what was expected there, never the value.
        raise _unacceptable(str(error) if isinstance(error, msgspec.ValidationError) else "no JSON") from error
    except RecursionError as error:
        raise _unacceptable("nested too deeply") from error
    if HEALTH_CARD not in claims.vc.type:
        raise _unacceptable("not of the type of a health card")
    if claims.exp is not UNSET and claims.exp < claims.nbf:
        raise _unacceptable("its life ends before it begins")
    return HealthCard(
        message,
        claims.iss,
        issued_at=datetime.fromtimestamp(claims.nbf, UTC),
        expires_at=None if claims.exp is UNSET else datetime.fromtimestamp(claims.exp, UTC),
        rid=None if claims.vc.rid is UNSET else claims.vc.rid,
        types=claims.vc.type,
        fhir_version=claims.vc.subject.fhir_version,
        content=fhir_bundle.read(claims.vc.subject.fhir_bundle),
    )


def verify(card: HealthCard, trusted: Trusted, moment: Moment) -> Credential:
    """Find out whether a card is genuine, in date, and not taken back.

    Args:
        card: What ``decode`` returned.
        trusted: The issuers, and what they have revoked.
        moment: The one ``now``.

    Raises:
        CredentialFault: in this order: ``CERTIFICATE_ISSUER_UNKNOWN`` (no such issuer, or not with this key),
            ``CERTIFICATE_FORGED``, ``CLOCK_UNTRUSTED`` (nobody knows whether it is in date),
            ``CERTIFICATE_NOT_YET_VALID``, ``CERTIFICATE_EXPIRED``, ``CERTIFICATE_REVOKED``, ``REVOCATION_UNKNOWN``.
    """
    key = trusted.card_issuers.key(card.issuer, card.message.key_id)
    if key is None:
        raise CredentialFault(Reason.CERTIFICATE_ISSUER_UNKNOWN, "shc: no trusted issuer with this key")
    if not es256.verify(key.public_key, card.message.signature, card.message.signed):
        raise CredentialFault(Reason.CERTIFICATE_FORGED, "shc: the signature is not that of its issuer")
    _check_life(card, moment)
    _check_standing(card, key)
    return Credential(
        kind=CredentialKind.SMART_HEALTH_CARD,
        assurance=Assurance.STATIC_CODE,
        holder=Holder(name=card.content.name, birth_date=card.content.birth_date),
        certificate=Certificate(
            issuer=card.issuer,
            key_id=card.message.key_id,
            issued_at=card.issued_at,
            expires_at=card.expires_at,
            payload={"type": card.types, "fhirVersion": card.fhir_version, "resources": card.content.resources},
        ),
    )


def _check_life(card: HealthCard, moment: Moment) -> None:
    if not moment.trusted:
        raise CredentialFault(Reason.CLOCK_UNTRUSTED, "shc: it may be out of date")
    if card.issued_at - moment.at > LEEWAY:
        raise CredentialFault(Reason.CERTIFICATE_NOT_YET_VALID, "shc: issued in the future")
    if card.expires_at is not None and moment.at >= card.expires_at:
        raise CredentialFault(Reason.CERTIFICATE_EXPIRED, "shc: its life is over")


def _check_standing(card: HealthCard, key: CardKey) -> None:
    match key.standing(card.rid, card.issued_at):
        case Standing.REVOKED:
            raise CredentialFault(Reason.CERTIFICATE_REVOKED, "shc: its issuer has revoked it")
        case Standing.UNKNOWN:
            raise CredentialFault(Reason.REVOCATION_UNKNOWN, "shc: no list in date of what its issuer has revoked")


def _characters(text: bytes) -> bytes:
    """The JWS that the digits stand for ("Health Cards as QR Codes")."""
    if len(text) > MAX_TEXT_BYTES:
        raise _unreadable("longer than any code")
    if text[: len(PREFIX)].lower() != PREFIX:
        raise _unreadable("no shc:/ at the beginning")
    digits = text[len(PREFIX) :].removeprefix(_ONLY_CHUNK)
    if _CHUNK.match(digits):
        # Deprecated since 2022 and hardly ever issued, so nobody is asked to hold up one code after another.
        raise _unacceptable("one of several codes that only together are a card; ask for it as a single code")
    if not digits.isdigit() or len(digits) % 2:
        raise _unreadable("no pairs of digits")
    pairs = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    if max(pairs) > _LARGEST_PAIR:
        raise _unreadable("digits that stand for no character")
    return bytes(pair + _FIRST_CHARACTER for pair in pairs)


def _unreadable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CODE_UNREADABLE, f"shc: {what}")


def _unacceptable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CERTIFICATE_UNACCEPTABLE, f"shc: {what}")
