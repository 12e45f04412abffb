"""Rows on their way to a real server that does everything wrong: nothing lost, nothing twice, nothing kept waiting."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from passages import passage
from receiver import VICES, Receiver, Vice
from reliability import Found, note, times
from uploads import WAIT_S, Gate, enrolled, in_journal

from bench.upload import MBIT_BYTES, relay
from bench.upload import fill as write_many
from gate.app.fleet import session
from gate.journal import outbox, uploader
from gate.model import Outcome, PassageResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.wire.passages import Opened


ROWS_OF_72_HOURS = 100_000
TAKEN = ("Nothing of it had been taken in,", "or all of it, before.")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def gate(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setattr(uploader, "IDLE_S", 0.02)
    opened = Gate(tmp_path / "journal.sqlite", receiver.url, enrolled(receiver), receiver)
    yield opened
    opened.close()


def fill(gate: Gate, number: int) -> list[str]:
    rows = [passage(holder=bytes([i % 256]) * 16) for i in range(number)]
    for commit in [gate.journal.record(row) for row in rows]:
        commit.result(WAIT_S)
    return [row.id for row in rows]


def emptied(gate: Gate, receiver: Receiver) -> bool:
    return receiver.wait_until(lambda: gate.counts().unsent == 0, WAIT_S)


def over(gate: Gate, receiver: Receiver) -> bool:
    """Whether it was told, soon after the last row was sent, that what went wrong is over."""
    return receiver.wait_until(lambda: gate.told[-1:] in ([], [None]), WAIT_S)


def test_every_row_arrives_as_it_is(gate: Gate, receiver: Receiver) -> None:
    ids = fill(gate, 20)
    gate.journal.complete(ids[3], PassageResult.NOT_TAKEN).result(WAIT_S)
    gate.uploader.start()
    assert emptied(gate, receiver)
    assert receiver.store.passages() == in_journal(gate.path)
    assert list(receiver.store.passages()) == ids, "in order"
    assert receiver.uploads == 1
    assert gate.contacts == 1


def test_a_row_that_changes_later_is_sent_again_and_the_server_keeps_the_newest(gate: Gate, receiver: Receiver) -> None:
    ids = fill(gate, 3)
    gate.uploader.start()
    assert emptied(gate, receiver)
    gate.journal.complete(ids[1], PassageResult.PASSED).result(WAIT_S)
    assert receiver.wait_until(lambda: receiver.store.passages()[ids[1]].passage is PassageResult.PASSED)
    assert emptied(gate, receiver)
    assert receiver.store.count() == 3


@pytest.mark.parametrize("taken", [False, True], ids=["before", "after it was taken"])
@pytest.mark.parametrize("vice", VICES, ids=lambda vice: vice.name)
def test_whatever_a_server_does_nothing_is_lost_and_nothing_is_there_twice(
    gate: Gate, receiver: Receiver, vice: Vice, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if vice.drip_s:
        monkeypatch.setattr(session, "DEADLINE_S", 0.5)
    fill(gate, 9)
    receiver.vices.extend([replace(vice, taken=taken)] * 2)
    gate.uploader.start()
    assert emptied(gate, receiver), gate.told
    assert not receiver.vices
    assert receiver.store.passages() == in_journal(gate.path)
    assert gate.counts().dead_letters == 0
    assert receiver.at_once == 1 or vice.drip_s, "a server that drips does not see that it was given up"
    assert over(gate, receiver)
    assert len(gate.told) in {0, 2}
    answers = "the server answers " if vice.status >= 400 else ""
    note(Found(f"upload: {answers}{vice.name}", tried=2, remark=TAKEN[taken]))


@pytest.mark.parametrize(
    ("column", "holds"),
    [
        *(("facts", b"[1"), ("at", b"yesterday"), ("zone", b"x" * 3000), ("reasons", b"{"), ("outcome", b"")),
        *(("at", b"2021-06-2\xb0T08:00:00.000+00:00"), ("zone", b"\xff"), ("facts", b"\xff"), ("id", b"\xff")),
    ],
)
def test_a_row_that_is_spoiled_on_disk_keeps_no_other_waiting_and_is_kept(
    gate: Gate, receiver: Receiver, column: str, holds: bytes
) -> None:
    ids = fill(gate, 5)
    with closing(sqlite3.connect(gate.path)) as db, db:
        db.execute(f"UPDATE passages SET {column} = CAST(? AS TEXT) WHERE id = ?", (holds, ids[2]))  # noqa: S608 - of a test
    gate.uploader.start()
    assert emptied(gate, receiver)
    assert sorted(receiver.store.passages()) == sorted(set(ids) - {ids[2]})
    assert gate.counts().dead_letters == 1
    with closing(sqlite3.connect(gate.path)) as db:
        assert db.execute("SELECT seq FROM passages WHERE refused IS NOT NULL").fetchall() == [(3,)]


def test_an_index_that_is_spoiled_on_disk_is_made_anew(gate: Gate, receiver: Receiver) -> None:
    ids = fill(gate, 5)
    gate.journal.close()
    with closing(sqlite3.connect(gate.path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'unsent'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    content = bytearray(gate.path.read_bytes())
    of_row_2 = content.index(b"\x03\x01\x01\x02\x02", (root - 1) * size, root * size)
    content[of_row_2 + 4] = 66  # there is no such row
    gate.path.write_bytes(content)
    again = Gate(gate.path, receiver.url, enrolled(receiver), receiver)
    assert again.journal.set_aside is None
    again.uploader.start()
    assert receiver.wait_until(lambda: len(receiver.store.passages()) == 5)
    assert emptied(again, receiver)
    assert list(receiver.store.passages()) == ids
    assert again.counts().dead_letters == 0
    again.close()


def test_a_refused_row_lies_in_quarantine_and_can_be_released(gate: Gate, receiver: Receiver) -> None:
    ids = fill(gate, 3)
    body = receiver.store
    body._db.execute("INSERT INTO passages VALUES (?, 'gate-9', 1, '{}')", (ids[0],))
    gate.uploader.start()
    assert emptied(gate, receiver)
    assert gate.counts().dead_letters == 1
    assert [why for _, why in body.quarantined()] == ["another gate has sent this presentation"]
    with body.lock, body._db:
        body._db.execute("DELETE FROM passages WHERE id = ?", (ids[0],))
    assert gate.journal.change(outbox.release).result(WAIT_S) == 1
    assert receiver.wait_until(lambda: ids[0] in body.passages())
    assert emptied(gate, receiver)
    assert body.passages() == in_journal(gate.path)
    assert gate.counts().dead_letters == 0


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_row_for_which_a_whole_batch_is_refused_is_found(gate: Gate, receiver: Receiver, status: int) -> None:
    ids = fill(gate, 40)

    def refuses(batch: Opened) -> int:
        return status if ids[17].encode() in b"".join(raw for raw, _ in batch.rows) else 0

    receiver.refuses_whole = refuses
    gate.uploader.start()
    assert receiver.wait_until(lambda: gate.counts().dead_letters == 1, WAIT_S)
    assert emptied(gate, receiver)
    assert sorted(receiver.store.passages()) == sorted(set(ids) - {ids[17]})


def test_a_server_that_takes_small_batches_only_gets_small_ones(gate: Gate, receiver: Receiver) -> None:
    fill(gate, 40)
    receiver.refuses_whole = lambda batch: 413 if len(batch.rows) > 7 else 0
    gate.uploader.start()
    assert emptied(gate, receiver)
    assert receiver.store.passages() == in_journal(gate.path)
    assert gate.counts().dead_letters == 0
    assert receiver.uploads <= 3 + 40 // 5 + 1


def test_a_server_that_refuses_everything_for_a_while_makes_no_dead_letters(gate: Gate, receiver: Receiver) -> None:
    fill(gate, 12)
    mends = 60
    receiver.refuses_whole = lambda _: 400 if receiver.uploads <= mends else 0
    gate.uploader.start()
    assert emptied(gate, receiver)
    assert receiver.store.passages() == in_journal(gate.path)
    assert gate.counts().dead_letters == 0
    assert over(gate, receiver), "what went wrong was told, and that it is over"


def test_a_token_that_is_not_good_any_more_costs_one_more_question(gate: Gate, receiver: Receiver) -> None:
    fill(gate, 2)
    gate.uploader.start()
    assert emptied(gate, receiver)
    receiver.store.revoke_tokens()
    fill(gate, 2)
    assert emptied(gate, receiver)
    assert receiver.store.tokens_given == 2
    assert gate.told == []


def test_what_the_server_has_lost_is_sent_again(gate: Gate, receiver: Receiver) -> None:
    ids = fill(gate, 6)
    gate.uploader.start()
    assert emptied(gate, receiver)
    receiver.store.forget([ids[1], ids[2], ids[4]])
    fill(gate, 1)
    assert receiver.wait_until(lambda: receiver.store.count() == 7)
    assert emptied(gate, receiver)
    assert receiver.store.passages() == in_journal(gate.path)


def test_it_stops_at_once_whatever_the_network_does(gate: Gate, receiver: Receiver) -> None:
    fill(gate, 3)
    hangs, free = threading.Event(), threading.Event()

    def stage(_: str) -> None:
        hangs.set()
        free.wait(WAIT_S)

    receiver.stage = stage
    gate.uploader.start()
    assert hangs.wait(WAIT_S)
    stopper = threading.Thread(target=gate.uploader.stop)
    stopper.start()
    stopper.join(5)
    assert not stopper.is_alive()
    free.set()
    gate.uploader.ended.result(WAIT_S)
    assert gate.counts().unsent == 3, "what was under way is sent another time"


def test_records_are_not_kept_waiting_by_an_upload(gate: Gate, receiver: Receiver) -> None:
    fill(gate, 3)
    hangs, free = threading.Event(), threading.Event()

    def stage(name: str) -> None:
        if name == "taken":
            hangs.set()
            free.wait(WAIT_S)

    receiver.stage = stage
    gate.uploader.start()
    assert hangs.wait(WAIT_S)
    assert gate.journal.record(passage(Outcome.REFER)).result(WAIT_S) == 4
    free.set()
    assert emptied(gate, receiver)
    assert receiver.store.count() == 4


def test_a_row_that_changes_while_it_is_on_its_way_is_sent_again(gate: Gate, receiver: Receiver) -> None:
    ids = fill(gate, 3)

    def stage(name: str) -> None:
        if name == "taken" and receiver.uploads == 1:
            gate.journal.complete(ids[0], PassageResult.JAMMED).result(WAIT_S)

    receiver.stage = stage
    gate.uploader.start()
    assert receiver.wait_until(lambda: receiver.uploads == 2 and gate.counts().unsent == 0)
    assert receiver.store.passages()[ids[0]].passage is PassageResult.JAMMED
    assert receiver.store.passages() == in_journal(gate.path)


def test_what_a_server_asks_for_is_waited_for_and_something_more(gate: Gate, receiver: Receiver) -> None:
    fill(gate, 1)
    receiver.vices.extend(Vice("later", status, {"Retry-After": "70"}) for status in (429, 503))
    receiver.vices.append(Vice("next year", 429, {"Retry-After": "31536000"}))
    assert [gate.uploader._turn() for _ in range(3)] == [70.0, 70.0, 3600.0]
    assert gate.uploader._turn() == 0.0
    assert gate.counts().unsent == 0


def test_a_server_that_is_not_there_yet_is_found_once_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setattr(uploader, "IDLE_S", 0.02)
    away = Receiver()
    port, url = int(away.url.rpartition(":")[2]), away.url
    key = enrolled(away)
    away.close()
    gate = Gate(tmp_path / "journal.sqlite", url, key, receiver)
    fill(gate, 3)
    gate.uploader.start()
    assert receiver.wait_until(lambda: bool(gate.told))
    back = Receiver(port=port)
    back.store.keys = away.store.keys
    assert emptied(gate, back)
    assert back.store.passages() == in_journal(gate.path)
    assert over(gate, back)
    gate.close()
    back.close()


def test_a_long_absence_is_made_up_for_within_ten_minutes_at_1_mbit_a_second(
    tmp_path: Path, receiver: Receiver
) -> None:
    number = times(ROWS_OF_72_HOURS, 3_000)
    url = receiver.store.audience = relay(receiver.url, MBIT_BYTES)
    write_many(tmp_path / "journal.sqlite", number)
    gate = Gate(tmp_path / "journal.sqlite", url, enrolled(receiver), receiver)
    begun = time.monotonic()
    gate.uploader.start()
    assert receiver.wait_until(lambda: gate.counts().unsent == 0, 600)
    took = time.monotonic() - begun
    gate.close()
    journal, server = in_journal(gate.path), receiver.store.passages()
    lost, twice = len(journal.keys() - server.keys()), len(receiver.store.quarantined())
    remark = f"Tried: rows that waited; all were at the server after {took:.0f} s over a line of 1 Mbit/s."
    note(Found("72 hours offline", number, lost, twice, remark=remark, in_full=ROWS_OF_72_HOURS))
    assert server == journal
