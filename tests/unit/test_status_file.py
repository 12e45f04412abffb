from __future__ import annotations

import asyncio
from datetime import UTC
from typing import TYPE_CHECKING

import pytest
from full_records import AT, EVERYTHING

from gate.errors import ConfigError
from gate.model import (
    CodeRecord,
    Colour,
    Document,
    DocumentType,
    Records,
)
from gate.pseudonym import PseudonymKey, load_or_make_key
from gate.status.file import StatusFile, encode
from gate.status.source import Found

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = "999999199001010010"
CODE = (
    '{"format": 1, "holders": {"00112233445566778899aabbccddeeff":'
    ' {"codes": [{"source": "a", "as_of": "%s", "colour": "%s"}]}}}'
)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    holder = PseudonymKey(bytes(32)).pseudonym(Document(DocumentType.RESIDENT_ID, NUMBER))
    path = tmp_path / "status.json"
    path.write_bytes(encode({holder: EVERYTHING}))
    source = StatusFile.open(path)
    assert asyncio.run(source.find((bytes(16), holder))) == Found(holder, EVERYTHING)
    assert asyncio.run(source.find((bytes(16),))) == Found(bytes(16), None), "nobody knows this holder"
    assert NUMBER.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "refused"),
        ('{"format": 2, "holders": {}}', "format"),
        ('{"format": 1, "holders": {"zz": {}}}', "refused"),
        ('{"format": 1, "holders": {"00": {}}}', "32 hex digits"),
        ('{"format": 1, "holders": {"%s": {"colour": 1}}}' % ("00" * 16), "colour"),
        (
            CODE % ("2021-06-20T08:00:00", "red"),
            "timezone",
        ),
        (
            CODE % ("2021-06-20T08:00:00Z", "blue"),
            "blue",
        ),
        ("[" * 100_000, "refused"),
    ],
)
def test_a_bad_file_is_refused_whole(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        StatusFile.open(path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        StatusFile.open(tmp_path / "absent.json")


def test_pseudonyms_need_the_key() -> None:
    document = Document(DocumentType.RESIDENT_ID, NUMBER)
    one, other = PseudonymKey(bytes(32)), PseudonymKey(bytes([1]) * 32)
    assert one.pseudonym(document) == one.pseudonym(Document(DocumentType.RESIDENT_ID, f" {NUMBER.lower()}"))
    assert one.pseudonym(document) != other.pseudonym(document)
    assert one.pseudonym(document) != one.pseudonym(Document(DocumentType.HMT_RESIDENCE, NUMBER))
    assert NUMBER not in repr(one) + repr(document)


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "pseudonym.key"
    document = Document(DocumentType.RESIDENT_ID, NUMBER)
    first = load_or_make_key(path).pseudonym(document)
    assert load_or_make_key(path).pseudonym(document) == first
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"short")
    with pytest.raises(ConfigError, match="32 bytes"):
        load_or_make_key(path)


def test_utc_and_local_times_mean_the_same(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    path.write_bytes(encode({bytes(16): Records(codes=(CodeRecord("city", AT.astimezone(UTC), Colour.GREEN),))}))
    records = asyncio.run(StatusFile.open(path).find((bytes(16),))).records
    assert records is not None
    assert records.codes[0].as_of == AT
