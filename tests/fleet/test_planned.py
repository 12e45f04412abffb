"""A gate that is switched off on purpose: neither an alarm, nor offline, nor a reason for a rollout to stop."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from fleet_desk import Desk, Person, beat
from hypothesis import given
from hypothesis import strategies as st

from fleet.planned import ALWAYS, LEAST_OPEN, Absence, Hours, Plan
from fleet.troubles import Condition, condition

if TYPE_CHECKING:
    from fleet_rig import FleetServer

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHIFT = Hours(time(6), time(22), frozenset(range(1, 8)), ZONE)
NIGHT = Hours(time(22), time(6), frozenset({5}), ZONE)
"""On Fridays, until Saturday's morning."""


def at(text: str) -> datetime:
    """Of Shanghai; 2021-06-18 is a Friday."""
    return datetime.fromisoformat(f"2021-06-{text}").replace(tzinfo=ZONE)


def missed(plan: Plan, since: str, now: str) -> timedelta:
    return plan.missed(at(since), at(now), 400 * DAY)


@pytest.mark.parametrize(
    ("plan", "since", "now", "what"),
    [
        (ALWAYS, "18T08:00", "18T09:00", HOUR),
        (Plan(SHIFT), "18T22:00", "19T05:59", timedelta()),
        (Plan(SHIFT), "18T22:00", "19T06:10", 10 * MINUTE),
        (Plan(SHIFT), "18T21:00", "19T05:59", HOUR),
        (Plan(SHIFT), "16T22:00", "19T06:00", 2 * 16 * HOUR),
        (Plan(NIGHT), "18T23:00", "19T01:00", 2 * HOUR),
        (Plan(NIGHT), "19T06:00", "25T22:00", timedelta()),
        (Plan(Hours(time(8), time(8), frozenset({1}), ZONE)), "14T00:00", "18T00:00", DAY),
        (Plan(None, (Absence(at("18T08:00"), at("20T08:00")),)), "18T07:00", "20T09:00", 2 * HOUR),
        (Plan(SHIFT, (Absence(at("18T08:00"), at("19T07:00")),)), "18T07:30", "19T07:20", 50 * MINUTE),
        (Plan(SHIFT, (Absence(at("18T08:00"), at("19T07:00")),)), "18T08:30", "19T06:50", timedelta()),
    ],
)
def test_only_time_in_which_a_gate_is_to_be_at_work_is_missed(
    plan: Plan, since: str, now: str, what: timedelta
) -> None:
    assert missed(plan, since, now) == what


moments = st.datetimes(datetime(2021, 1, 1), datetime(2021, 3, 1)).map(lambda one: one.replace(tzinfo=UTC))  # noqa: DTZ001


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    days = frozenset(draw(st.sets(st.integers(1, 7), min_size=1)))
    hours = Hours(draw(st.times()), draw(st.times()), days, ZONE)
    away = [
        Absence(begins, begins + draw(st.timedeltas(MINUTE, 30 * DAY)))
        for begins in draw(st.lists(moments, max_size=3))
    ]
    return Plan(draw(st.sampled_from([None, hours])), tuple(away))


@given(plans(), moments, moments)
def test_it_is_the_sum_of_its_parts_and_never_more_than_the_whole(plan: Plan, one: datetime, other: datetime) -> None:
    since, now = min(one, other), max(one, other)
    whole = plan.missed(since, now, 400 * DAY)
    assert timedelta() <= whole <= now - since
    middle = since + (now - since) / 2
    assert plan.missed(since, middle, 400 * DAY) + plan.missed(middle, now, 400 * DAY) == whole
    if plan.missed(since, now, LEAST_OPEN) <= LEAST_OPEN:
        assert whole <= LEAST_OPEN, "it stops counting only once it is enough"


@given(plans(), moments)
def test_a_gate_is_never_called_offline_while_it_is_heard_of(plan: Plan, now: datetime) -> None:
    assert condition("active", now - 4 * MINUTE, beat(), now, plan) is Condition.ONLINE


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    made = Desk(fleet_server)
    made.told(beat(), 3600)
    return made


