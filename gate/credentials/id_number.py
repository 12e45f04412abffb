"""Numbers of identity documents: GB 11643 (18 and 15 characters) and the permanent-residence number of 2023.

The check character is ISO 7064 MOD 11-2 in both (PROTOCOLS 1.10). A number that passes is well formed, no more: anybody
can make one up (DESIGN invariant 7).
"""

from __future__ import annotations

import re
from datetime import date

from gate.model import DocumentType

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_OLD_SIZE = 15

_NUMBER_18 = re.compile(r"[0-9]{6}(?:18|19|20)[0-9]{9}[0-9X]")
_NUMBER_15 = re.compile(r"[0-9]{15}")
_RESIDENCE_PERMIT_2017 = re.compile(r"[A-Z]{3}[0-9]{12}")

_HMT_REGIONS = ("810000", "820000", "830000")
"""Hong Kong, Macau, Taiwan: these stand where a citizen's number has the county (GB 11643 practice since 2018)."""
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]")
"""GB/T 2260 codes of the provinces that issue permanent-residence cards."""


def check_character(body: str) -> str:
    """The last character of an 18-character number from its first 17 digits.

    Raises:
        ValueError: ``body`` is not 17 ASCII digits.
    """
    if len(body) != len(_WEIGHTS) or not (body.isascii() and body.isdigit()):
        raise ValueError("an ID number has 17 digits before its check character")
    return _CHECK_CHARACTERS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def is_valid_number(number: str) -> bool:
    """Whether ``number`` has 18 characters, a birth date that can be and the right check character (X in capital)."""
    return (
        _NUMBER_18.fullmatch(number) is not None
        and birth_date(number) is not None
        and check_character(number[:17]) == number[17]
    )


def is_valid_residence_number(number: str) -> bool:
    """Whether ``number`` is well formed for a permanent-residence card of the 2023 form.

    ``9``, province (2), country (3), birth date (8), sequence (3), check character; issued since 2023-12-01.
    """
    return number.startswith("9") and is_valid_number(number)


def is_residence_number_2017(number: str) -> bool:
    """Whether ``number`` has the form of the 2017 permanent-residence card: three letters and twelve digits.

    Its check digit is left alone: the rule told for it does not fit the one public sample (PROTOCOLS 1.10).
    """
    return _RESIDENCE_PERMIT_2017.fullmatch(number) is not None


def old_residence_number(number: str, nationality: str, link: str) -> str | None:
    """The number of the 2017 card that a 2023 card replaced, without its last digit; None where there was none.

    Nationality (3 letters), authority (4), birth date YYMMDD, sequence (1); how the digit after them is made is not
    known for sure, so it is left out wherever such numbers are compared (PROTOCOLS 1.10).

    Args:
        number: 18 characters, of the 2023 card.
        nationality: ISO 3166, three letters.
        link: three characters that tie the card to the old one; blank on a first card.
    """
    if re.fullmatch(r"[0-9]{3}", link) is None or re.fullmatch(r"[A-Z]{3}", nationality) is None:
        return None
    return f"{nationality}{number[1:3]}{link[:2]}{number[8:14]}{link[2]}"


def upgrade_15_to_18(number: str) -> str:
    """The 18-character form of a number of the old form: ``19`` before the year, check character at the end.

    Raises:
        ValueError: ``number`` is not 15 digits with a birth date that exists.
    """
    if _NUMBER_15.fullmatch(number) is None:
        raise ValueError("an ID number of the old form has 15 digits")
    body = f"{number[:6]}19{number[6:]}"
    if birth_date(body) is None:
        raise ValueError("the birth date in the number does not exist")
    return body + check_character(body)


def birth_date(number: str) -> date | None:
    """The birth date inside an 18-character number; None where no such day exists."""
    return day(number[6:14])


def day(text: str) -> date | None:
    """``YYYYMMDD`` as a date; None where it is not eight ASCII digits or no such day exists."""
    if re.fullmatch(r"[0-9]{8}", text) is None:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def document_number_kind(text: str) -> DocumentType | None:
    """Which document ``text`` is the number of, None when it is no such number.

    Meant for codes that hold nothing but a number. Spaces around it and a small ``x`` are tolerated, as people's
    own QR codes have them.
    """
    number = text.strip().upper()
    if len(number) == _OLD_SIZE:
        try:
            number = upgrade_15_to_18(number)
        except ValueError:
            return None
    if not is_valid_number(number):
        return None
    if number.startswith(_HMT_REGIONS):
        return DocumentType.HMT_RESIDENCE
    if number.startswith("9") and _PROVINCES.match(number, 1):
        return DocumentType.PERMANENT_RESIDENCE
    return DocumentType.RESIDENT_ID
