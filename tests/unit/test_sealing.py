"""Boxes that say who was there, and the keys of the day that open them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from sealing import daily, entry, key, keys_file, private_key
from trust_bundles import contents, installed

from gate.__main__ import main
from gate.credentials.sealing_keys import SealingKeys
from gate.errors import JournalError, TrustError
from gate.journal.sealing import BOX_BYTES, open_box, seal
from gate.model import Document, DocumentType
from gate.trust import load, sealing_keys
from gate.trust.bundle import open_folder

DAY = date(2026, 12, 1)
CARD = Document(DocumentType.RESIDENT_ID, "999999199001010016")
PASSPORT = Document(DocumentType.PASSPORT, "E00000000")
ROW = "01900000-0000-7000-8000-000000000001"


def test_the_private_key_of_the_day_says_who_was_there_and_nothing_else_does() -> None:
    box = seal((CARD, PASSPORT), key(DAY), ROW)
    assert open_box(box, private_key(str(DAY)), ROW, str(DAY)) == (CARD, PASSPORT)
    assert CARD.number.encode() not in box
    with pytest.raises(JournalError):
        open_box(box, private_key("of another day"), ROW, str(DAY))


def test_a_box_stays_with_its_row_and_its_key() -> None:
    box = seal((CARD,), key(DAY), ROW)
    for row, sealed_to in ((ROW.replace("1", "2"), str(DAY)), (ROW, "2026-12-02")):
        with pytest.raises(JournalError):
            open_box(box, private_key(str(DAY)), row, sealed_to)


def test_two_boxes_of_one_person_have_nothing_in_common() -> None:
    one, other = (seal((CARD,), key(DAY), ROW) for _ in range(2))
    assert one[:32] != other[:32]
    assert one[32:] != other[32:]


@settings(deadline=None)
@given(
    st.lists(
        st.builds(Document, st.sampled_from(DocumentType), st.text(st.characters(codec="utf-8"), max_size=200)),
        max_size=4,
    )
)
def test_every_box_has_the_same_length(documents: list[Document]) -> None:
    box = seal(documents, key(DAY), ROW)
    assert len(box) == BOX_BYTES
    found = open_box(box, private_key(str(DAY)), ROW, str(DAY))
    assert found == tuple(documents[: len(found)]), "what does not fit is left out from the end"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_what_is_no_box_does_not_open(data: bytes) -> None:
    with pytest.raises(JournalError):
        open_box(data, private_key(str(DAY)), ROW, str(DAY))


@settings(deadline=None)
@given(st.integers(0, BOX_BYTES - 1), st.integers(1, 255))
def test_a_changed_box_does_not_open(place: int, change: int) -> None:
    box = bytearray(seal((CARD,), key(DAY), ROW))
    box[place] ^= change
    with pytest.raises(JournalError):
        open_box(bytes(box), private_key(str(DAY)), ROW, str(DAY))


def test_months_of_days_are_published_ahead() -> None:
    keys, notes = sealing_keys.load(keys_file(daily(DAY, 180)))
    assert notes == ()
    found = keys.of(date(2027, 3, 1))
    assert found is not None
    assert found.id == "2027-03-01"
    assert keys.of(date(2026, 11, 30)) is None
    assert keys.last_day == date(2027, 5, 29)


def test_of_two_keys_for_a_day_the_one_that_began_last_counts() -> None:
    keys = SealingKeys((key(date(2026, 1, 1), date(2026, 12, 31), "spare"), key(DAY)))
    assert [found.id for day in (DAY, date(2026, 12, 2)) if (found := keys.of(day))] == ["2026-12-01", "spare"]


def test_where_nobody_knows_the_day_it_is_the_newest_key_that_had_begun() -> None:
    keys = SealingKeys((key(date(2026, 11, 1)), key(date(2026, 11, 2)), key(DAY)))
    found = keys.newest_until(date(2026, 11, 20))
    assert found is not None
    assert found.id == "2026-11-02"
    assert keys.newest_until(date(2026, 10, 31)) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"last_day": "2026-11-30"}, "its last day is before its first"),
        ({"public_key": "A" * 43}, "no secret can be agreed on with it"),
    ],
)
def test_a_key_that_can_not_be_used_is_left_out_and_named(change: dict[str, Any], why: str) -> None:
    keys, notes = sealing_keys.load(keys_file([*daily(DAY, 1), entry(key(date(2026, 12, 2)), **change)]))
    assert notes == (f"sealing key 2 left out: {why}",)
    assert [one.id for one in keys.keys] == ["2026-12-01"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"sealing_keys": []}',
        b'{"sealing_keys": [{"id": "1"}]}',
        keys_file([entry(key(DAY), id="a b")]),
        keys_file([entry(key(DAY), public_key="short")]),
        keys_file([entry(key(DAY), first_day="tomorrow")]),
        keys_file([entry(key(DAY), note="?")]),
        keys_file(daily(DAY, 1) * 2),
        b"\xff",
    ],
)
def test_another_file_is_refused_whole(data: bytes) -> None:
    with pytest.raises(TrustError, match="sealing keys"):
        sealing_keys.load(data)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode()))
def test_hostile_bytes_are_refused_or_read(data: bytes) -> None:
    with pytest.raises(TrustError):
        sealing_keys.load(data)


def bundled(tmp_path: Any, files: dict[str, bytes]) -> Any:
    config = installed(tmp_path, contents(files=files))
    assert config.bundle is not None
    return load.load(open_folder(config.bundle, config.root.read_bytes()))


def test_keys_and_the_lease_come_with_the_signed_bundle(tmp_path: Any) -> None:
    trusted, notes = bundled(tmp_path, {"sealing-keys.json": keys_file(daily(DAY, 2)), "lease.json": b'{"hours": 48}'})
    assert trusted.sealing_keys.of(DAY).id == "2026-12-01"
    assert trusted.lease.total_seconds() == 48 * 3600
    assert not [note for note in notes if "no use" in note and ("lease" in note or "sealing" in note)]


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"hours": 0}', b'{"hours": 721}', b'{"hours": "72"}', b'{"hours": 1.5}']
)
def test_a_lease_of_no_sense_is_refused(tmp_path: Any, data: bytes) -> None:
    with pytest.raises(TrustError, match=r"lease\.json"):
        bundled(tmp_path, {"lease.json": data})


def test_an_operator_makes_a_file_and_the_keys_that_open(
    tmp_path: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["trust", "days", "days", "--from", str(DAY), "--days", "3"]) == 0
    assert "3 private keys" in capsys.readouterr().out
    keys, notes = sealing_keys.load((tmp_path / "days/sealing-keys.json").read_bytes())
    assert notes == ()
    found = keys.of(date(2026, 12, 3))
    assert found is not None
    file = tmp_path / "days/2026-12-03.key"
    assert file.stat().st_mode & 0o777 == 0o600
    opens = X25519PrivateKey.from_private_bytes(file.read_bytes())
    assert open_box(seal((CARD,), found, ROW), opens, ROW, found.id) == (CARD,)
    assert main(["trust", "days", "days"]) == 2, "keys are never written over"
