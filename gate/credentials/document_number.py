"""The number of a document as somebody typed it, in the one form under which the gate looks people up.

ID numbers carry a check character; passports and travel permits have a form only. Travel permits of Hong Kong and
Macau residents: ``H`` or ``M``, a number for life of eight digits, and on cards before 2013 two more that count
renewals (Ministry of Public Security, 2010); Taiwan residents': eight digits, or ten on the older booklets.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from gate.credentials.id_number import (
    document_number_kind,
    is_residence_number_2017,
    is_valid_number,
    is_valid_residence_number,
    upgrade_15_to_18,
)
from gate.model import Document, DocumentType

_OLD: Final = 15
_SIZES: Final = (_OLD, 18)
_PASSPORT: Final = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,9}")
"""ICAO 9303: nine places at most."""
_HONG_KONG_MACAU: Final = re.compile(r"([HM][A-Z0-9][0-9]{7})(?:[0-9]{2})?")
_TAIWAN: Final = re.compile(r"[0-9]{8}(?:[0-9]{2})?")
_OUTSIDE_PROVINCES: Final = re.compile(r"[89]")
_LONGEST: Final = 40


def read(kind: DocumentType | None, typed: str) -> Document:
    """The document that a typed number is of.

    Args:
        kind: which document it is said to be; None where nobody said, which will do for ID numbers.
        typed: the number; spaces, small letters and full-width characters are tolerated.

    Raises:
        ValueError: it is no number of such a document; the message says why, and does not hold the number.
    """
    number = _plain(typed)
    if kind is None:
        return _id_number(document_number_kind(number) or DocumentType.RESIDENT_ID, number)
    if kind is DocumentType.PASSPORT:
        if _PASSPORT.fullmatch(number) is None:
            raise ValueError("is not of a passport's form: five to nine letters and digits, at least one digit")
        return Document(kind, number)
    if kind is DocumentType.TRAVEL_PERMIT:
        return Document(kind, _travel_permit(number))
    if kind is DocumentType.PERMANENT_RESIDENCE and is_residence_number_2017(number):
        return Document(kind, number)
    return _id_number(kind, number)


def holds_id_number(text: str) -> bool:
    """Whether an ID number of 18 characters stands somewhere in a text."""
    plain = _plain(text[: 4 * _LONGEST])
    return any(is_valid_number(plain[start : start + 18]) for start in range(len(plain) - 17))


def _plain(typed: str) -> str:
    """In capitals, of half width, without spaces and characters that don't show."""
    if typed.isascii() and typed.isalnum():
        return typed[: 4 * _LONGEST].upper()
    wide = unicodedata.normalize("NFKC", typed[: 4 * _LONGEST])
    return "".join(c for c in wide if not c.isspace() and unicodedata.category(c) != "Cf").upper()


def _id_number(kind: DocumentType, number: str) -> Document:
    if len(number) not in _SIZES:
        raise ValueError(f"has {len(number)} characters, an ID number has 18; for another document say which it is")
    found = document_number_kind(number)
    if found is None:
        raise ValueError("is not an ID number: a digit or the check character at the end is wrong")
    if not _can_be(kind, found, number):
        raise ValueError(f"is not a number of this document but of another ({found.value})")
    return Document(kind, upgrade_15_to_18(number) if len(number) == _OLD else number)


def _can_be(kind: DocumentType, found: DocumentType, number: str) -> bool:
    match kind:
        case DocumentType.PERMANENT_RESIDENCE:
            return is_valid_residence_number(number)
        case DocumentType.HMT_RESIDENCE:
            elsewhere = found is DocumentType.RESIDENT_ID and _OUTSIDE_PROVINCES.match(number) is not None
            return found is kind or elsewhere
        case _:
            return found is kind


def _travel_permit(number: str) -> str:
    match = _HONG_KONG_MACAU.fullmatch(number)
    if match is not None:
        return match[1]  # the count of renewals changes with every card, the holder stays
    if _TAIWAN.fullmatch(number) is None:
        raise ValueError("is not of a travel permit's form: H or M and eight digits, or eight digits")
    return number
