"""Messages of seals: proof of vaccination and proof of testing (ICAO technical report VDS-NC, version 1 of both).

Looser than the standard in three things: texts may have 255 characters, members that it does not name may stand there,
since a state has signed them and no rule asks for them, and what only staff would read (contacts, centre) may be left
out. What the codes inside *mean* (vaccine, disease, result) is for the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from gate.credentials.names import shown
from gate.errors import CredentialFault
from gate.model import Document, DocumentType, Holder, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_EVENTS: Final = 50
"""Vaccines in one message, and doses of one vaccine; a code has room for some thirty doses."""
_DATE_LINE: Final = timedelta(hours=14)
"""How much earlier than in UTC a day begins where it begins first."""

_DAY = r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}"
_Text = Annotated[str, Meta(max_length=255)]
_Needed = Annotated[str, Meta(min_length=1, max_length=255)]
_Date = Annotated[str, Meta(pattern=rf"^{_DAY}\Z")]
_DateTime = Annotated[
    str, Meta(pattern=rf"^{_DAY}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,9}})?(Z|[+-][0-9]{{2}}:[0-9]{{2}})\Z")
]
_Country = Annotated[str, Meta(pattern=r"^[A-Z]{1,3}\Z")]
_Number = Annotated[str, Meta(min_length=1, max_length=24)]


class _Dose(Struct, gc=False):
    dvc: _Date
    seq: Annotated[int, Meta(ge=1, le=99)]
    ctr: _Country
    lot: _Text
    adm: _Text | UnsetType = UNSET
    dvn: _Date | UnsetType = UNSET


class _Vaccine(Struct):
    des: _Needed
    nam: _Text
    vd: Annotated[list[_Dose], Meta(min_length=1, max_length=MAX_EVENTS)]
    dis: _Needed | UnsetType = UNSET


class _Vaccinated(Struct, gc=False):
    n: _Needed
    dob: _Date | UnsetType = UNSET
    i: _Number | UnsetType = UNSET
    ai: _Text | UnsetType = UNSET
    sex: _Text | UnsetType = UNSET


class _Vaccination(Struct):
    """Proof of vaccination, ``icao.vacc``."""

    uvci: _Needed
    pid: _Vaccinated
    ve: Annotated[list[_Vaccine], Meta(min_length=1, max_length=MAX_EVENTS)]


class _Tested(Struct, gc=False):
    n: _Needed
    dob: _Date
    dt: Annotated[str, Meta(pattern=r"^(P|A|C|I|AC|V|D)\Z")]
    dn: _Number


class _Provider(Struct, gc=False):
    spn: _Text
    ctr: _Country


class _Times(Struct, gc=False):
    sc: _DateTime
    ri: _DateTime


class _Result(Struct, gc=False):
    tc: _Needed
    r: _Needed
    m: _Text | UnsetType = UNSET


class _Test(Struct):
    """Proof of testing, ``icao.test``."""

    utci: _Needed
    pid: _Tested
    sp: _Provider
    dat: _Times
    tr: _Result
    opt: _Text | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Message:
    """Checked content of a seal."""

    document_type: str
    """Of whom its signer must be one (Doc 9303-12, DocumentTypeList)."""
    holder: Holder
    begins: datetime
    """Before this moment, nobody can have written it."""
    reported_at: datetime | None
    """When a test was reported; a vaccination does not say when its seal was made."""


def check(kind: str, message: object) -> Message:
    """Check a message against the standard.

    Args:
        kind: ``hdr.t`` of the seal: one of ``KINDS``.
        message: ``msg`` of the seal.

    Raises:
        CredentialFault: ``CERTIFICATE_UNACCEPTABLE``.
    """
    try:
        checked = msgspec.convert(message, KINDS[kind])
    except msgspec.ValidationError as error:
        # msgspec names the field and what was expected there, never the value.
        raise _unacceptable(str(error)) from error
    try:
        return _vaccination(checked) if isinstance(checked, _Vaccination) else _test(checked)
    except ValueError as error:
        raise _unacceptable("a date that does not exist") from error


KINDS: Final[Mapping[str, Any]] = MappingProxyType({"icao.vacc": _Vaccination, "icao.test": _Test})


def _vaccination(message: _Vaccination) -> Message:
    person = message.pid
    if person.dob is UNSET and person.i is UNSET:
        raise _unacceptable("neither a date of birth nor a travel document")
    doses = [dose for vaccine in message.ve for dose in vaccine.vd]
    for dose in doses:
        if dose.dvn is not UNSET:
            date.fromisoformat(dose.dvn)
    latest = max(date.fromisoformat(dose.dvc) for dose in doses)
    begins = datetime(latest.year, latest.month, latest.day, tzinfo=UTC) - _DATE_LINE
    return Message("NV", _holder(person.n, person.dob, person.i), begins, None)


def _test(message: _Test) -> Message:
    person = message.pid
    sampled_at, reported_at = (
        datetime.fromisoformat(text).astimezone(UTC) for text in (message.dat.sc, message.dat.ri)
    )
    if sampled_at > reported_at:
        raise _unacceptable("a test that was reported before its sample was taken")
    number = person.dn if person.dt == "P" else UNSET
    return Message("NT", _holder(person.n, person.dob, number), reported_at, reported_at)


def _holder(name: str, birth: str | UnsetType, passport: str | UnsetType) -> Holder:
    """Of the name, two blanks or fillers part the family's from the given ones (Doc 9303-3)."""
    if not (display := shown(name.replace("<", " "))):
        raise _unacceptable("a name of which nothing shows")
    return Holder(
        name=display,
        document=None if passport is UNSET else Document(DocumentType.PASSPORT, passport),
        birth_date=None if birth is UNSET else date.fromisoformat(birth),
    )


def _unacceptable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CERTIFICATE_UNACCEPTABLE, f"vds-nc: {what}")
