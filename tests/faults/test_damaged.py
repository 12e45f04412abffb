"""A card that gives back something else than what was written: cut short, zeroed, single bits."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from passages import passage
from reliability import Found, note, times

from gate.journal.store import Journal
from gate.model import Outcome, PassageResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRIES, SAMPLE = 200, 12
SEED = 20261203
WAIT_S = 20
ROWS = 300


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal as it lies on a card while the gate is off, and one whose log was not written into it yet."""
    folder = tmp_path_factory.mktemp("whole")
    journal = Journal(folder / "journal.sqlite")
    journal.open()
    for _ in range(ROWS):
        journal.record(passage(Outcome.REFER))
        journal.record(passage()).result(WAIT_S)
    shutil.copytree(folder, folder.with_name("running"))
    journal.close()
    return folder


def cut_short(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def zeroed(data: bytearray, chance: random.Random) -> None:
    begin = chance.randrange(len(data)) // 512 * 512
    length = min(len(data) - begin, chance.choice((512, 4096, 65536, len(data))))
    data[begin : begin + length] = bytes(length)


def flipped(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 8))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def flipped_in_front(data: bytearray, chance: random.Random) -> None:
    """Where the file says what it is, and what its tables are."""
    data[chance.randrange(min(8192, len(data)))] ^= 1 << chance.randrange(8)


WHAT: dict[Callable[[bytearray, random.Random], None], str] = {
    cut_short: "cut short",
    zeroed: "zeroed in part",
    flipped: "single bits flipped",
    flipped_in_front: "a bit of its first pages flipped",
}


@pytest.mark.parametrize("damage", WHAT)
@pytest.mark.parametrize("name", ["journal.sqlite", "journal.sqlite-wal"])
def test_the_gate_goes_on_and_nothing_of_the_damaged_file_is_thrown_away(
    whole: Path, tmp_path: Path, damage: Callable[[bytearray, random.Random], None], name: str
) -> None:
    chance, tries, aside = random.Random(SEED), times(TRIES, SAMPLE), 0
    for number in range(tries):
        folder = tmp_path / str(number)
        shutil.copytree(whole if name == "journal.sqlite" else whole.with_name("running"), folder)
        data = bytearray((folder / name).read_bytes())
        damage(data, chance)
        (folder / name).write_bytes(data)
        journal = Journal(folder / "journal.sqlite")
        journal.open()
        seq = journal.record(row := passage()).result(WAIT_S)
        journal.complete(row.id, PassageResult.PASSED).result(WAIT_S)
        assert journal.past(row.holder, row.zone, None).result(WAIT_S).direction is row.direction
        journal.close()
        with closing(sqlite3.connect(folder / "journal.sqlite")) as db:
            assert db.execute("SELECT id, passage FROM passages WHERE seq = ?", (seq,)).fetchall() == [
                (row.id, "passed")
            ]
        if journal.set_aside is not None:
            aside += 1
            assert journal.set_aside.read_bytes() == data or name != "journal.sqlite"
        shutil.rmtree(folder)
    where = "journal" if name == "journal.sqlite" else "journal's log"
    remark = f"Set aside whole {aside} times, and a new one begun; the gate went on each time."
    note(Found(f"{where}: {WHAT[damage]}", tries, lost=None, remark=remark, in_full=TRIES))
