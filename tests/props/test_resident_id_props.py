"""Properties of the resident-ID parser."""

from __future__ import annotations

import string
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from drivers.simulated import id_cards
from gate.credentials.id_number import check_character, document_number_kind
from gate.credentials.resident_id import Layout, ResidentCard, parse, read_card
from gate.errors import CredentialFault
from gate.model import Credential, Validity

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=15)
LATIN = st.text(string.ascii_uppercase + ",-'", min_size=1, max_size=40)
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
SEQUENCES = st.integers(0, 999)


TRICKS = {
    *range(0x20),
    *range(0x7F, 0xA0),
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),
    0xFEFF,
}
"""Controls, invisible and bidirectional characters, halves of characters."""


def digits(day: date) -> str:
    return f"{day:%Y%m%d}"


@st.composite
def fields(draw: st.DrawFn) -> tuple[dict[str, str], date, Validity]:
    birth = draw(DAYS)
    first, last = sorted((draw(DAYS), draw(DAYS)))
    endless = draw(st.booleans())
    texts = {
        "birth": digits(birth),
        "valid_from": digits(first),
        "valid_to": "长期" if endless else digits(last),
        "name": draw(HAN),
        "sex": draw(st.sampled_from("0129")),
    }
    return texts, birth, Validity(first, None if endless else last)


@given(fields(), SEQUENCES, HAN, st.sampled_from(["01", "25", "98"]))
def test_a_citizens_card_comes_back_whole(
    drawn: tuple[dict[str, str], date, Validity], sequence: int, address: str, nation: str
) -> None:
    texts, birth, validity = drawn
    body = f"999999{digits(birth)}{sequence:03d}"
    block = id_cards.citizen(sequence, **texts, address=address, nation=nation)
    assert read_card(block) == ResidentCard(
        layout=Layout.CITIZEN,
        name=texts["name"],
        number=body + check_character(body),
        birth_date=birth,
        validity=validity,
        sex=texts["sex"],
        nation=nation,
        address=address,
        authority="示例市公安局",
    )


@given(fields(), SEQUENCES)
def test_a_residence_permit_comes_back_whole(drawn: tuple[dict[str, str], date, Validity], sequence: int) -> None:
    texts, birth, validity = drawn
    body = f"999999{digits(birth)}{sequence:03d}"
    assert read_card(id_cards.hong_kong_macau_taiwan(sequence, **texts, address="示例路")) == ResidentCard(
        layout=Layout.HMT_RESIDENCE,
        name=texts["name"],
        number=body + check_character(body),
        birth_date=birth,
        validity=validity,
        sex=texts["sex"],
        address="示例路",
        authority="示例市公安局",
        pass_number=f"H{sequence:08d}",
        issue_count="01",
    )


@given(fields(), SEQUENCES, LATIN)
def test_a_card_of_2017_comes_back_whole(
    drawn: tuple[dict[str, str], date, Validity], sequence: int, latin: str
) -> None:
    texts, birth, validity = drawn
    assert read_card(id_cards.foreigner_2017(sequence, **texts, latin_name=latin)) == ResidentCard(
        layout=Layout.PERMANENT_RESIDENCE_2017,
        name=texts["name"],
        number=f"ZZZ9999{birth:%y%m%d}{sequence % 10}9",
        birth_date=birth,
        validity=validity,
        sex=texts["sex"],
        latin_name=latin,
        nationality="ZZZ",
        authority="1500",
        version="01",
    )


@given(fields(), SEQUENCES, LATIN)
def test_a_card_of_2023_comes_back_whole(
    drawn: tuple[dict[str, str], date, Validity], sequence: int, latin: str
) -> None:
    texts, birth, validity = drawn
    body = f"999999{digits(birth)}{sequence:03d}"
    block = id_cards.foreigner_2023(sequence, **texts, latin_name=latin[:35], latin_name_rest=latin[35:])
    assert read_card(block) == ResidentCard(
        layout=Layout.PERMANENT_RESIDENCE_2023,
        name=texts["name"],
        number=body + check_character(body),
        birth_date=birth,
        validity=validity,
        sex=texts["sex"],
        latin_name=latin,
        nationality="ZZZ",
        issue_count="00",
        old_card="991",
    )


def judged(block: bytes) -> Credential | CredentialFault:
    try:
        return parse(block)
    except CredentialFault as fault:
        return fault


@given(st.binary(min_size=256, max_size=256))
def test_any_block_is_a_credential_or_a_declared_fault(block: bytes) -> None:
    assert isinstance(judged(block), Credential | CredentialFault)


CARDS = st.sampled_from(
    [id_cards.citizen(1), id_cards.hong_kong_macau_taiwan(2), id_cards.foreigner_2017(3), id_cards.foreigner_2023(4)]
)


@given(CARDS, st.integers(0, 255), st.binary(min_size=1, max_size=16))
def test_a_damaged_card_is_a_credential_or_a_declared_fault(block: bytes, at: int, damage: bytes) -> None:
    result = judged((block[:at] + damage + block[at + len(damage) :])[:256])
    if isinstance(result, Credential):
        assert result.holder is not None
        assert result.holder.name
        assert TRICKS.isdisjoint(map(ord, result.holder.name))


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_is_not(text: str) -> None:
    document_number_kind(text)


@given(st.text("0123456789Xx", min_size=15, max_size=18))
def test_anything_like_a_number_is_judged_without_an_exception(text: str) -> None:
    document_number_kind(text)
