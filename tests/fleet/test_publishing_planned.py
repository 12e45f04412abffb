"""What begins later, and what goes to every gate at once: the one by itself, the other only by two people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from fleet_city import PASSWORD
from fleet_desk import Desk, Person

from fleet.errors import FleetError

if TYPE_CHECKING:
    from fleet_city import City


def alarms(city: City) -> list[tuple[Any, ...]]:
    return city.server.sql(
        "SELECT part, ended_at IS NULL FROM alarms WHERE kind = 'emergency' AND began_at > %s ORDER BY id",
        city.now - timedelta(hours=1),
    )


@pytest.fixture
def settled(city: City) -> City:
    """Everybody has version 1."""
    city.server.sql("DELETE FROM alarms WHERE kind = 'emergency'")
    city.published()
    city.beats()
    return city


def test_an_emergency_waits_for_somebody_else_and_is_said_everywhere(settled: City) -> None:
    city, one, other = settled, settled.publisher(), settled.publisher()
    city.ask(city.bundle(2, "new"), city.bundle(3, "old"), one.username)
    city.work()
    assert city.state()[1] == "waiting"
    assert city.fetch() == ["trust@1"] * 5
    assert alarms(city) == [("trust@2", True)]
    for person in (other, Desk(city.server).user(may_change=False)):
        assert "emergency: to every gate at once" in Person(person).get("/alarms/")
    assert "Somebody else has to confirm" in city.press(one, "confirm")
    city.work()
    assert city.fetch() == ["trust@1"] * 5, "one account is one person"
    city.press(other, "confirm")
    city.work()
    assert city.fetch() == ["trust@2"] * 5
    assert city.audit() == ["emergency asked for", "begun"]
    people = city.server.sql("SELECT who FROM audit WHERE id > %s AND subject = 'trust@2' ORDER BY id", city.audited)
    assert people == [(one.username,), (other.username,)]
    city.settle(timedelta(minutes=1))
    assert city.state()[1] == "done"
    assert alarms(city) == [("trust@2", False)]


def test_an_emergency_that_is_called_off_reaches_nobody(settled: City) -> None:
    city = settled
    city.ask(city.bundle(2, "new"), city.bundle(3, "old"), city.publisher().username)
    assert "called off" in city.press(city.publisher(), "off")
    assert alarms(city) == [("trust@2", False)]
    city.work()
    assert city.fetch() == ["trust@1"] * 5
    city.publish(city.bundle(4, "newer"), city.bundle(5, "old"), "--pilot", city.pilot)
    city.work()
    assert city.fetch() == ["trust@4", *["trust@1"] * 4]


def test_nobody_without_the_right_or_the_password_asks_for_one(settled: City) -> None:
    from django.contrib.auth import get_user_model  # noqa: PLC0415 - Django is set up by the fixture

    city, release, back = settled, settled.bundle(2, "new"), settled.bundle(3, "old")
    with pytest.raises(FleetError, match="nobody who may publish"):
        city.ask(release, back, city.publisher().username, "another password")
    get_user_model().objects.create_user(f"{city.pilot}-clerk", password=PASSWORD)
    with pytest.raises(FleetError, match="nobody who may publish"):
        city.ask(release, back, f"{city.pilot}-clerk")
    with pytest.raises(FleetError, match="give --as USER"):
        city.publish(release, back, "--at-once")
    assert city.state()[1] == "done"


def test_whoever_has_a_second_factor_is_asked_for_it(settled: City) -> None:
    from fleet.console import codes  # noqa: PLC0415 - Django is set up by the fixture

    city, release, back = settled, settled.bundle(2, "new"), settled.bundle(3, "old")
    person = city.publisher()
    recovery = codes.renewed(person)
    with pytest.raises(FleetError, match=r"the code of .* is missing"):
        city.ask(release, back, person.username)
    with pytest.raises(FleetError, match="nobody who may publish"):
        city.ask(release, back, person.username, f"{PASSWORD}\n000000")
    city.ask(release, back, person.username, f"{PASSWORD}\n{recovery[0]}")
    assert city.state()[1] == "waiting"


def test_the_database_takes_no_emergency_of_one_person(settled: City) -> None:
    settled.ask(settled.bundle(2, "new"), settled.bundle(3, "old"), settled.publisher().username)
    for change in ("state = 'running'", "state = 'running', confirmed_by = asked_by"):
        with pytest.raises(psycopg.errors.CheckViolation):
            settled.server.sql(f"UPDATE rollouts SET {change} WHERE state = 'waiting'")  # noqa: S608 - ours


def test_what_is_planned_begins_by_itself_when_its_time_has_come(settled: City) -> None:
    city = settled
    at = datetime.now(UTC) + timedelta(hours=5)
    city.publish(city.bundle(2, "new"), city.bundle(3, "old"), "--pilot", city.pilot, "--at", at.isoformat())
    city.settle()
    assert city.state() == ("gate", "planned", "")
    assert city.fetch() == ["trust@1"] * 5
    with pytest.raises(FleetError, match="version 2 is open"):
        city.publish(city.bundle(4, "new"), city.bundle(5, "old"), "--pilot", city.pilot)
    city.now = at - timedelta(seconds=1)
    city.work()
    assert city.fetch() == ["trust@1"] * 5
    city.now = at
    city.beats()
    city.work()
    assert city.fetch() == ["trust@2", *["trust@1"] * 4]
    assert city.state() == ("gate", "running", "")
    assert city.server.sql("SELECT began_at FROM rollouts WHERE version = 2") == [(at,)]
    assert city.audit() == ["planned", "begun"]


def test_what_is_planned_can_be_called_off(settled: City) -> None:
    city = settled
    at = datetime.now(UTC) + timedelta(hours=5)
    city.publish(city.bundle(2, "new"), city.bundle(3, "old"), "--pilot", city.pilot, "--at", at.isoformat())
    city.press(city.publisher(), "off")
    city.now = at + timedelta(hours=1)
    city.work()
    assert city.fetch() == ["trust@1"] * 5
    assert city.audit() == ["planned", "called off"]


@pytest.mark.parametrize("at", ["2020-01-01T00:00:00+08:00", "2041-01-01T00:00:00Z"])
def test_no_time_is_taken_that_is_past_or_at_which_nobody_would_believe_it(settled: City, at: str) -> None:
    with pytest.raises(FleetError, match="--at is past"):
        settled.publish(settled.bundle(2, "new"), settled.bundle(3, "old"), "--pilot", settled.pilot, "--at", at)
    assert settled.state()[1] == "done"
