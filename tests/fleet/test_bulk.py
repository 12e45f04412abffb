"""One order to every gate of a list: nobody gives it to gates that he has not seen, or may not steer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from fleet_desk import Desk, Person

if TYPE_CHECKING:
    from fleet_rig import FleetServer


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    """With a second gate."""
    found = Desk(fleet_server)
    fleet_server.enrolled(f"{found.gate}-b", found.site)
    return found


def shown(person: Person, kind: str, q: str = "") -> dict[str, str]:
    """The fields of the form below the list, as the page has them."""
    page = person.post("/bulk/", kind=kind, q=q).content.decode()
    return dict(re.findall(r'type="hidden" name="(kind|q|digest)" value="([^"]*)"', page))


def states(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.server.sql("SELECT state FROM devices WHERE name LIKE %s ORDER BY name", f"{desk.gate}%")


def commands(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.server.sql(
        "SELECT name, kind FROM commands JOIN devices ON devices.id = device_id WHERE name LIKE %s ORDER BY name",
        f"{desk.gate}%",
    )


def test_what_is_shown_is_what_is_asked_and_each_is_on_record(desk: Desk) -> None:
    other = Desk(desk.server)
    user = desk.user(may_change=True)
    person = Person(user)
    page = person.post("/bulk/", kind="report", q="").content.decode()
    assert '<b class="count">2</b>' in page
    assert desk.gate in page
    assert other.gate not in page
    person.post("/bulk/do", **shown(person, "report"), count="2")
    assert commands(desk) == [(desk.gate, "report"), (f"{desk.gate}-b", "report")]
    detail = "one of 2 by ''"
    assert sorted(desk.did(user)) == [
        ("command report", desk.gate, detail),
        ("command report", f"{desk.gate}-b", detail),
    ]


def test_gates_are_revoked_together_and_only_those_that_were_looked_for(desk: Desk) -> None:
    person = Person(desk.user(may_change=True))
    person.post("/bulk/do", **shown(person, "revoke", f"{desk.gate}-b"), count="1")
    assert states(desk) == [("active",), ("revoked",)]
    ((generation,),) = desk.server.sql("SELECT generation FROM devices WHERE name = %s", f"{desk.gate}-b")
    assert generation == 2, "tokens of before are out"


def test_nothing_is_done_without_their_number_or_when_they_are_others_by_now(desk: Desk) -> None:
    person = Person(desk.user(may_change=True))
    fields = shown(person, "revoke")
    for count in ("1", "", "two"):
        said = person.post("/bulk/do", **fields, count=count).content.decode()
        assert "not how many they are" in said
    desk.server.enrolled(f"{desk.gate}-c", desk.site)
    said = person.post("/bulk/do", **fields, count="2").content.decode()
    assert "not the gates that were shown" in said
    assert f"{desk.gate}-c" in said, "they are shown anew"
    assert states(desk) == [("active",)] * 3
    assert commands(desk) == []


def test_who_may_only_look_and_strangers_give_no_orders(desk: Desk) -> None:
    person = Person(desk.user(may_change=False))
    assert "With all of these" not in person.get("/")
    assert "There is none" in person.post("/bulk/", kind="revoke").content.decode()
    mine = Person(desk.user(may_change=True))
    fields = shown(mine, "revoke")
    person.post("/bulk/do", **fields, count="2")
    assert Person().post("/bulk/do", **fields, count="2").status_code == 302
    assert mine.client.post("/bulk/do", {**fields, "count": "2"}).status_code == 403
    assert states(desk) == [("active",)] * 2


@pytest.mark.parametrize("kind", ["wipe", "reboot", "", "x" * 5000])
def test_nothing_else_can_be_ordered(desk: Desk, kind: str) -> None:
    person = Person(desk.user(may_change=True))
    assert person.post("/bulk/", kind=kind).status_code == 404
    assert person.post("/bulk/do", kind=kind, count="2").status_code == 404
