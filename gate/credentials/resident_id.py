"""Resident ID cards: the 256-byte text block of the chip, in its four layouts, to a credential (PROTOCOLS 1.9, 1.10).

The reader's security module has proved that the chip is genuine; what is checked here is that the content can be true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from gate.credentials.id_number import (
    birth_date,
    day,
    is_residence_number_2017,
    is_valid_number,
    is_valid_residence_number,
    old_residence_number,
)
from gate.credentials.names import masked as masked_name
from gate.credentials.names import shown
from gate.errors import CredentialFault
from gate.model import Assurance, Credential, CredentialKind, Document, DocumentType, Holder, Reason, Validity

if TYPE_CHECKING:
    from datetime import date

BLOCK_SIZE = 256
NO_END = "长期"
"""Stands for the last day of a card that does not expire."""
_PADDING = " \0\u3000"


class Layout(Enum):
    """Which card it is; the value is the type flag in the block."""

    CITIZEN = ""
    HMT_RESIDENCE = "J"
    PERMANENT_RESIDENCE_2017 = "I"
    PERMANENT_RESIDENCE_2023 = "Y"


_TYPE_FLAG = (248, 2)
_COMMON = {"number": (122, 36), "valid_from": (188, 16), "valid_to": (204, 16)}
_CHINESE = {"name": (0, 30), "sex": (30, 2), "birth": (36, 16), "address": (52, 70), "authority": (158, 30)}
_FIELDS: dict[Layout, dict[str, tuple[int, int]]] = {
    Layout.CITIZEN: _COMMON | _CHINESE | {"nation": (32, 4)},
    Layout.HMT_RESIDENCE: _COMMON | _CHINESE | {"pass_number": (220, 18), "issue_count": (238, 4)},
    Layout.PERMANENT_RESIDENCE_2017: _COMMON
    | {
        "latin_name": (0, 120),
        "sex": (120, 2),
        "nationality": (152, 6),
        "name": (158, 30),
        "birth": (220, 16),
        "version": (236, 4),
        "authority": (240, 8),
        "number": (122, 30),
    },
    Layout.PERMANENT_RESIDENCE_2023: _COMMON
    | {
        "name": (0, 30),
        "sex": (30, 2),
        "issue_count": (32, 4),
        "birth": (36, 16),
        "latin_name": (52, 70),
        "latin_name_rest": (220, 22),
        "nationality": (242, 6),
        "old_card": (250, 6),
    },
}
"""Byte offset and size of every field that a layout has."""

_DOCUMENT_TYPES = {
    Layout.CITIZEN: DocumentType.RESIDENT_ID,
    Layout.HMT_RESIDENCE: DocumentType.HMT_RESIDENCE,
    Layout.PERMANENT_RESIDENCE_2017: DocumentType.PERMANENT_RESIDENCE,
    Layout.PERMANENT_RESIDENCE_2023: DocumentType.PERMANENT_RESIDENCE,
}


@dataclass(frozen=True, slots=True)
class ResidentCard:
    """Everything that a card says; a field that its layout does not have is empty."""

    layout: Layout
    name: str = field(repr=False)
    """Chinese name; may be empty on a foreigner's card."""
    number: str = field(repr=False)
    birth_date: date = field(repr=False)
    validity: Validity
    sex: str = field(default="", repr=False)
    """GB/T 2261.1: ``1`` male, ``2`` female, ``0`` unknown, ``9`` not stated."""
    latin_name: str = field(default="", repr=False)
    nation: str = field(default="", repr=False)
    """GB/T 3304, two digits."""
    nationality: str = field(default="", repr=False)
    """ISO 3166, three letters."""
    address: str = field(default="", repr=False)
    authority: str = field(default="", repr=False)
    pass_number: str = field(default="", repr=False)
    issue_count: str = field(default="", repr=False)
    version: str = field(default="", repr=False)
    old_card: str = field(default="", repr=False)
    """What links a 2023 card to the number of the holder's 2017 card."""


def parse(block: bytes) -> Credential:
    """The credential that a card's text block is.

    Args:
        block: 256 bytes, UTF-16LE.

    Raises:
        CredentialFault: ``DOCUMENT_INVALID``; the content can't be true.
    """
    card = read_card(block)
    document = Document(_DOCUMENT_TYPES[card.layout], card.number)
    holder = Holder(
        name=card.name or card.latin_name, document=document, birth_date=card.birth_date, also=_other_documents(card)
    )
    return Credential(CredentialKind.RESIDENT_ID, Assurance.CHIP, holder, card.validity)


