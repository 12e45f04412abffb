"""The text block of a resident ID card: what the gate takes from it, and what it refuses."""

from __future__ import annotations

from datetime import date

import pytest

from drivers.simulated import id_cards
from gate.credentials.resident_id import Layout, masked, parse, read_card
from gate.errors import CredentialFault
from gate.model import Assurance, CredentialKind, DocumentType, Holder, Reason, Validity


def holder_of(block: bytes) -> Holder:
    holder = parse(block).holder
    assert holder is not None
    return holder


def refusal(block: bytes) -> CredentialFault:
    with pytest.raises(CredentialFault) as caught:
        parse(block)
    return caught.value


def test_a_citizen() -> None:
    credential = parse(id_cards.citizen(2))
    assert (credential.kind, credential.assurance) == (CredentialKind.RESIDENT_ID, Assurance.CHIP)
    assert credential.validity == Validity(date(2020, 1, 1), date(2040, 1, 1))
    holder = holder_of(id_cards.citizen(2))
    assert (holder.name, holder.birth_date) == ("测试乙", date(1990, 1, 1))
    assert holder.document is not None
    assert (holder.document.type, holder.document.number) == (DocumentType.RESIDENT_ID, "999999199001010024")


def test_a_card_without_an_end() -> None:
    assert parse(id_cards.citizen(1, valid_to="长期")).validity == Validity(date(2020, 1, 1), None)


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (id_cards.hong_kong_macau_taiwan(1), DocumentType.HMT_RESIDENCE),
        (id_cards.foreigner_2017(1), DocumentType.PERMANENT_RESIDENCE),
        (id_cards.foreigner_2023(1), DocumentType.PERMANENT_RESIDENCE),
    ],
)
def test_other_cards_are_other_documents(block: bytes, kind: DocumentType) -> None:
    document = holder_of(block).document
    assert document is not None
    assert document.type is kind


def test_a_flag_that_nobody_knows_is_a_citizens_card() -> None:
    assert read_card(id_cards.citizen(1, type="Q")).layout is Layout.CITIZEN


@pytest.mark.parametrize("make", [id_cards.foreigner_2017, id_cards.foreigner_2023])
def test_a_foreigner_without_a_chinese_name_has_the_latin_one(make: object) -> None:
    assert callable(make)
    assert holder_of(make(1, name="")).name.startswith("TEST, PERSON")


def test_the_two_parts_of_a_latin_name_keep_the_space_between_them() -> None:
    block = id_cards.foreigner_2023(1, latin_name="A NAME WHOSE SPACE IS ON THE BORDER", latin_name_rest=" OF BOTH")
    assert read_card(block).latin_name == "A NAME WHOSE SPACE IS ON THE BORDER OF BOTH"
    block = id_cards.foreigner_2023(1, latin_name="A NAME WHOSE SPACE IS AT THE END OF", latin_name_rest="IT")
    assert read_card(block).latin_name == "A NAME WHOSE SPACE IS AT THE END OFIT"


@pytest.mark.parametrize("name", ["测\ue863试", "𠮷田测", "古丽·测试", "\U000f0000甲"])
def test_rare_characters_survive(name: str) -> None:
    assert holder_of(id_cards.citizen(1, name=name)).name == name


@pytest.mark.parametrize(
    "name", ["测\u202e试", "\u2066测试\u2069", "测\n试", "测\x1b试", "测\u200b试\0\0", "测\u2028试\u3000 "]
)
def test_characters_that_play_tricks_are_taken_out_of_names(name: str) -> None:
    assert holder_of(id_cards.citizen(1, name=name)).name == "测试"


def test_half_a_character_does_not_break_the_block() -> None:
    block = bytearray(id_cards.citizen(1))
    block[2:4] = b"\x00\xd8"
    name = holder_of(bytes(block)).name
    assert name.encode("utf-8")


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "999999199001010023"},
        {"number": ""},
        {"number": "999999900101002"},
        {"birth": "19900102", "number": "999999199001010024"},
        {"birth": "19900230"},
        {"birth": ""},
        {"birth": "１９９００１０１"},
        {"valid_from": "20201301"},
        {"valid_from": "长期"},
        {"valid_to": ""},
        {"valid_to": "长 期"},
        {"valid_to": "20191231"},
        {"name": ""},
        {"name": "\u200b\u202e"},
    ],
)
def test_content_that_cannot_be_true_is_refused(fields: dict[str, str]) -> None:
    fault = refusal(id_cards.citizen(2, **fields))
    assert fault.reason is Reason.DOCUMENT_INVALID


def test_refusals_name_no_person() -> None:
    for fields in ({"number": "999999199001010023"}, {"birth": "19900230"}, {"valid_to": "20191231"}):
        fault = refusal(id_cards.citizen(2, **fields))
        assert "测试" not in str(fault)
        assert "1990" not in str(fault)


@pytest.mark.parametrize("number", ["899999198001010012", "999999198001010012"])
def test_a_permanent_residence_number_begins_with_nine_and_ends_with_its_check(number: str) -> None:
    assert refusal(id_cards.foreigner_2023(1, number=number)).reason is Reason.DOCUMENT_INVALID


def test_an_old_permit_number_is_compared_by_its_form_only() -> None:
    document = holder_of(id_cards.foreigner_2017(1, number="ZZZ999980010110")).document
    assert document is not None
    assert document.number == "ZZZ999980010110"
    assert refusal(id_cards.foreigner_2017(1, number="999999980010119")).reason is Reason.DOCUMENT_INVALID


@pytest.mark.parametrize("size", [0, 255, 257])
def test_a_block_of_another_size_is_refused(size: int) -> None:
    assert refusal(id_cards.citizen(1).ljust(300)[:size]).reason is Reason.DOCUMENT_INVALID


def test_a_card_is_shown_masked() -> None:
    card = read_card(id_cards.citizen(1, birth="19500228"))
    assert masked(card) == {"card": "citizen", "name": "测**", "number": "999999********001X"}


def test_nothing_personal_is_in_the_representation() -> None:
    block = id_cards.citizen(2)
    shown = repr(read_card(block)) + repr(parse(block))
    assert "测试" not in shown
    assert "1990" not in shown


def test_the_encoder_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="name has 32 bytes, 30 fit"):
        id_cards.citizen(1, name="测" * 16)
