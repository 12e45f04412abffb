"""A typed number becomes the one form under which the gate looks people up, or is refused with what is wrong."""

from __future__ import annotations

import pytest

from gate.credentials import document_number
from gate.credentials.id_number import check_character, upgrade_15_to_18
from gate.model import DocumentType

ID = "999999199001010024"
X = "99999919900101001"
HMT = "81000019900101001" + check_character("81000019900101001")
MAINLAND = "11010119900101001" + check_character("11010119900101001")
ICARD = "91115619900101001" + check_character("91115619900101001")


@pytest.mark.parametrize(
    ("kind", "typed", "read"),
    [
        (None, ID, ID),
        (None, HMT, HMT),
        (DocumentType.RESIDENT_ID, f" {ID[:6]} {ID[6:14]} {ID[14:]}\u200b", ID),
        (DocumentType.RESIDENT_ID, "９９９９９９１９９００１０１００２４", ID),
        (DocumentType.RESIDENT_ID, "999999900101002", upgrade_15_to_18("999999900101002")),
        (DocumentType.HMT_RESIDENCE, HMT, HMT),
        (DocumentType.HMT_RESIDENCE, ID, ID),
        (DocumentType.PERMANENT_RESIDENCE, "zzz999980010119", "ZZZ999980010119"),
        (DocumentType.PERMANENT_RESIDENCE, ICARD, ICARD),
        (DocumentType.PASSPORT, "e99999999", "E99999999"),
        (DocumentType.PASSPORT, "x000000", "X000000"),
        (DocumentType.TRAVEL_PERMIT, "H00000005", "H00000005"),
        (DocumentType.TRAVEL_PERMIT, "h0000000502", "H00000005"),
        (DocumentType.TRAVEL_PERMIT, "HA0000005", "HA0000005"),
        (DocumentType.TRAVEL_PERMIT, "00000005", "00000005"),
        (DocumentType.TRAVEL_PERMIT, "0000000501", "0000000501"),
    ],
)
def test_a_number_is_read(kind: DocumentType | None, typed: str, read: str) -> None:
    assert document_number.read(kind, typed).number == read


def test_without_a_kind_the_number_tells_it() -> None:
    assert document_number.read(None, ID).type is DocumentType.RESIDENT_ID
    assert document_number.read(None, HMT).type is DocumentType.HMT_RESIDENCE
    assert document_number.read(None, ICARD).type is DocumentType.PERMANENT_RESIDENCE


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        (None, "E99999999", "has 9 characters"),
        (None, ID[:-1] + "5", "check character"),
        (DocumentType.RESIDENT_ID, ID[:-1], "has 17 characters"),
        (DocumentType.RESIDENT_ID, "999999199013010024", "check character"),
        (DocumentType.RESIDENT_ID, "999999901301002", "check character"),
        (DocumentType.RESIDENT_ID, HMT, "hmt_residence"),
        (DocumentType.RESIDENT_ID, ICARD, "permanent_residence"),
        (DocumentType.HMT_RESIDENCE, MAINLAND, "resident_id"),
        (DocumentType.PERMANENT_RESIDENCE, MAINLAND, "resident_id"),
        (DocumentType.PASSPORT, "13800000000", "passport"),
        (DocumentType.PASSPORT, "ABCDEF", "passport"),
        (DocumentType.PASSPORT, "E1", "passport"),
        (DocumentType.TRAVEL_PERMIT, "H123", "travel permit"),
        (DocumentType.TRAVEL_PERMIT, "0000005", "travel permit"),
        (DocumentType.RESIDENT_ID, "9" * 5000, "characters"),
    ],
)
def test_what_is_no_such_number_is_refused_without_saying_it(kind: DocumentType | None, typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        document_number.read(kind, typed)
    assert typed not in str(refused.value)


def test_an_id_number_within_a_text_is_seen() -> None:
    assert document_number.holds_id_number(f"公司（{ID}）")
    assert document_number.holds_id_number(f"A{X}{check_character(X).lower()} ")
    assert not document_number.holds_id_number("示例公司 20210618-0001")
