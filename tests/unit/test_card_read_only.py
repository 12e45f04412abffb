"""A card that the kernel makes read-only in the middle of a day, as it does with a dying one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from lane_rig import Rig, card, serve
from passages import passage, rows
from reliability import Found, note
from small_disks import Card

from gate.errors import JournalError
from gate.journal.store import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = 20


@pytest.fixture
def sd(tmp_path: Path) -> Iterator[Card]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a card")
    found = Card(tmp_path)
    yield found
    found.pull()


def test_nobody_is_let_in_and_every_record_is_there_once_it_can_be_read_again(sd: Card) -> None:
    said: list[str] = []
    recorded: list[tuple[str, str, str | None]] = []

    async def scenario(rig: Rig) -> None:
        for number in range(1, 6):
            rig.service.take(card(number))
            await rig.observed.until("said", number)
        recorded.extend(rig.rows())
        sd.fail()
        for number in range(6, 9):
            rig.service.take(card(number))
            said[:] = await rig.observed.until("said", number)
        assert rig.observed.lit("record_failed")
        assert not rig.observed.lamps.get("note_on_paper")

    serve(sd.place, scenario)
    assert said == ["green_code"] * 5 + ["record_failed"] * 3
    sd.mend()
    journal = Journal(sd.place / "journal.sqlite")
    journal.open()
    assert journal.set_aside is None
    journal.record(passage()).result(WAIT_S)
    found = rows(sd.place / "journal.sqlite", "outcome, reasons, withdrawn")
    journal.close()
    assert found[:5] == recorded
    remark = "Tried: people, five before and three after."
    heard = ("green_code", "record_failed")
    note(Found("card made read-only", 8, lost=5 - len(recorded), heard=heard, remark=remark))


def test_a_gate_does_not_start_on_it_and_says_what_to_check(sd: Card) -> None:
    journal = Journal(sd.place / "journal.sqlite")
    journal.open()
    journal.record(passage()).result(WAIT_S)
    journal.close()
    sd.fail()
    with pytest.raises(JournalError, match="check folder, owner and free space"):
        Journal(sd.place / "journal.sqlite").open()
