"""What may be dropped from the journal, and what never is."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from passages import passage, rows

from gate.journal import memory, passages, retention
from gate.journal.database import open_to_write
from gate.journal.retention import PAUSE_S, ROUND_S, SETTLING, Keep, Retention
from gate.model import Moment, Outcome

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2021, 9, 20, 8, tzinfo=UTC)
OLD, NEW = NOW - timedelta(days=31), NOW - timedelta(days=29)
KEEP = Keep(days=30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    found, _ = open_to_write(path)
    with closing(found):
        yield found


def fill(db: sqlite3.Connection, number: int, at: datetime, state: str = "acked = 1") -> None:
    """So many rows of a moment, and as many newer ones after them that may still be changed."""
    with db:
        for _ in range(number):
            row = passages.insert(db, passage(Outcome.REFER, at=at))
            db.execute(f"UPDATE passages SET {state} WHERE seq = ?", (row,))  # noqa: S608 - of this test


def settle(db: sqlite3.Connection) -> None:
    fill(db, SETTLING, NOW, "acked = 0")


def until_done(db: sqlite3.Connection, keep: Keep = KEEP, *, trusted: bool = True) -> int:
    """Step until nothing is left to do; gives the steps."""
    drops, steps = Retention(keep, lambda: Moment(NOW, trusted=trusted)), 1
    while step(db, drops) == PAUSE_S:
        steps += 1
    return steps


def step(db: sqlite3.Connection, drops: Retention) -> float:
    with db:
        return drops.step(db)


def left(path: Path) -> list[int]:
    return [number for (number,) in rows(path, "seq")]


@pytest.mark.parametrize(
    ("state", "at", "goes"),
    [
        ("acked = 1", OLD, True),
        ("acked = 1", NEW, False),
        ("acked = 0", OLD, False),
        ("acked = 1, revision = 2", OLD, False),
        ("refused = 'unreadable'", OLD, False),
    ],
)
def test_by_days_only_what_the_server_has(
    db: sqlite3.Connection, path: Path, state: str, at: datetime, goes: bool
) -> None:
    fill(db, 3, at, state)
    settle(db)
    until_done(db)
    assert left(path)[0] == (4 if goes else 1)


def test_the_newest_rows_stay_since_they_may_still_change(db: sqlite3.Connection, path: Path) -> None:
    fill(db, SETTLING + 5, OLD)
    until_done(db)
    assert len(left(path)) == SETTLING


def test_no_day_is_over_on_a_clock_that_is_not_trusted(db: sqlite3.Connection, path: Path) -> None:
    fill(db, 3, OLD)
    settle(db)
    until_done(db, trusted=False)
    assert left(path)[0] == 1


def test_each_step_is_small_and_a_round_ends(db: sqlite3.Connection, path: Path) -> None:
    fill(db, 250, OLD)
    settle(db)
    drops = Retention(KEEP, lambda: Moment(NOW, trusted=True))
    for _ in range(3):
        before = len(left(path))
        assert step(db, drops) == PAUSE_S
        assert 0 < before - len(left(path)) <= retention.ROWS
    until_done(db)
    assert len(left(path)) == SETTLING
    assert step(db, drops) == ROUND_S


def test_a_full_journal_drops_what_the_server_has_oldest_first(db: sqlite3.Connection, path: Path) -> None:
    fill(db, 200, NEW, "acked = 0")
    fill(db, 200, NEW)
    fill(db, 200, NEW, "refused = 'unreadable'")
    settle(db)
    most = retention.used_bytes(db) * 9 // 10
    until_done(db, Keep(most_bytes=most))
    assert retention.used_bytes(db) <= most
    found = left(path)
    assert found[:200] == list(range(1, 201)), "what the server does not have"
    assert 201 not in found
    assert 400 in found, "no more than it takes"
    until_done(db, Keep(most_bytes=0))
    assert left(path) == [*range(1, 201), *range(401, 601 + SETTLING)], "dead letters wait for a person"


def test_the_file_shrinks(db: sqlite3.Connection, path: Path) -> None:
    fill(db, 2000, OLD)
    settle(db)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = path.stat().st_size
    steps = until_done(db)
    assert steps < 2 * 2000 / retention.ROWS, "about as fast as rows go"
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert path.stat().st_size < before / 4


def test_numbers_that_are_gone_are_known(db: sqlite3.Connection, path: Path) -> None:
    fill(db, 30, OLD)
    fill(db, 1, OLD, "acked = 0")
    fill(db, 30, OLD)
    settle(db)
    until_done(db)
    assert rows_of_dropped(db) == [(1, 30), (32, 61)]
    db.execute("UPDATE passages SET acked = 1 WHERE seq = 31")
    db.commit()
    until_done(db)
    assert rows_of_dropped(db) == [(1, 61)]
    assert left(path)[0] == 62


def rows_of_dropped(db: sqlite3.Connection) -> list[tuple[int, int]]:
    return db.execute("SELECT first, last FROM dropped ORDER BY first").fetchall()


def test_the_memory_outlives_the_row(db: sqlite3.Connection) -> None:
    row = passage(at=OLD)
    with db:
        memory.remember(db, passages.insert(db, row), row)
        db.execute("UPDATE passages SET acked = 1")
    settle(db)
    until_done(db)
    assert db.execute("SELECT count(*) FROM passages WHERE at < ?", (NEW.isoformat(),)).fetchone() == (0,)
    assert memory.past(db, row.holder, row.zone, None).direction is row.direction


def test_retention_looks_at_no_more_rows_than_may_go(db: sqlite3.Connection) -> None:
    plans = [
        " ".join(str(line[3]) for line in db.execute(f"EXPLAIN QUERY PLAN {query}", values))
        for query, values in ((retention._MAY_GO, ("", 0, 9, 9)), (retention._SENT, (9, 9)))
    ]
    assert all("may_go" in plan and "TEMP B-TREE" not in plan for plan in plans)
