"""Alarms: open while something is wrong, closed when it is over, taken note of by whoever may steer the gate."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fleet_desk import Desk, Person, beat

from gate.wire.heartbeat import Clock, Device
from gate.wire.message import encode

if TYPE_CHECKING:
    from fleet_rig import FleetServer

    from gate.wire.heartbeat import Heartbeat


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    return Desk(fleet_server)


def look(after_s: float = 0) -> None:
    from django.utils import timezone  # noqa: PLC0415 - Django is set up by the fixture

    from fleet.console import watch  # noqa: PLC0415 - the same

    watch.look(timezone.now() + timedelta(seconds=after_s))


def tells(desk: Desk, said: Heartbeat, ago_s: float = 0) -> None:
    desk.server.sql("DELETE FROM reports USING devices WHERE device_id = devices.id AND name = %s", desk.gate)
    desk.told(said, ago_s)


def there(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.server.sql(
        "SELECT kind, part, ended_at IS NULL, acknowledged_by FROM alarms JOIN devices ON devices.id = device_id"
        " WHERE name = %s ORDER BY alarms.id",
        desk.gate,
    )


def form(page: str) -> str:
    found = re.search(r'action="(/alarms/\d+/acknowledge)"', page)
    assert found
    return found[1]


def test_a_trouble_opens_one_alarm_and_closes_it_when_it_is_over(desk: Desk) -> None:
    person = Person(desk.user(may_change=True))
    tells(desk, beat(readers=(Device("camera", 17),)))
    look()
    look()
    assert there(desk) == [("gone", "camera", True, "")]
    assert "camera is gone" in person.get("/alarms/")
    tells(desk, beat())
    look()
    assert there(desk) == [("gone", "camera", False, "")]
    assert "camera is gone" not in person.get("/alarms/")
    tells(desk, beat(readers=(Device("camera", 3),)))
    look()
    assert [row[2] for row in there(desk)] == [False, True], "another time is another alarm"


def test_a_silent_gate_is_an_alarm_since_it_was_last_heard_of(desk: Desk) -> None:
    seen = datetime.now(UTC) - timedelta(seconds=600)
    tells(desk, beat(clock=Clock(datetime.now(UTC), trusted=False)), 600)
    look()
    assert there(desk) == [("clock", "", True, "")], "ten minutes are not enough"
    look(after_s=400)
    assert [row[:3] for row in there(desk)] == [("clock", "", True), ("offline", "", True)], "the other one stays"
    ((began,),) = desk.server.sql(
        "SELECT began_at FROM alarms JOIN devices ON devices.id = device_id WHERE name = %s AND kind = 'offline'",
        desk.gate,
    )
    assert abs((began - seen).total_seconds()) < 30
    tells(desk, beat())
    look()
    assert [row[2] for row in there(desk)] == [False, False]


def test_a_revoked_gate_alarms_nobody(desk: Desk) -> None:
    tells(desk, beat(), 3600)
    look()
    desk.server.sql("UPDATE devices SET state = 'revoked' WHERE name = %s", desk.gate)
    look()
    assert [row[2] for row in there(desk)] == [False]


def test_whoever_takes_note_is_named_with_what_was_said(desk: Desk) -> None:
    tells(desk, beat(readers=(Device("camera", 17),)))
    look()
    user = desk.user(may_change=True)
    person = Person(user)
    path = form(person.get("/alarms/"))
    person.post(path, note="someone is on the way <b>")
    page = person.get("/alarms/")
    assert user.username in page
    assert "someone is on the way &lt;b&gt;" in page
    assert person.post(path, note="me too").status_code == 404, "it is taken"
    look()
    assert there(desk) == [("gone", "camera", True, user.username)]
    assert desk.did(user) == [("alarm acknowledged", desk.gate, "gone camera: someone is on the way <b>")]


def test_alarms_of_another_district_are_not_there_and_who_may_only_look_takes_none(desk: Desk) -> None:
    tells(desk, beat(readers=(Device("camera", 17),)))
    look()
    path = form(Person(desk.user(may_change=True)).get("/alarms/"))
    stranger = Person(Desk(desk.server).user(may_change=True))
    assert desk.gate not in stranger.get("/alarms/")
    assert stranger.post(path).status_code == 404
    looker = Person(desk.user(may_change=False))
    page = looker.get("/alarms/")
    assert desk.gate in page
    assert "/acknowledge" not in page
    assert looker.post(path).status_code == 404
    assert looker.client.post(path).status_code == 403, "nor does a form from another page"
    assert there(desk) == [("gone", "camera", True, "")]


def test_a_gate_with_strange_or_many_names_fills_nothing(desk: Desk) -> None:
    many = tuple(Device(f"reader {n}\0" + "x" * 900, 1) for n in range(40))
    tells(desk, beat(readers=many))
    look()
    look()
    assert len(there(desk)) == 20
    desk.server.sql(
        "UPDATE reports SET heartbeat = %s FROM devices WHERE device_id = devices.id AND name = %s",
        encode(beat())[:-20],
        desk.gate,
    )
    look()
    assert not any(row[2] for row in there(desk)), "what nobody can read says nothing"
