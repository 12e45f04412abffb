"""A site's last 24 hours: right numbers, bars that fit, and no other days' partitions than those."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from fleet_desk import Desk, Person
from hypothesis import given
from hypothesis import strategies as st

from fleet.console.plots import HEIGHT, WIDTH, Hour, plot
from fleet.plane.sql import FOREIGN_PASSAGES

if TYPE_CHECKING:
    from fleet_rig import FleetServer

NOON = datetime(2021, 6, 20, 4, tzinfo=UTC)
COUNTS = st.integers(0, 10**7)


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    return Desk(fleet_server)


def passed(desk: Desk, outcome: str, at: datetime, gate: str | None = None) -> None:
    id_ = f"{int(at.timestamp() * 1000):012x}7000800000{secrets.token_hex(5)}"
    desk.server.sql("SELECT make_day(%s::date)", at.date())
    desk.server.sql(
        "INSERT INTO passages (id, device_id, series, seq, revision, at, outcome, reasons, body, received_at)"
        " SELECT %s::uuid, id, 1, 1, 1, %s, %s, '{}', '', now() FROM devices WHERE name = %s",
        id_,
        at,
        outcome,
        gate or desk.gate,
    )


def test_a_sites_page_shows_who_was_there_hour_by_hour(desk: Desk) -> None:
    other = Desk(desk.server)
    now = datetime.now(UTC)
    for outcome, hours, gate in (
        ("pass", 0, None),
        ("pass", 0, None),
        ("refer", 0, None),
        ("retry", 3, None),
        ("pass", 25, None),
        ("pass", 0, other.gate),
    ):
        passed(desk, outcome, now - timedelta(hours=hours), gate)
    site = desk.server.site(desk.site, desk.district)
    page = Person(desk.user(may_change=False)).get(f"/sites/{site}/")
    assert "<b>4</b> presented" in page
    assert "<b>1</b> sent to a person" in page
    assert len(re.findall('<rect class="passed"', page)) == 1
    assert "2 let in, 0 asked to try again, 1 sent to a person" in page
    assert "0 let in, 1 asked to try again, 0 sent to a person" in page
    assert desk.gate in page
    Person(other.user(may_change=True)).get(f"/sites/{site}/", 404)


def test_an_empty_site_has_an_empty_plot(desk: Desk) -> None:
    site = desk.server.site(f"{desk.site}-empty", desk.district)
    page = Person(desk.user(may_change=False)).get(f"/sites/{site}/")
    assert "<b>0</b> presented" in page
    assert "<rect" not in page


def test_only_the_sums_of_those_days_are_read(desk: Desk) -> None:
    from fleet.console.sites import BY_HOUR, HOUR  # noqa: PLC0415 - Django is set up by the fixture

    now = datetime.now(UTC)
    days = [(now + timedelta(days=n)).date() for n in range(-5, 2)]
    for day in days:
        desk.server.sql("SELECT make_day(%s::date)", day)
    with psycopg.connect(desk.server.ready.dsn, cursor_factory=psycopg.ClientCursor) as link:
        found = link.execute(f"EXPLAIN (FORMAT JSON) {BY_HOUR}".encode(), (1, now - 23 * HOUR, now)).fetchone()
    assert found
    read = set(re.findall(r'"Relation Name": "(\w+)"', json.dumps(found[0])))
    assert read == {f"hours_{day:%Y%m%d}" for day in ((now - 23 * HOUR).date(), now.date())}


def test_whose_rows_these_are_is_looked_up_in_their_days_alone(desk: Desk) -> None:
    now = datetime.now(UTC)
    for n in range(-5, 2):
        desk.server.sql("SELECT make_day(%s::date)", (now + timedelta(days=n)).date())
    ids = [UUID(int=int((now - timedelta(days=n)).timestamp() * 1000) << 80) for n in (2, 1)]
    with psycopg.connect(desk.server.ready.dsn) as link:
        for _ in range(12):  # and when PostgreSQL plans once for all values
            asked = f"EXPLAIN (ANALYZE, FORMAT JSON) {FOREIGN_PASSAGES}"
            found = link.execute(asked.encode(), (ids, [1, 1], *ids)).fetchone()
            assert found
            read = set(re.findall(r'"Relation Name": "(\w+)"', json.dumps(found[0])))
            assert read == {f"passages_{now - timedelta(days=n):%Y%m%d}" for n in (2, 1)}


def test_a_revision_that_says_otherwise_is_counted_as_it_says(desk: Desk) -> None:
    now = datetime.now(UTC)
    passed(desk, "pass", now)
    passed(desk, "retry", now)
    for change in ("outcome = 'refer'", "passage = 'passed'"):
        desk.server.sql(
            f"UPDATE passages SET {change} WHERE outcome <> 'retry' AND device_id = ("  # noqa: S608 - ours
            "SELECT id FROM devices WHERE name = %s)",
            desk.gate,
        )
    site = desk.server.site(desk.site, desk.district)
    page = Person(desk.user(may_change=False)).get(f"/sites/{site}/")
    assert "0 let in, 1 asked to try again, 1 sent to a person" in page


@given(st.lists(st.builds(Hour, st.just(NOON), COUNTS, COUNTS, COUNTS), max_size=30))
def test_every_bar_fits_and_is_as_high_as_it_should_be(hours: list[Hour]) -> None:
    drawn = plot(hours)
    assert [bar.hour for bar in drawn.bars] == hours
    top = max(line.number for line in drawn.lines)
    low, high = max(line.y for line in drawn.lines), min(line.y for line in drawn.lines)
    for bar in drawn.bars:
        assert drawn.left <= bar.x < bar.x + bar.width <= WIDTH
        assert all(0 <= part.y <= HEIGHT and part.height >= 0 for part in bar.parts)
        tall = sum(part.height for part in bar.parts)
        assert tall == pytest.approx((low - high) * bar.hour.total / top, abs=0.05)
        assert bar.hour.total <= top


def test_a_day_of_the_city_shows_the_sites_that_one_may_see(desk: Desk) -> None:
    other = Desk(desk.server)
    noon = datetime.combine(datetime.now(UTC).date() - timedelta(2), datetime.min.time(), UTC) + timedelta(hours=4)
    for outcome, hours, gate in (
        ("pass", 0, None),
        ("refer", 0, None),
        ("retry", 1, None),
        ("refer", -13, None),
        ("refer", 0, other.gate),
    ):
        passed(desk, outcome, noon + timedelta(hours=hours), gate)
    person = Person(desk.user(may_change=False))
    page = person.get(f"/city/?day={noon:%Y-%m-%d}")
    assert "<b>3</b> presented" in page
    assert "<b>1</b> sent to a person" in page
    assert "12:00: 1 let in, 0 asked to try again, 1 sent to a person" in page
    assert desk.site in page
    assert other.site not in page
    before = noon.date() - timedelta(1)
    assert f"?day={before}" in page
    assert "<b>1</b> presented" in person.get(f"/city/?day={before}")


def test_a_day_that_is_none_is_today(desk: Desk) -> None:
    person = Person(desk.user(may_change=False), language="zh-hans")
    for day in ("", "yesterday", "0001-01-01", "9999-12-31", "2026-13-01"):
        assert "当日无人通行" in person.get(f"/city/?day={day}")