def read_card(block: bytes) -> ResidentCard:
    """All fields of a card's text block.

    Args:
        block: 256 bytes, UTF-16LE.

    Raises:
        CredentialFault: ``DOCUMENT_INVALID``; the content can't be true.
    """
    if len(block) != BLOCK_SIZE:
        raise _invalid(f"text block of {len(block)} bytes instead of {BLOCK_SIZE}")
    layout = _layout(block)
    text = {name: _text(block, *place) for name, place in _FIELDS[layout].items()}
    birth = day(text.pop("birth"))
    if birth is None:
        raise _invalid("birth date does not exist")
    validity = _validity(text.pop("valid_from"), text.pop("valid_to"))
    _check_number(layout, text["number"], birth)
    if layout is Layout.PERMANENT_RESIDENCE_2023:
        text["latin_name"] = _latin_name(block)
        del text["latin_name_rest"]
    if not text["name"] and not text.get("latin_name"):
        raise _invalid("no name")
    return ResidentCard(layout=layout, birth_date=birth, validity=validity, **text)


def masked(card: ResidentCard) -> dict[str, str]:
    """What may be shown of a card to somebody who only has to see that it was read.

    The first character of the name, and of the number the region and the last four: ``张**``, ``999999********001X``.
    """
    hidden = "*" * max(len(card.number) - 10, 0)
    return {
        "card": card.layout.name.lower(),
        "name": masked_name(card.name or card.latin_name),
        "number": f"{card.number[:6]}{hidden}{card.number[-4:]}",
    }


def _other_documents(card: ResidentCard) -> tuple[Document, ...]:
    """Under which other numbers the same person may be known, as far as the card tells."""
    if card.layout is Layout.HMT_RESIDENCE and card.pass_number:
        return (Document(DocumentType.TRAVEL_PERMIT, card.pass_number),)
    if card.layout is Layout.PERMANENT_RESIDENCE_2023:
        old = old_residence_number(card.number, card.nationality, card.old_card)
        return () if old is None else (Document(DocumentType.PERMANENT_RESIDENCE, old),)
    return ()


def _layout(block: bytes) -> Layout:
    """The layout by the type flag; whatever is no known letter means a citizen's card."""
    flag = _text(block, *_TYPE_FLAG)
    return next((layout for layout in Layout if layout.value == flag), Layout.CITIZEN)


def _raw(block: bytes, offset: int, size: int) -> str:
    return block[offset : offset + size].decode("utf-16-le", errors="replace")


def _text(block: bytes, offset: int, size: int) -> str:
    return _clean(_raw(block, offset, size))


def _clean(raw: str) -> str:
    """Without padding and without characters that don't show."""
    return shown(raw.strip(_PADDING))


def _latin_name(block: bytes) -> str:
    """The name of a 2023 card: its two parts belong together before the padding goes, or a space would be lost."""
    places = _FIELDS[Layout.PERMANENT_RESIDENCE_2023]
    return _clean(_raw(block, *places["latin_name"]) + _raw(block, *places["latin_name_rest"]))


def _validity(first: str, last: str) -> Validity:
    first_day, last_day = day(first), None if last == NO_END else day(last)
    if first_day is None or (last_day is None and last != NO_END):
        raise _invalid("a date of validity does not exist")
    if last_day is not None and last_day < first_day:
        raise _invalid("validity ends before it begins")
    return Validity(first_day, last_day)


def _check_number(layout: Layout, number: str, birth: date) -> None:
    if layout is Layout.PERMANENT_RESIDENCE_2017:
        if not is_residence_number_2017(number):
            raise _invalid("permit number is not well formed")
        return
    valid = is_valid_residence_number if layout is Layout.PERMANENT_RESIDENCE_2023 else is_valid_number
    if not valid(number):
        raise _invalid("ID number is not well formed")
    if birth_date(number) != birth:
        raise _invalid("birth date differs from the one in the ID number")


def _invalid(detail: str) -> CredentialFault:
    return CredentialFault(Reason.DOCUMENT_INVALID, detail)
