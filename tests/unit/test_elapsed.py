"""Seconds that went by, days on the calendar and minutes on the wall, also where clocks change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from presented import HERE, Shown, shown

from gate.errors import ConfigError
from gate.model import Moment, PermitRecord, Records, TestRecord, TestResult
from gate.rules.elapsed import Now
from gate.status.file import StatusFile

if TYPE_CHECKING:
    from pathlib import Path

BERLIN, NEW_YORK, SHANGHAI = (ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Asia/Shanghai"))


def now(zone: ZoneInfo, *local: int, fold: int = 0) -> Now:
    return Now.of(datetime(*local, tzinfo=zone, fold=fold), zone)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("zone", "morning", "hours"),
    [
        (BERLIN, (2021, 3, 27), 24),
        (BERLIN, (2021, 3, 28), 23),  # the clocks went forward
        (BERLIN, (2021, 10, 31), 25),  # and back
        (NEW_YORK, (2021, 3, 14), 23),
        (NEW_YORK, (2021, 11, 7), 25),
        (SHANGHAI, (2021, 3, 28), 24),
    ],
)
def test_a_calendar_day_has_as_many_hours_as_the_zone_gives_it(
    zone: ZoneInfo, morning: tuple[int, int, int], hours: int
) -> None:
    start = datetime(*morning, tzinfo=zone)
    next_day = date(*morning) + timedelta(days=1)
    midnight = now(zone, next_day.year, next_day.month, next_day.day)
    assert midnight.seconds_since(start) == hours * 3600
    assert midnight.days_since(start) == 1
    a_second_before = Now.of(midnight.at - timedelta(seconds=1), zone)
    assert a_second_before.seconds_since(start) == hours * 3600 - 1
    assert a_second_before.days_since(start) == 0


def test_48_hours_are_48_hours_across_a_change_of_clocks() -> None:
    swab = datetime(2021, 10, 30, 12, 0, tzinfo=BERLIN)
    assert now(BERLIN, 2021, 11, 1, 11, 0).seconds_since(swab) == 48 * 3600
    assert now(BERLIN, 2021, 11, 1, 12, 0).seconds_since(swab) == 49 * 3600
    spring = datetime(2021, 3, 27, 12, 0, tzinfo=BERLIN)
    assert now(BERLIN, 2021, 3, 29, 13, 0).seconds_since(spring) == 48 * 3600


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    first = datetime(2021, 10, 31, 2, 30, tzinfo=BERLIN)
    assert now(BERLIN, 2021, 10, 31, 2, 30, fold=1).seconds_since(first) == 3600
    assert now(BERLIN, 2021, 10, 31, 2, 30).seconds_since(first) == 0


@pytest.mark.parametrize(
    ("zone", "at", "minute"),
    [
        (BERLIN, "2021-03-28T00:59:59Z", 119),
        (BERLIN, "2021-03-28T01:00:00Z", 180),  # 02:00 to 03:00 does not exist
        (BERLIN, "2021-10-31T00:30:00Z", 150),
        (BERLIN, "2021-10-31T01:30:00Z", 150),  # 02:30 again
        (NEW_YORK, "2021-03-14T06:59:59Z", 119),
        (NEW_YORK, "2021-03-14T07:00:00Z", 180),
        (SHANGHAI, "2021-03-27T15:59:59Z", 1439),
        (SHANGHAI, "2021-03-27T16:00:00Z", 0),
    ],
)
def test_minutes_of_the_day_are_those_on_the_wall(zone: ZoneInfo, at: str, minute: int) -> None:
    assert Now.of(datetime.fromisoformat(at), zone).minute_of_day == minute


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2021-03-28T00:59:59Z", False),  # 01:59:59
        ("2021-03-28T01:00:00Z", False),  # 03:00: this night has no hour from two to three
        ("2021-10-30T23:59:59Z", False),  # 01:59:59
        ("2021-10-31T00:00:00Z", True),  # 02:00
        ("2021-10-31T01:59:59Z", True),  # 02:59:59 for the second time
        ("2021-10-31T02:00:00Z", False),
    ],
)
def test_the_hours_of_a_permit_across_a_change_of_clocks(at: str, *, inside: bool) -> None:
    early, late = datetime(2021, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
    permit = PermitRecord("site", early, frozenset({"public"}), early, late, (120, 180))
    there = replace(HERE, time_zone="Europe/Berlin")
    moment = Moment(datetime.fromisoformat(at), trusted=True)
    assert shown(Records(permits=(permit,)), moment=moment, checkpoint=there)["permit"]["in_hours"] is inside


def since_swab(at: datetime, here: str) -> Shown:
    swab = TestRecord(
        "lab",
        datetime(2021, 10, 30, 22, 0, tzinfo=UTC),
        TestResult.NEGATIVE,
        datetime(2021, 10, 30, 22, 0, tzinfo=UTC),
        None,
    )
    there = replace(HERE, time_zone=here)
    return shown(Records(tests=(swab,)), moment=Moment(at, trusted=True), checkpoint=there)["test"]


def test_the_gates_own_zone_says_which_day_it_is() -> None:
    # The swab was at midnight in Berlin, at 18:00 of the day before in New York, at 06:00 in Shanghai.
    at = datetime(2021, 10, 31, 22, 59, 59, tzinfo=UTC)
    assert since_swab(at, "Europe/Berlin")["days_since_sample"] == 0, "a day of 25 hours"
    assert since_swab(at + timedelta(seconds=1), "Europe/Berlin")["days_since_sample"] == 1
    assert since_swab(at, "America/New_York")["days_since_sample"] == 1
    assert since_swab(at, "Asia/Shanghai")["days_since_sample"] == 1
    assert since_swab(at, "Europe/Berlin")["since_sample"] == 25 * 3600 - 1


@pytest.mark.parametrize(
    ("past", "days"),
    [((2020, 2, 28), 2), ((2020, 2, 29), 1), ((2020, 3, 1), 0), ((2019, 3, 1), 366), ((2019, 2, 28), 367)],
)
def test_29_february_is_a_day_like_others(past: tuple[int, int, int], days: int) -> None:
    assert now(SHANGHAI, 2020, 3, 1, 12, 0).days_since(datetime(*past, 1, tzinfo=SHANGHAI)) == days


def test_seconds_are_rounded_down_and_never_negative() -> None:
    at = now(SHANGHAI, 2021, 6, 20)
    assert at.seconds_since(at.at - timedelta(microseconds=1_999_999)) == 1
    assert at.seconds_since(at.at + timedelta(seconds=300)) == 0
    assert at.days_since(at.at + timedelta(days=2)) == 0


def test_one_time_too_far_ahead_is_enough() -> None:
    at = now(SHANGHAI, 2021, 6, 20)
    fine, wrong = at.at + timedelta(minutes=5), at.at + timedelta(minutes=5, microseconds=1)
    assert not at.in_future()
    assert not at.in_future(fine, None)
    assert at.in_future(fine, wrong)
    assert at.in_future(None, wrong, fine)


@pytest.mark.parametrize(
    "time",
    [
        "2021-06-20T07:50:00",  # nobody can know what it means
        "2021-06-20T24:00:00+08:00",  # written 2021-06-21T00:00:00+08:00
        "2021-02-29T00:00:00+08:00",
        "2021-06-20",
        "10000-01-01T00:00:00Z",
    ],
)
def test_a_status_file_with_a_time_that_is_none_is_refused(tmp_path: Path, time: str) -> None:
    file = tmp_path / "status.json"

    def write(as_of: str) -> Path:
        code = {"source": "city", "as_of": as_of, "colour": "green"}
        file.write_text(json.dumps({"format": 1, "holders": {"0" * 32: {"codes": [code]}}}))
        return file

    StatusFile.open(write("2021-06-20T07:50:00+08:00"))
    with pytest.raises(ConfigError, match="refused"):
        StatusFile.open(write(time))
