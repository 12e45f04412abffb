"""Days past their time: the key goes first, then the rows, and a wrong clock drops nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest
from fleet_days import Days, days_database
from hypothesis import given
from hypothesis import strategies as st

from fleet.days import keyfiles, worker
from fleet.days.command import listed
from fleet.days.retention import Keeping, drop
from fleet.errors import FleetError
from fleet.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet.run import Ready

TODAY = datetime.now(UTC).date()
OLDER, OLD, KEPT = (TODAY - timedelta(n) for n in (40, 31, 30))
YEAR = timedelta(days=365)


def now() -> datetime:
    """As the database has it: it may be long after these tests were collected."""
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def database(fleet_ready: Ready) -> Iterator[Days]:
    with days_database(fleet_ready) as days:
        yield days


@pytest.fixture
def days(database: Days) -> Days:
    database.anew()
    return database


@pytest.fixture
def keeping(days: Days, tmp_path: Path) -> Keeping:
    keys = tmp_path / "days"
    keys.mkdir()
    for day in (OLDER, OLD, KEPT, TODAY + timedelta(1)):
        keyfiles.path_of(keys, day).write_bytes(b"a key of that day")
    return Keeping(days.ready.dsn, keys)


def names(*wanted: object) -> set[str]:
    return {f"{table}_{day:%Y%m%d}" for day in wanted for table in ("passages", "hours")}


def test_a_day_past_its_time_goes_whole_and_its_key_first(days: Days, keeping: Keeping) -> None:
    for day in (OLDER, OLD, KEPT, TODAY):
        days.row(day)
    days.confirmed()
    assert drop(keeping, now()) == [OLDER, OLD]
    assert days.partitions() == names(KEPT, TODAY)
    assert keyfiles.days(keeping.keys) == [KEPT, TODAY + timedelta(1)]
    said = [(what, subject) for what, subject, _ in days.audited()]
    for day in (OLDER, OLD):
        steps = [said.index((what, str(day))) for what in ("day past its time", "key destroyed", "day dropped")]
        assert steps == sorted(steps)
    assert "by the clocks of 1 gates" in days.audited()[0][2]
    before = days.audited()
    assert drop(keeping, now()) == []
    assert days.audited() == before


def test_what_a_destroyed_key_was_is_not_left_in_its_file(keeping: Keeping) -> None:
    path = keyfiles.path_of(keeping.keys, OLD)
    with path.open("rb") as held:  # as somebody has it open, or a disk holds on to it
        assert keyfiles.destroy(keeping.keys, OLD) == [OLDER, OLD]
        assert not path.exists()
        assert b"a key of that day" not in held.read()
    assert keyfiles.destroy(keeping.keys, OLD) == []


def test_what_comes_for_a_gone_day_waits_as_long_as_it_has_been_there(days: Days, keeping: Keeping) -> None:
    days.row(OLD)
    days.confirmed()
    drop(keeping, now())
    days.row(OLD, received_at=now())
    days.row(OLDER - timedelta(50), received_at=now())
    assert days.partitions() == set()
    assert days.sql("SELECT count(*) FROM passages_impossible") == [(2,)]
    assert drop(keeping, now()) == []
    assert days.sql("SELECT count(*) FROM passages_impossible") == [(2,)]
    later = Keeping(keeping.dsn, keeping.keys, 1)
    days.sql("UPDATE passages_impossible SET received_at = %s WHERE seq = 1", now() - timedelta(3))
    drop(later, now())
    assert days.sql("SELECT count(*) FROM passages_impossible") == [(0,)]
    assert ("past their time", "rows of impossible days") in [entry[:2] for entry in days.audited()]


def test_refused_rows_go_when_they_have_been_there_as_long(days: Days, keeping: Keeping) -> None:
    came = now()
    for number, at in enumerate((came, came - timedelta(32))):
        days.sql(
            "INSERT INTO quarantine (device_id, series, digest, body, reason, at)"
            " SELECT id, 1, %s, 'as it came', 'wrong', %s FROM devices",
            bytes([number]),
            at,
        )
    days.confirmed()
    drop(keeping, now())
    assert days.sql("SELECT at FROM quarantine") == [(came,)]


def test_a_row_that_waited_for_its_day_is_counted_once(days: Days) -> None:
    days.row(TODAY, has_day=False)
    assert days.sql("SELECT count(*) FROM passages_impossible") == [(1,)]
    days.sql("SELECT make_day(%s)", TODAY)
    days.row(TODAY)
    assert days.sql("SELECT count(*) FROM passages_impossible") == [(0,)]
    assert days.sql(f"SELECT passed, refused, retried FROM hours_{TODAY:%Y%m%d}") == [(2, 0, 0)]  # noqa: S608 - ours


def test_a_clock_a_year_ahead_drops_nothing(days: Days, keeping: Keeping) -> None:
    for day in (OLD, TODAY):
        days.row(day)
    days.confirmed()
    with pytest.raises(FleetError, match=r"this machine says .* and the database .* one of the clocks is wrong"):
        drop(keeping, now() + YEAR)
    for said in (None, TODAY, TODAY + YEAR):
        days.confirmed(ahead=-YEAR)  # so it looks to a machine whose database runs ahead as well
        with pytest.raises(FleetError, match=f"1 gates that trust their clocks say {now() - YEAR:%Y-%m-%d}"):
            drop(keeping, now(), said)
    assert days.partitions() == names(OLD, TODAY)
    assert OLD in keyfiles.days(keeping.keys)
    assert days.audited() == []


def test_one_gate_that_is_wrong_changes_nothing(days: Days, keeping: Keeping) -> None:
    days.row(OLD)
    for number in (1, 2, 3):
        days.enrolled(f"other-{days.began}-{number}")
    days.confirmed(f"other-{days.began}-1", -YEAR)
    days.confirmed(f"other-{days.began}-2")
    days.confirmed(f"other-{days.began}-3", -YEAR, trusted=False)
    days.confirmed()
    assert OLD in drop(keeping, now())


@pytest.mark.parametrize("somebody", [True, False])
def test_where_no_gate_confirms_the_day_a_person_has_to(days: Days, keeping: Keeping, *, somebody: bool) -> None:
    days.row(OLD)
    if somebody:
        days.confirmed(trusted=False)
    with pytest.raises(FleetError, match="nobody confirms that it is"):
        drop(keeping, now())
    with pytest.raises(FleetError, match="and you say"):
        drop(keeping, now(), TODAY - timedelta(20))
    assert OLD in drop(keeping, now(), TODAY)
    assert "by a person's word" in days.audited()[0][2]


def test_killed_between_key_and_rows_the_next_turn_goes_on(days: Days, keeping: Keeping) -> None:
    days.row(OLD)
    days.confirmed()
    with psycopg.connect(keeping.dsn) as reader:  # somebody's long question keeps the table from going
        reader.execute("SELECT count(*) FROM passages")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            drop(keeping, now())
        assert OLD not in keyfiles.days(keeping.keys)
    assert f"{OLD}: its key is gone, its rows are not yet" in listed(keeping, now())
    assert drop(keeping, now()) == [OLD]
    assert days.partitions() == set()
    assert days.sql("SELECT count(*) FROM days_gone WHERE dropped_at IS NULL") == [(0,)]


def test_killed_for_good_between_them_the_next_one_goes_on(days: Days, keeping: Keeping) -> None:
    days.row(OLD)
    days.confirmed()
    command = [sys.executable, "-m", "fleet", "days", "drop", "--keys", str(keeping.keys)]
    with psycopg.connect(keeping.dsn) as reader:
        reader.execute("SELECT count(*) FROM passages")
        with subprocess.Popen(command, env={**os.environ, "FLEET_DSN": keeping.dsn}) as dropping:
            while ("key destroyed", str(OLD)) not in [entry[:2] for entry in days.audited()]:
                assert dropping.poll() is None
            dropping.kill()
    assert OLD not in keyfiles.days(keeping.keys)
    assert days.partitions() == names(OLD)
    while days.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != [(0,)]:
        pass  # the server learns of its end when the lock is had
    drop(keeping, now())
    assert days.partitions() == set()


def test_killed_before_the_key_was_gone_the_next_turn_destroys_it(days: Days, keeping: Keeping) -> None:
    days.row(OLD)
    days.confirmed()
    days.sql("INSERT INTO days_gone (day, began_at, bytes) VALUES (%s, now(), 0)", OLD)
    assert OLD in drop(keeping, now())
    assert OLD not in keyfiles.days(keeping.keys)


def test_a_key_that_can_not_be_destroyed_keeps_its_rows_and_is_named(days: Days, keeping: Keeping) -> None:
    days.row(OLDER)
    days.confirmed()
    path = keyfiles.path_of(keeping.keys, OLDER)
    path.unlink()
    path.mkdir()
    with pytest.raises(FleetError, match=r"\.key: can't be destroyed"):
        drop(keeping, now())
    assert days.partitions() == names(OLDER)


def test_of_two_who_look_after_one_database_one_works(days: Days, keeping: Keeping) -> None:
    days.row(OLD)
    days.confirmed()
    with psycopg.connect(keeping.dsn) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (Lock.PAST_DAYS,))
        assert drop(keeping, now()) == []
    assert days.partitions() == names(OLD)


def test_the_list_says_how_much_there_is_and_what_is_late(days: Days, keeping: Keeping) -> None:
    days.row(OLD)
    days.row(TODAY)
    days.row(TODAY)
    lines = {line.split()[0]: line for line in listed(keeping, now())}
    assert "2" in lines[str(TODAY)].split()
    assert "not here" in lines[str(TODAY)]
    assert lines[str(OLD)].endswith("here  past its time")
    assert "MB" in lines["impossible"]


def test_the_server_goes_on_when_the_database_is_away(
    days: Days, keeping: Keeping, caplog: pytest.LogCaptureFixture
) -> None:
    days.row(OLD)
    worker.turn(Keeping("host=/nowhere", keeping.keys), now())
    worker.turn(keeping, now())
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "nobody confirms" in caplog.text
    days.confirmed()
    worker.turn(keeping, now())
    assert days.partitions() == set()


def test_the_command_lists_and_drops(days: Days, keeping: Keeping) -> None:
    days.row(OLD)

    def said(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fleet", "days", *options, "--keys", str(keeping.keys)]
        environment = {**os.environ, "FLEET_DSN": keeping.dsn}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    assert "past its time" in said().stdout
    refused = said("drop")
    assert refused.returncode == 1
    assert "nobody confirms" in refused.stderr
    assert str(OLD) in said("drop", "--today", str(TODAY)).stdout
    assert said("drop").stdout == "no day is past its time\n"


@given(st.text())
def test_a_strange_name_in_the_folder_is_no_day(name: str) -> None:
    assert keyfiles._day(name) is None or name.startswith(str(keyfiles._day(name)))
