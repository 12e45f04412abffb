"""One person under several documents: whichever is presented, the same records are found and the same name is kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from drivers.simulated import id_cards
from gate.credentials import resident_id
from gate.credentials.id_number import old_residence_number
from gate.errors import ConfigError
from gate.model import CodeRecord, Colour, Document, DocumentType, Records, TravelRecord
from gate.pseudonym import PseudonymKey
from gate.status.file import StatusFile, encode
from gate.status.source import Found

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEY = PseudonymKey(bytes(32))
AT = datetime(2021, 6, 20, tzinfo=UTC)
GREEN = Records(codes=(CodeRecord("city", AT, Colour.GREEN),))
TRAVELLED = Records(travel=(TravelRecord("city", AT, risk_area=True),))
ID, PASSPORT, PERMIT = (KEY.pseudonym(Document(kind, "A1")) for kind in list(DocumentType)[:3])


def presented(block: bytes) -> list[Document]:
    holder = resident_id.parse(block).holder
    assert holder is not None
    assert holder.document is not None
    return [holder.document, *holder.also]


def found(path: Path, content: bytes, *holders: bytes) -> Found:
    path.write_bytes(content)
    return asyncio.run(StatusFile.open(path).find(holders))


def pseudonyms(documents: Sequence[Document]) -> set[bytes]:
    return {KEY.pseudonym(document) for document in documents}


def test_a_residents_permit_also_names_the_travel_permit() -> None:
    card = presented(id_cards.hong_kong_macau_taiwan(5))
    assert card[1:] == [Document(DocumentType.TRAVEL_PERMIT, "H00000005")]


def test_whoever_was_known_under_the_old_residence_card_is_known_under_the_new_one() -> None:
    old = presented(id_cards.foreigner_2017(4, number="ZZZ999980010149"))
    new = presented(id_cards.foreigner_2023(4, old_card="994"))
    assert pseudonyms(old) & pseudonyms(new), "the last digit of the old number does not count"


@pytest.mark.parametrize("link", ["", "  ", "99", "A94", "９９４", "9944"])
def test_a_first_card_names_no_old_one(link: str) -> None:
    assert old_residence_number("999999198001010048", "ZZZ", link) is None


def test_records_are_found_under_every_document(tmp_path: Path) -> None:
    content = encode({ID: GREEN}, {PASSPORT: ID, PERMIT: ID})
    for document in (ID, PASSPORT, PERMIT):
        assert found(tmp_path / "status.json", content, document) == Found(ID, GREEN)


def test_what_is_kept_under_two_documents_of_one_person_is_put_together(tmp_path: Path) -> None:
    person = found(tmp_path / "status.json", encode({ID: GREEN, PERMIT: TRAVELLED}), PERMIT, ID)
    assert person.holder == PERMIT, "the document that was presented comes first"
    assert person.records == Records(codes=GREEN.codes, travel=TRAVELLED.travel)


def test_a_stranger_stays_a_stranger(tmp_path: Path) -> None:
    assert found(tmp_path / "status.json", encode({ID: GREEN}, {PASSPORT: ID}), PERMIT) == Found(PERMIT, None)


def test_an_alias_of_an_alias_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="stands for another alias"):
        found(tmp_path / "status.json", encode({ID: GREEN}, {PASSPORT: PERMIT, PERMIT: ID}), PASSPORT)
