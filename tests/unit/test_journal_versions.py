"""A journal of an older version becomes one of today's, whole or not at all."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest
from passages import dynamic, limited, passage, rows
from vectors import ROOT

from gate.errors import JournalError
from gate.journal.database import SCHEMA_VERSION
from gate.journal.store import Journal
from gate.model import Past

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAIT_S = 10
VERSION_1 = ROOT / "tests/traces/journal-version-1.sqlite"
"""Three rows that version 1 of this software wrote, the last of them withdrawn."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    copy = tmp_path / "journal.sqlite"
    shutil.copy(VERSION_1, copy)
    return copy


def version(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        return int(db.execute("PRAGMA user_version").fetchone()[0])
    finally:
        db.close()


def schema(path: Path) -> list[tuple[str, list[tuple[str, str]]]]:
    db = sqlite3.connect(path)
    try:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema ORDER BY name")]
        return [(name, db.execute("SELECT name, type FROM pragma_table_info(?)", (name,)).fetchall()) for name in names]
    finally:
        db.close()


def test_a_journal_of_version_1_goes_on(path: Path) -> None:
    assert version(path) == 1
    before = rows(path, "seq, id, at, outcome, holder, withdrawn")
    assert len(before) == 3
    journal = Journal(path)
    journal.open()
    assert journal.set_aside is None
    assert rows(path, "seq, id, at, outcome, holder, withdrawn") == before
    assert rows(path, "direction, zone, code, permit") == [(None, None, None, None)] * 3, "nobody knows any more"
    assert journal.record(passage(code=dynamic(1), permit=limited())).result(WAIT_S) == 4, "the numbers go on"
    assert journal.past(bytes([0] * 16), "public", None).result(WAIT_S) == Past(), "version 1 remembered nobody"
    journal.withdraw(str(before[0][1]), "late").result(WAIT_S)
    journal.close()
    assert version(path) == SCHEMA_VERSION


def test_it_has_the_tables_that_a_new_one_has(path: Path, tmp_path: Path) -> None:
    new = tmp_path / "new" / "journal.sqlite"
    for each in (path, new):
        journal = Journal(each)
        journal.open()
        journal.close()
    assert schema(path) == schema(new)


def test_a_change_that_can_not_be_finished_changes_nothing(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE codes (in_the_way)")  # the last of the tables
    db.close()
    before = schema(path)
    with pytest.raises(JournalError):
        Journal(path).open()
    assert (version(path), schema(path)) == (1, before)
    db = sqlite3.connect(path)
    db.execute("DROP TABLE codes")
    db.close()
    journal = Journal(path)
    journal.open()
    journal.close()
    assert version(path) == SCHEMA_VERSION


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.replace(b"direction TEXT NOT NULL", b"dirextion TEXT NOT NULL"),
        lambda content: content.replace(b"CREATE TABLE dropped", b"CREATE TABLE tropped"),
        lambda content: content[:60] + bytes(4) + content[64:],  # PRAGMA user_version
        lambda content: content[:63] + bytes([content[63] ^ 64]) + content[64:],
        lambda content: content[:62] + bytes([content[62] ^ 1]) + content[63:],
    ],
    ids=["a column", "a table", "the version", "a higher version", "a much higher version"],
)
def test_tables_that_are_not_those_of_its_version_are_damage(damage: Callable[[bytes], bytes], path: Path) -> None:
    """A bit that fell over there is found at the start, not by everybody who is to be recorded."""
    journal = Journal(path)
    journal.open()
    journal.close()
    content = path.read_bytes()
    assert damage(content) != content
    path.write_bytes(damage(content))
    again = Journal(path)
    again.open()
    assert again.set_aside is not None
    assert again.set_aside.read_bytes() == damage(content)
    assert again.record(passage()).result(WAIT_S) == 1
    again.close()
