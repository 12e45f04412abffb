from __future__ import annotations

from datetime import date
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulated.social_security_card import SimulatedSocialSecurityCard, fictional_records
from gate.credentials import social_security
from gate.credentials.iso7816 import MAX_STEPS, Answer, Dialogue
from gate.errors import CredentialFault
from gate.model import Assurance, CredentialKind, Document, DocumentType, Reason, Validity

T = TypeVar("T")
NUMBER = "999999199001010016"


def play(dialogue: Dialogue[T], card: SimulatedSocialSecurityCard) -> T:
    apdu = next(dialogue)
    while True:
        try:
            apdu = dialogue.send(Answer(*card.transmit(apdu)))
        except StopIteration as done:
            found: T = done.value
            return found


@pytest.mark.parametrize("contactless", [False, True])
@pytest.mark.parametrize("selects_by_path", [False, True])
def test_a_card_of_the_second_generation_names_its_holder(contactless: bool, selects_by_path: bool) -> None:
    card = SimulatedSocialSecurityCard(contactless=contactless, selects_by_path=selects_by_path)
    credential = play(social_security.read(), card)
    assert (credential.kind, credential.assurance) == (CredentialKind.SOCIAL_SECURITY, Assurance.CHIP)
    assert credential.holder is not None
    assert credential.holder.name == "示例一"
    assert credential.holder.document == Document(DocumentType.RESIDENT_ID, NUMBER)
    assert credential.holder.birth_date == date(1990, 1, 1)
    assert credential.validity == Validity(date(2020, 1, 1), date(2040, 1, 1))
    assert card.pin_tries == 0, "no PIN is ever sent"


def test_a_card_that_keeps_its_holder_to_itself_is_known_by_its_own_number() -> None:
    credential = play(social_security.read(), SimulatedSocialSecurityCard(holder_needs_keys=True))
    assert credential.holder is not None
    assert credential.holder.document == Document(DocumentType.SOCIAL_SECURITY_CARD, "999999:T12345678")
    assert credential.holder.birth_date is None


def test_the_application_is_asked_for_as_it_was_seen_on_the_wire() -> None:
    assert next(social_security.read()).hex(" ") == "00 a4 04 00 0f 73 78 31 2e 73 68 2e c9 e7 bb e1 b1 a3 d5 cf"


def test_an_issue_date_in_ascii_and_one_that_is_none() -> None:
    records = fictional_records()
    records[0xEF05][0x05] = b"2012"
    records[0xEF05][0x06] = bytes.fromhex("20401340")
    card = play(social_security.read_card(), SimulatedSocialSecurityCard(records))
    assert card.issued is None
    assert card.expires is None


def test_a_long_name_goes_on_in_the_next_record() -> None:
    records = fictional_records()
    name = "示例" * 10
    raw = name.encode("gbk")
    records[0xEF06] |= {0x09: raw[:30], 0x4E: raw[30:].ljust(20, b"\0")}
    assert play(social_security.read_card(), SimulatedSocialSecurityCard(records)).name == name


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"blocked": True}, Reason.DOCUMENT_INVALID),
        ({"records": {0xEF05: {0x07: b""}}}, Reason.PRESENT_AGAIN),
        ({"records": {0xEF06: {}}}, Reason.DOCUMENT_INVALID),
        ({"records": {**fictional_records(), 0xEF06: {0x08: b"999999199001010017"}}}, Reason.DOCUMENT_INVALID),
    ],
)
def test_a_card_that_can_not_be_used_says_why(change: dict[str, object], reason: Reason) -> None:
    card = SimulatedSocialSecurityCard(**change)  # type: ignore[arg-type]  # one field each
    with pytest.raises(CredentialFault) as fault:
        play(social_security.read(), card)
    assert fault.value.reason is reason
    assert NUMBER[:17] not in str(fault.value)


def test_another_card_is_told_from_a_broken_one() -> None:
    dialogue = social_security.read()
    next(dialogue)
    dialogue.send(Answer(b"", 0x6A82))
    with pytest.raises(CredentialFault) as fault:
        dialogue.send(Answer(b"", 0x6A82))
    assert fault.value.reason is Reason.CODE_UNRECOGNISED


@given(st.data())
def test_no_card_makes_anything_but_a_credential_or_a_fault(data: st.DataObject) -> None:
    words = st.sampled_from([0x9000, 0x6982, 0x6A82, 0x6A86, 0x6A83, 0x9303, 0x6110, 0x6C20, 0x0000, 0xFFFF])
    dialogue = social_security.read()
    next(dialogue)
    for _ in range(40 * MAX_STEPS):
        answer = Answer(data.draw(st.binary(max_size=40)), data.draw(words | st.integers(0, 0xFFFF)))
        try:
            dialogue.send(answer)
        except (StopIteration, CredentialFault):
            return
    pytest.fail("the dialogue does not end")


@pytest.mark.parametrize("word", [0x61FF, 0x6CFF])
def test_a_card_that_never_ends_is_given_up(word: int) -> None:
    dialogue = social_security.read()
    next(dialogue)
    with pytest.raises(CredentialFault, match="without an end"):
        answer_always(dialogue, Answer(bytes(255), word))


def answer_always(dialogue: Dialogue[object], answer: Answer) -> None:
    for _ in range(10 * MAX_STEPS):
        dialogue.send(answer)
