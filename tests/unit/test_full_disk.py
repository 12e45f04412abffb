"""A disk that is really full, under a journal and under a lane."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest
from lane_rig import Rig, card, serve
from passages import passage, rows
from reliability import Found, note
from small_disks import BLOCK, fill_up, small_disk

from gate.errors import JournalFull
from gate.journal import store
from gate.journal.retention import Keep, Retention
from gate.journal.space import RESERVE_BYTES
from gate.journal.store import Journal
from gate.model import Moment, PassageResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.journal.passages import Passage

WAIT_S = 20
SIZE_KIB = 24 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", SIZE_KIB) as found:
        yield found


@pytest.fixture(autouse=True)
def _looks_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LOOK_AGAIN_S", 0.01)


def opened(disk: Path) -> Journal:
    journal = Journal(disk / "journal.sqlite", Retention(Keep(), lambda: Moment(passage().at, trusted=True)))
    journal.open()
    return journal


def until_full(journal: Journal) -> list[Passage]:
    """Record until that is refused; the rows that were taken, and the one that was not."""
    taken: list[Passage] = []
    while True:
        row = passage()
        taken.append(row)
        if isinstance(journal.record(row).exception(WAIT_S), JournalFull):
            return taken


def test_rows_that_the_server_has_not_are_never_dropped_and_can_still_be_ended(disk: Path) -> None:
    journal = opened(disk)
    journal.record(passage()).result(WAIT_S)
    fill_up(disk, leave=10 * BLOCK)
    *taken, refused = until_full(journal)
    for row in taken[-50:]:
        assert journal.complete(row.id, PassageResult.PASSED).result(WAIT_S) == 1, "from what was set aside for it"
    assert journal.withdraw(refused.id, "late").result(WAIT_S) == 0
    found = [name for (name,) in rows(disk / "journal.sqlite", "id")][1:]
    assert found == [row.id for row in taken]
    journal.close()
    lost, twice = len(taken) - len(found), len(found) - len(set(found))
    note(Found("disk full", len(taken), lost, twice, remark="Tried: rows, until one was refused."))


def test_rows_that_the_server_has_make_room_for_new_ones_oldest_first(disk: Path) -> None:
    journal = opened(disk)
    for _ in range(400):
        journal.record(passage()).result(WAIT_S)
    journal._writer.submit(lambda db: db.execute("UPDATE passages SET acked = 1 WHERE seq <= 290").rowcount).result(
        WAIT_S
    )
    fill_up(disk)
    more = until_full(journal)
    left = [number for (number,) in rows(disk / "journal.sqlite", "seq")]
    assert left == list(range(291, 400 + len(more)))
    assert len(more) > 50
    journal.close()


def test_it_goes_on_by_itself_when_there_is_room_again(disk: Path) -> None:
    journal = opened(disk)
    journal.record(passage()).result(WAIT_S)
    other = fill_up(disk)
    until_full(journal)
    room = journal.room()
    assert not room.done()
    other.unlink()
    room.result(WAIT_S)
    journal.record(passage()).result(WAIT_S)
    assert (disk / "journal.sqlite.reserve").stat().st_size == RESERVE_BYTES, "set aside for the next time"
    journal.close()


def test_a_gate_starts_on_a_full_disk(disk: Path) -> None:
    journal = opened(disk)
    journal.record(passage()).result(WAIT_S)
    journal.close()
    fill_up(disk)
    again = opened(disk)
    row = until_full(again)[-1]
    assert again.withdraw(row.id, "late").result(WAIT_S) == 0
    again.close()
    db = sqlite3.connect(disk / "journal.sqlite")
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_guards_are_asked_for_paper_until_there_is_room(disk: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(card(1))
        await rig.observed.until("said", 1)
        other = fill_up(disk, leave=10 * BLOCK)
        number = 1
        while ("said", "record_failed") not in rig.observed.events:
            number += 1
            assert number < 20_000
            rig.service.take(card(number % 900 + 1))
            await rig.observed.until("said", number)
        await until_lit(rig, on=True)
        passed = [row for row in rig.rows() if row[0] == "pass" and row[2] is None]
        said = [detail for what, detail in rig.observed.events if what == "said"]
        assert len(passed) == said.count("green_code"), "nobody was let in without a record"
        other.unlink()
        await until_lit(rig, on=False)
        rig.service.take(card(1))
        assert (await rig.observed.until("said", number + 1))[-1] == "green_code"
        remark = "Tried: people; guards are asked for paper until there is room again."
        note(Found("disk full, people come", number, heard=("green_code", "record_failed"), remark=remark))

    serve(disk, scenario)


async def until_lit(rig: Rig, *, on: bool) -> None:
    async with asyncio.timeout(WAIT_S):
        while rig.observed.lamps.get("note_on_paper", False) is not on:
            rig.observed.changed.clear()
            await rig.observed.changed.wait()
