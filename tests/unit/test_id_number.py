"""Numbers of identity documents. All in region 999999 or with another code that nobody was given."""

from __future__ import annotations

from datetime import date

import pytest

from gate.credentials.id_number import (
    birth_date,
    check_character,
    document_number_kind,
    is_residence_number_2017,
    is_valid_number,
    is_valid_residence_number,
    upgrade_15_to_18,
)
from gate.model import DocumentType


@pytest.mark.parametrize(
    "number", ["999999199001010024", "99999919500228001X", "990000198505050026", "999999198001010011"]
)
def test_numbers_made_by_others_are_valid(number: str) -> None:
    assert check_character(number[:17]) == number[17]
    assert is_valid_number(number)


def test_each_of_the_eleven_check_characters_occurs() -> None:
    assert {check_character(f"99999919900101{sequence:03d}") for sequence in range(40)} == set("0123456789X")


@pytest.mark.parametrize(
    "number",
    [
        "999999199001010023",  # another check digit
        "999999199001010042",  # two digits changed places
        "99999919500228001x",  # small letter
        "99999919500228001Ｘ",  # full-width letter
        "９99999199001010024",  # full-width digit
        "999999199001010024\n",
        "99999919900101002",
        "",
    ],
)
def test_a_number_that_is_not_well_formed_is_refused(number: str) -> None:
    assert not is_valid_number(number)


def test_a_birth_date_that_cannot_be_is_refused_even_with_the_right_check_character() -> None:
    for birth in ("19900230", "19901301", "17990101", "29990101"):
        body = f"999999{birth}002"
        assert not is_valid_number(body + check_character(body))


@pytest.mark.parametrize("body", ["9999991990010100", "99999919900101００1", "9999991990010100X", "²9999919900101001"])
def test_a_check_character_needs_seventeen_digits(body: str) -> None:
    with pytest.raises(ValueError, match="17 digits"):
        check_character(body)


def test_an_old_number_becomes_a_new_one() -> None:
    assert upgrade_15_to_18("999999500228001") == "99999919500228001X"
    assert upgrade_15_to_18("999999900101002") == "999999199001010024"


@pytest.mark.parametrize("number", ["99999950022800", "999999500230001", "99999950022800X"])
def test_an_old_number_that_cannot_be_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match=r"15 digits|birth date"):
        upgrade_15_to_18(number)


def test_residence_numbers() -> None:
    assert is_valid_residence_number("999999198001010011")
    assert not is_valid_residence_number("999999198001010012")
    assert not is_valid_residence_number("899999" + "19800101001" + check_character("89999919800101001"))
    assert is_residence_number_2017("ZZZ999980010119")
    assert not is_residence_number_2017("ZZ9999980010119")
    assert not is_residence_number_2017("ZZZ99998001011")


def test_the_birth_date_is_in_the_number() -> None:
    assert birth_date("99999919500228001X") == date(1950, 2, 28)


def with_check(body: str) -> str:
    return body + check_character(body)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("99999919500228001X", DocumentType.RESIDENT_ID),
        ("99999919500228001x", DocumentType.RESIDENT_ID),
        ("  999999199001010024\r\n", DocumentType.RESIDENT_ID),
        ("999999500228001", DocumentType.RESIDENT_ID),
        (with_check("83000019850505999"), DocumentType.HMT_RESIDENCE),
        (with_check("93199919800101999"), DocumentType.PERMANENT_RESIDENCE),
        ("999999199001010023", None),
        ("999999509928001", None),
        ("99999950022800X", None),
        ("HC1:6BF", None),
        ("6901234567892", None),
        ("", None),
        ("9" * 100_000, None),
    ],
)
def test_a_code_that_is_just_a_number_is_recognised(text: str, kind: DocumentType | None) -> None:
    assert document_number_kind(text) is kind
