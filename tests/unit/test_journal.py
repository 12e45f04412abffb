from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from passages import ANNA, dynamic, limited, passage, rows

from gate.errors import JournalError
from gate.journal.store import QUEUE_LIMIT, Journal
from gate.model import Direction, Outcome, PassageResult
from gate.presentation_id import new_presentation_id, receipt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = 10


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal(path)
    opened.open()
    yield opened
    opened.close()


def test_a_row_is_there_for_another_process_once_its_future_is_done(journal: Journal, path: Path) -> None:
    row = passage()
    assert journal.record(row).result(WAIT_S) == 1
    assert journal.record(passage(Outcome.REFER)).result(WAIT_S) == 2
    assert rows(path, "seq, id, outcome, holder") == [
        (1, row.id, "pass", ANNA),
        (2, *rows(path, "id")[1], "refer", ANNA),
    ]


def test_what_a_record_keeps(journal: Journal, path: Path) -> None:
    journal.record(passage()).result(WAIT_S)
    assert rows(path, "at, reasons, rule_set, facts, marks") == [
        (
            "2021-06-20T08:00:00.000+00:00",
            '["green_code"]',
            "station-48h@1",
            '{"code": {"state": "known", "source": "city", "age": 600}}',
            '["demo"]',
        )
    ]


def test_a_record_says_which_way_into_what_and_by_which_code_and_permit(journal: Journal, path: Path) -> None:
    journal.record(passage(direction=Direction.OUT, code=dynamic(7), permit=limited("P-9"))).result(WAIT_S)
    journal.record(passage(Outcome.RETRY, code=dynamic(8))).result(WAIT_S)
    assert rows(path, "direction, zone, code, permit") == [
        ("out", "east-3", bytes([7] * 16), "P-9"),
        ("in", "east-3", bytes([8] * 16), None),
    ]


def test_every_commit_waits_for_the_disk(journal: Journal, path: Path) -> None:
    journal.record(passage()).result(WAIT_S)
    mode = journal._writer.submit(lambda db: int(db.execute("PRAGMA synchronous").fetchone()[0])).result(WAIT_S)
    assert mode == 2, "FULL"
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()


def test_the_same_presentation_is_recorded_once(journal: Journal, path: Path) -> None:
    row = passage()
    journal.record(row).result(WAIT_S)
    with pytest.raises(JournalError):
        journal.record(row).result(WAIT_S)
    journal.record(passage()).result(WAIT_S)
    assert len(rows(path, "id")) == 2, "a refused row does not stop the next"


def test_a_row_that_is_a_bug_reaches_whoever_waits_and_stops_no_other(journal: Journal, path: Path) -> None:
    with pytest.raises(OverflowError):
        journal.record(replace(passage(), assurance=1 << 64)).result(WAIT_S)
    journal.record(passage()).result(WAIT_S)
    assert len(rows(path, "id")) == 1


def test_a_withdrawal_is_kept_however_slow_the_disk(journal: Journal, path: Path) -> None:
    busy, free = threading.Event(), threading.Event()

    def hang(_: sqlite3.Connection) -> int:
        busy.set()
        return int(free.wait(WAIT_S))

    journal._writer.submit(hang)
    assert busy.wait(WAIT_S)
    waiting = [passage() for _ in range(QUEUE_LIMIT)]
    for row in waiting:
        journal.record(row)
    assert isinstance(journal.record(passage()).exception(WAIT_S), JournalError), "no more rows than that may wait"
    withdrawn = journal.withdraw(waiting[-1].id, "late")
    free.set()
    withdrawn.result(WAIT_S)
    assert rows(path, "withdrawn")[-1] == ("late",)


def test_numbers_go_on_after_a_restart(journal: Journal, path: Path) -> None:
    journal.record(passage()).result(WAIT_S)
    journal.close()
    again = Journal(path)
    again.open()
    assert again.record(passage()).result(WAIT_S) == 2
    again.close()


def test_the_passage_and_a_withdrawal_are_added_later(journal: Journal, path: Path) -> None:
    row = passage()
    journal.record(row)
    journal.complete(row.id, PassageResult.NOT_TAKEN)
    journal.withdraw(row.id, "late").result(WAIT_S)
    assert rows(path, "passage, withdrawn") == [("not_taken", "late")]


def test_a_damaged_file_is_set_aside_whole_and_the_gate_goes_on(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    journal = Journal(path)
    journal.open()
    assert journal.set_aside is not None
    assert journal.set_aside.read_bytes().endswith(b"\xff" * 5000), "nothing is deleted"
    assert journal.record(passage()).result(WAIT_S) == 1
    journal.close()


def test_a_place_that_can_not_be_written_says_what_to_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalError, match="check folder, owner and free space"):
        Journal(tmp_path / "file" / "journal.sqlite").open()


def test_a_file_of_a_newer_version_is_left_alone(journal: Journal, path: Path) -> None:
    journal.close()
    db = sqlite3.connect(path)
    db.execute("ALTER TABLE passages ADD COLUMN only_known_later TEXT")
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(JournalError, match="another version"):
        Journal(path).open()


def test_only_the_gate_may_read_it(journal: Journal, path: Path) -> None:
    journal.record(passage()).result(WAIT_S)
    files = list(path.parent.iterdir())
    assert len(files) == 4
    assert all(file.stat().st_mode & 0o077 == 0 for file in files), "nor what is kept beside it"


def test_presentation_ids_sort_by_time_and_receipts_can_be_read_out() -> None:
    ids = [new_presentation_id() for _ in range(200)]
    assert len(set(ids)) == 200
    assert all(i[14] == "7" and i[19] in "89ab" for i in ids)
    assert [i[:13] for i in ids] == sorted(i[:13] for i in ids)
    assert all(len(receipt(i)) == 9 and not set(receipt(i)) & set("ILOU") for i in ids)
