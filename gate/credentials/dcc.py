"""EU Digital COVID Certificate: content of the shape of its schema, version 1.3, with dates that exist.

Stricter than the official JSON schema in four things: the version must be 1.x (the claim's own major version), a
country is matched whole, an event lies in 1900–2099 on a day that exists, and a sample has a time with its zone.
Looser in one: a date may carry a time, as some states have issued it. What the codes inside *mean* (vaccine, test
device, country) is for the rules and their value sets, which change every month.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from gate.credentials.hcert import check_life, check_standing, check_usage
from gate.credentials.names import shown
from gate.errors import CredentialFault
from gate.model import Assurance, Certificate, Credential, CredentialKind, Holder, Moment, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.credentials.hcert import Hcert
    from gate.credentials.signer import SignerKey
    from gate.credentials.trusted import Trusted

_DAY = r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}"
_TIME = r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
_ZONE = r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_BIRTH_DAY_CHARACTERS = len("2000-01-01")

_Text80 = Annotated[str, Meta(max_length=80)]
_Text = Annotated[str, Meta(max_length=255)]
_Machine = Annotated[str, Meta(max_length=80, pattern=r"^[A-Z<]*\Z")]
_Country = Annotated[str, Meta(pattern=r"^[A-Z]{1,10}\Z")]
_Count = Annotated[int, Meta(ge=1)]
_Date = Annotated[str, Meta(pattern=rf"^{_DAY}({_TIME}{_ZONE}?)?\Z")]
_DateTime = Annotated[str, Meta(pattern=rf"^{_DAY}{_TIME}{_ZONE}\Z")]


class _Name(Struct, gc=False):
    fnt: _Machine
    fn: _Text80 | UnsetType = UNSET
    gn: _Text80 | UnsetType = UNSET
    gnt: _Machine | UnsetType = UNSET


class _Vaccination(Struct, gc=False):
    tg: _Text
    vp: _Text
    mp: _Text
    ma: _Text
    dn: _Count
    sd: _Count
    dt: _Date
    co: _Country
    is_: _Text80 = msgspec.field(name="is")
    ci: _Text80

    def days(self) -> tuple[str, ...]:
        return (self.dt,)


class _Test(Struct, gc=False):
    tg: _Text
    tt: _Text
    sc: _DateTime
    tr: _Text
    co: _Country
    is_: _Text80 = msgspec.field(name="is")
    ci: _Text80
    nm: _Text80 | UnsetType = UNSET
    ma: _Text | UnsetType = UNSET
    tc: _Text80 | UnsetType = UNSET

    def days(self) -> tuple[str, ...]:
        return (self.sc,)


class _Recovery(Struct, gc=False):
    tg: _Text
    fr: _Date
    co: _Country
    is_: _Text80 = msgspec.field(name="is")
    df: _Date
    du: _Date
    ci: _Text80

    def days(self) -> tuple[str, ...]:
        return (self.fr, self.df, self.du)


_One = Meta(min_length=1, max_length=1)


class _Content(Struct, gc=False):
    ver: Annotated[str, Meta(pattern=r"^1\.[0-9]{1,3}\.[0-9]{1,3}\Z")]
    nam: _Name
    dob: Annotated[str, Meta(pattern=r"^((19|20)[0-9]{2}(-(0[0-9]|1[0-2])(-[0-9]{2})?)?)?\Z")]
    v: Annotated[list[_Vaccination], _One] | UnsetType = UNSET
    t: Annotated[list[_Test], _One] | UnsetType = UNSET
    r: Annotated[list[_Recovery], _One] | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Dcc:
    """Checked content of a certificate."""

    group: str
    """``v`` vaccination, ``t`` test or ``r`` recovery: exactly one of them."""
    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    """None where only the year or the month is known."""
    identifier: str = field(repr=False)
    """Unique certificate identifier (``ci``), as it was signed."""
    country: str
    """That issued it (``co``)."""
    payload: Mapping[str, Any] = field(repr=False)
    """The fields that the schema names, as they were signed; others are left out."""


def read(hcert: Hcert, signer: SignerKey, trusted: Trusted, moment: Moment) -> Credential:
    """Turn a certificate whose signature was verified into a credential.

    Raises:
        CredentialFault: in this order: ``CERTIFICATE_UNACCEPTABLE`` (content against the schema, or of a group that
            the signer may not sign), ``CLOCK_UNTRUSTED`` (nobody knows whether it is in date),
            ``CERTIFICATE_NOT_YET_VALID``, ``CERTIFICATE_EXPIRED``, ``CERTIFICATE_REVOKED``, ``REVOCATION_UNKNOWN``.
    """
    content = check(hcert.content)
    check_usage(signer, content.group)
    check_life(hcert, signer, moment)
    check_standing(hcert, signer, content.country, content.identifier.encode(), trusted.revocations, moment)
    return Credential(
        kind=CredentialKind.HCERT,
        assurance=Assurance.STATIC_CODE,
        holder=Holder(name=content.name, birth_date=content.birth_date),
        certificate=Certificate(
            issuer=hcert.issuer or signer.country,
            key_id=hcert.message.key_id.hex(),
            issued_at=hcert.issued_at,
            expires_at=hcert.expires_at,
            payload=content.payload,
        ),
    )


def check(content: object) -> Dcc:
    """Check a certificate's content against schema 1.3.

    Raises:
        CredentialFault: ``CERTIFICATE_UNACCEPTABLE``.
    """
    try:
        checked = msgspec.convert(content, _Content)
    except msgspec.ValidationError as error:
        # msgspec names the field and what was expected there, never the value.
        raise _unacceptable(str(error)) from error
    groups = {"v": checked.v, "t": checked.t, "r": checked.r}
    present = [(group, entries[0]) for group, entries in groups.items() if entries is not UNSET]
    if len(present) != 1:
        raise _unacceptable("not exactly one vaccination, test or recovery")
    ((group, entry),) = present
    try:
        for day in entry.days():
            datetime.fromisoformat(day)
        birth_date = _birth_date(checked.dob)
    except ValueError as error:
        raise _unacceptable("a date that does not exist") from error
    return Dcc(group, _display_name(checked.nam), birth_date, entry.ci, entry.co, msgspec.to_builtins(checked))


def _birth_date(text: str) -> date | None:
    """The day of birth where it is known: papers of many people lack the day or the month, some write it as 00."""
    known = len(text) == _BIRTH_DAY_CHARACTERS and "-00" not in text
    return date.fromisoformat(text) if known else None


def _display_name(name: _Name) -> str:
    """Forename and surname as written, else as transliterated; NFC, as the HCERT specification (3.3.6) asks."""
    parts = (
        name.gn or (name.gnt or "").replace("<", " "),
        name.fn or name.fnt.replace("<", " "),
    )
    return shown(" ".join(part for part in parts if part))


def _unacceptable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CERTIFICATE_UNACCEPTABLE, f"dcc: {what}")
