"""What a gate remembers: on which side somebody is, what was used up, and that nothing counts that did not happen."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from lane_rig import disk_that_hangs
from passages import ANNA, AT, BERT, ZONE, dynamic, limited, passage, rows

from gate.errors import JournalError
from gate.journal import memory
from gate.journal.store import QUEUE_LIMIT, Journal
from gate.model import Direction, Outcome, PassageResult, Past

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gate.journal.passages import Passage

WAIT_S = 10
CODE = dynamic(7)
TABLES = ("presence", "entries", "codes")


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    journal = Journal(path)
    journal.open()
    try:
        yield journal
    finally:
        journal.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with opened(path) as one:
        yield one


def put(journal: Journal, outcome: Outcome = Outcome.PASS, **changes: Any) -> Passage:
    row = passage(outcome, **changes)
    journal.record(row).result(WAIT_S)
    return row


def past(journal: Journal, holder: bytes | None = ANNA, zone: str = ZONE, code: bytes | None = None) -> Past:
    return journal.past(holder, zone, code).result(WAIT_S)


def use_everything(journal: Journal) -> Passage:
    return put(journal, code=CODE, permit=limited())


USED = Past(Direction.IN, AT, {"P-1": 1}, code_used=True)


def test_of_somebody_who_was_never_here_nothing_is_remembered(journal: Journal) -> None:
    use_everything(journal)
    assert past(journal, BERT, code=dynamic(8).digest) == Past()
    assert past(journal, None) == Past()


def test_whoever_was_let_in_is_inside_until_let_out(journal: Journal) -> None:
    put(journal)
    assert past(journal) == Past(Direction.IN, AT)
    put(journal, direction=Direction.OUT, at=AT + timedelta(hours=1))
    assert past(journal) == Past(Direction.OUT, AT + timedelta(hours=1))
    put(journal, at=AT + timedelta(hours=2, microseconds=1))
    assert past(journal) == Past(Direction.IN, AT + timedelta(hours=2, microseconds=1)), "to the microsecond"


def test_every_zone_has_its_own_inside(journal: Journal) -> None:
    put(journal, zone="east-5")
    assert past(journal) == Past()
    assert past(journal, zone="east-5").direction is Direction.IN


def test_the_order_of_rows_counts_not_a_clock_that_was_set_back(journal: Journal) -> None:
    put(journal)
    put(journal, direction=Direction.OUT, at=AT - timedelta(days=1))
    assert past(journal).direction is Direction.OUT


def test_a_time_of_a_clock_that_is_not_trusted_is_not_remembered_as_one(journal: Journal) -> None:
    put(journal, clock_trusted=False)
    assert past(journal) == Past(Direction.IN, None)


@pytest.mark.parametrize("outcome", [Outcome.REFER, Outcome.RETRY])
def test_a_refusal_changes_nothing(outcome: Outcome, journal: Journal) -> None:
    put(journal, outcome, code=CODE, permit=limited())
    assert past(journal, code=CODE.digest) == Past()


def test_entries_are_counted_by_permit_and_holder(journal: Journal) -> None:
    for permit in (limited(), limited(), limited("P-2"), limited("P-3", entries=None), limited(None)):
        put(journal, permit=permit)
    put(journal, holder=BERT, permit=limited())
    assert past(journal).entries == {"P-1": 2, "P-2": 1}, "without a limit or an id there is nothing to count"
    assert past(journal, BERT).entries == {"P-1": 1}
    assert past(journal, zone="elsewhere").entries == {"P-1": 2, "P-2": 1}, "wherever the permit was used"


def test_the_way_out_uses_up_nothing(journal: Journal) -> None:
    put(journal, direction=Direction.OUT, code=CODE, permit=limited())
    assert past(journal, code=CODE.digest) == Past(Direction.OUT, AT)


def test_without_a_holder_only_the_code_is_remembered(journal: Journal, path: Path) -> None:
    put(journal, holder=None, code=CODE, permit=limited())
    assert past(journal, None, code=CODE.digest) == Past(code_used=True)
    assert (rows(path, "*", "presence"), rows(path, "*", "entries")) == ([], [])


def test_a_code_is_used_up_whoever_shows_it(journal: Journal) -> None:
    put(journal, code=CODE)
    assert past(journal, BERT, code=CODE.digest) == Past(code_used=True)


@pytest.mark.parametrize(
    "take_back",
    [
        lambda journal, row: journal.withdraw(row.id, "late"),
        lambda journal, row: journal.complete(row.id, PassageResult.NOT_TAKEN),
    ],
)
def test_a_pass_that_nobody_used_gives_everything_back(
    take_back: Callable[[Journal, Passage], Any], journal: Journal, path: Path
) -> None:
    put(journal, direction=Direction.OUT, at=AT - timedelta(hours=9))
    before = past(journal, code=CODE.digest)
    row = use_everything(journal)
    assert past(journal, code=CODE.digest) == USED
    for _ in range(2):
        take_back(journal, row).result(WAIT_S)
        assert past(journal, code=CODE.digest) == before == Past(Direction.OUT, AT - timedelta(hours=9))
    assert len(rows(path, "id")) == 2, "the row itself stays"


@pytest.mark.parametrize("result", [PassageResult.PASSED, PassageResult.JAMMED])
def test_whoever_went_or_is_stuck_has_used_it(result: PassageResult, journal: Journal) -> None:
    row = use_everything(journal)
    journal.complete(row.id, result).result(WAIT_S)
    assert past(journal, code=CODE.digest) == USED


def test_of_a_familys_code_one_who_did_not_go_gives_back_only_what_is_theirs(journal: Journal) -> None:
    put(journal, code=CODE)
    child = put(journal, holder=BERT, code=CODE, permit=limited())
    journal.complete(child.id, PassageResult.NOT_TAKEN).result(WAIT_S)
    assert past(journal, BERT, code=CODE.digest) == Past(code_used=True)
    assert past(journal).direction is Direction.IN


def test_it_is_all_there_after_a_restart(path: Path) -> None:
    with opened(path) as journal:
        use_everything(journal)
    with opened(path) as journal:
        assert past(journal, code=CODE.digest) == USED


def test_a_power_cut_at_any_byte_leaves_a_row_with_all_of_its_memory_or_neither(journal: Journal, path: Path) -> None:
    use_everything(journal)
    given_back = use_everything(journal)
    journal.withdraw(given_back.id, "late").result(WAIT_S)
    written = path.with_name("journal.sqlite-wal").read_bytes()
    seen = set()
    for cut in range(0, len(written) + 1024, 1024):
        after = path.parent / str(cut) / "journal.sqlite"
        after.parent.mkdir()
        shutil.copy(path, after)
        after.with_name("journal.sqlite-wal").write_bytes(written[:cut])
        with opened(after):
            in_use = rows(after, "seq", "passages WHERE withdrawn IS NULL")
            assert [rows(after, "seq", table) for table in TABLES] == [in_use] * 3
            seen.add((len(in_use), len(rows(after, "seq"))))
    assert seen == {(0, 0), (1, 1), (2, 2), (1, 2)}


def test_a_row_that_is_refused_leaves_no_memory(journal: Journal, path: Path) -> None:
    row = put(journal)
    with pytest.raises(JournalError):
        journal.record(passage(id=row.id, holder=BERT, code=CODE)).result(WAIT_S)
    assert [len(rows(path, "seq", table)) for table in TABLES] == [1, 0, 0]


# --- what is forgotten ----------------------------------------------------------------------------------------


def test_a_code_is_forgotten_at_its_end(journal: Journal, path: Path) -> None:
    put(journal, code=CODE)
    put(journal, holder=BERT, at=CODE.expires_at - timedelta(seconds=1))
    assert past(journal, code=CODE.digest).code_used
    put(journal, holder=BERT, at=CODE.expires_at, clock_trusted=False)
    assert past(journal, code=CODE.digest).code_used, "not by a clock that nobody trusts"
    put(journal, holder=BERT, at=CODE.expires_at)
    assert rows(path, "*", "codes") == []


def test_of_crossings_and_codes_so_many_are_kept_and_the_newest(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MOST_KEPT", 3)
    for number in range(1, 6):
        put(journal, holder=bytes([number] * 16), code=dynamic(number, timedelta(days=9)), permit=limited())
    assert rows(path, "seq", "presence") == rows(path, "seq", "codes") == [(3,), (4,), (5,)]
    assert len(rows(path, "seq", "entries")) == 5, "an entry that is forgotten would be given back"


def test_entries_of_a_permit_that_is_over_go_in_time(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(journal, permit=limited(end=AT + timedelta(days=1)))
    put(journal, at=AT + timedelta(days=400), permit=limited("P-2", end=AT + timedelta(days=401)))
    assert past(journal).entries == {"P-1": 1, "P-2": 1}, "the clock may only have shown next year for a moment"
    monkeypatch.setattr(memory, "MOST_KEPT", 2)
    put(journal, at=AT + timedelta(days=400))
    assert rows(path, "permit", "entries") == [("P-2",)]


# --- a disk that is slow ---------------------------------------------------------------------------------------


def test_a_commit_that_hangs_keeps_no_question_waiting(journal: Journal, path: Path) -> None:
    use_everything(journal)
    with disk_that_hangs(path):
        stuck = journal.record(passage(direction=Direction.OUT))
        assert past(journal, code=CODE.digest) == USED
    stuck.exception(WAIT_S)


def test_so_many_questions_may_wait_and_no_more(journal: Journal) -> None:
    import threading  # noqa: PLC0415 - of this one test

    free, busy = threading.Event(), threading.Event()

    def hang(_: sqlite3.Connection) -> bool:
        busy.set()
        return free.wait(WAIT_S)

    journal._reader.submit(hang)
    assert busy.wait(WAIT_S)
    asked = [journal.past(ANNA, ZONE, None) for _ in range(QUEUE_LIMIT)]
    assert isinstance(journal.past(ANNA, ZONE, None).exception(WAIT_S), JournalError)
    assert asked[0].cancel(), "whoever does not wait any longer is not answered"
    free.set()
    assert asked[-1].result(WAIT_S) == Past()


def test_a_question_that_the_file_can_not_answer_is_an_error_that_is_declared(journal: Journal, path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("DROP TABLE codes")
    db.close()
    assert isinstance(journal.past(ANNA, ZONE, None).exception(WAIT_S), JournalError)


def test_whoever_asks_can_not_write(journal: Journal) -> None:
    writing = journal._reader.submit(lambda db: db.execute("DELETE FROM presence").rowcount)
    assert isinstance(writing.exception(WAIT_S), JournalError)


@pytest.mark.parametrize(("column", "holds"), [("direction", "io"), ("at", "2021-06-18T08:00:00.000;00:00")])
def test_what_the_disk_has_made_something_else_of_is_not_remembered(
    journal: Journal, path: Path, column: str, holds: str
) -> None:
    use_everything(journal)
    with sqlite3.connect(path) as db:
        db.execute(f"UPDATE presence SET {column} = ?", (holds,))  # noqa: S608 - of a test
    db.close()
    with pytest.raises(JournalError, match="damaged"):
        past(journal)
    assert past(journal, BERT) == Past()