def look() -> None:
    from django.utils import timezone  # noqa: PLC0415 - Django is set up by the fixture

    from fleet.console import watch  # noqa: PLC0415 - the same

    watch.look(timezone.now())


def alarms(desk: Desk) -> list[str]:
    found = desk.server.sql("SELECT kind FROM alarms WHERE device_id = %s AND ended_at IS NULL", desk.id)
    return [kind for (kind,) in found]


def local(from_now: timedelta) -> str:
    """As a browser sends it."""
    return f"{datetime.now(ZONE) + from_now:%Y-%m-%dT%H:%M}"


def test_a_planned_absence_is_no_alarm_and_closes_one(desk: Desk) -> None:
    look()
    assert alarms(desk) == ["offline"]
    user = desk.user(may_change=True)
    person = Person(user)
    assert "offline" in person.get("/")
    said = {"begins": local(-2 * HOUR), "ends": local(DAY), "why": "the hall is <b>painted</b>"}
    person.post(f"/gates/{desk.gate}/absence", **said)
    look()
    assert alarms(desk) == []
    page = person.get(f"/gates/{desk.gate}/")
    assert "switched off as planned" in page
    assert "the hall is &lt;b&gt;painted" in page
    assert "1</b> switched off as planned" in person.get("/")
    assert [what for what, _, _ in desk.did(user)] == ["absence planned"]
    ((number,),) = desk.server.sql("SELECT id FROM planned_absences WHERE device_id = %s", desk.id)
    stranger = Person(Desk(desk.server).user(may_change=True))
    assert stranger.post(f"/absences/{number}/end").status_code == 404
    person.post(f"/absences/{number}/end")
    desk.server.sql("UPDATE planned_absences SET ends = begins + interval '1 s' WHERE id = %s", number)
    look()
    assert alarms(desk) == ["offline"], "it should be there now"


def test_opening_hours_are_of_all_gates_of_a_site(desk: Desk) -> None:
    now = datetime.now(ZONE)
    user = desk.user(may_change=True)
    person = Person(user)
    number = desk.server.site(desk.site, desk.district)
    # Open for an hour that is eleven hours away, so that the last two were none of it.
    opens, closes = now + 11 * HOUR, now + 12 * HOUR
    said = {"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}
    person.post(f"/sites/{number}/hours", **said, days=[str(day) for day in range(1, 8)])
    assert "switched off as planned" in person.get("/")
    look()
    assert alarms(desk) == []
    assert f"{opens:%H:%M}–{closes:%H:%M}" in person.get(f"/sites/{number}/")
    person.post(f"/sites/{number}/hours", always="1")
    look()
    assert alarms(desk) == ["offline"]
    assert [what for what, _, _ in desk.did(user)] == ["opening hours"] * 2


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"begins": "yesterday", "ends": "2030-01-01T00:00"}, "from:"),
        ({"begins": "2030-01-02T00:00", "ends": "2030-01-01T00:00"}, "later than it begins"),
        ({"begins": "2020-01-01T00:00", "ends": "2021-01-01T00:00"}, "and than now"),
        ({"begins": "2030-01-01T00:00", "ends": "2039-01-01T00:00"}, "at most 400 days"),
        ({"begins": "2030-01-01T00:00", "ends": "2030-01-02T00:00", "why": "x" * 201}, "why:"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(desk: Desk, said: dict[str, str], why: str) -> None:
    person = Person(desk.user(may_change=True))
    person.post(f"/gates/{desk.gate}/absence", **said)
    assert why in person.get(f"/gates/{desk.gate}/")
    assert desk.server.sql("SELECT count(*) FROM planned_absences WHERE device_id = %s", desk.id) == [(0,)]


def test_a_site_that_is_open_for_a_minute_is_refused(desk: Desk) -> None:
    number = desk.server.site(desk.site, desk.district)
    person = Person(desk.user(may_change=True))
    person.post(f"/sites/{number}/hours", opens="08:00", closes="08:01", days="1")
    assert "15 minutes at least" in person.get(f"/sites/{number}/")
    looks = Person(desk.user(may_change=False))
    assert looks.post(f"/sites/{number}/hours", opens="08:00", closes="09:00", days="1").status_code == 404
