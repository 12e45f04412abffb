"""The page of rollouts: everybody sees how far it is; who may steer every district holds, goes on and goes back."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_rig import FleetServer

STAGES = ("gate", "site", "5%", "25%", "all")


class Office:
    """One open rollout, and people at browsers."""

    def __init__(self, server: FleetServer) -> None:
        self.server = server
        self.pilot = f"office-gate-{secrets.token_hex(4)}"
        server.site("office", "office-district")
        server.enrolled(self.pilot, "office")
        server.sql("DELETE FROM rollouts")
        server.sql(
            "INSERT INTO rollouts (version, digest, rules, back_version, back_digest, pilot_id, at_once, stage, state,"
            " why, began_at, made_at, before, covered, heard, holding, sick, asked_by, confirmed_by, effect, orders)"
            " SELECT 2, '', '[]', 3, '', id, false, 'gate', 'running', '', now(), now(), '{}', 17, 16, 15, 14,"
            " '', '', '{}', '[]'"
            " FROM devices WHERE name = %s",
            self.pilot,
        )
        self.id = server.sql("SELECT id FROM rollouts")[0][0]

    def person(self, *, superuser: bool = False, language: str = "en", **duties: bool) -> Any:
        from django.contrib.auth import get_user_model  # noqa: PLC0415 - Django is set up by the fixture
        from django.test import Client  # noqa: PLC0415 - the same

        from fleet.registry.models import District, Duty  # noqa: PLC0415 - the same

        user = get_user_model().objects.create_user(f"user-{secrets.token_hex(4)}", is_superuser=superuser)
        for district in District.objects.all():
            if (may_change := duties.get("here" if district.name == "office-district" else "elsewhere")) is not None:
                Duty.objects.create(user=user, district=district, may_change=may_change)
        client = Client(headers={"host": "localhost", "accept-language": language})
        client.force_login(user)
        return client

    def press(self, person: Any, move: str, stage: str = "gate") -> int:
        return int(person.post(f"/rollouts/{self.id}/move", {"move": move, "stage": stage}).status_code)

    def state(self) -> tuple[Any, ...]:
        return self.server.sql("SELECT stage, state, why FROM rollouts")[0]


@pytest.fixture
def office(fleet_server: FleetServer) -> Iterator[Office]:
    fleet_server.site()
    yield Office(fleet_server)
    fleet_server.sql("DELETE FROM rollouts")


def test_the_page_says_how_far_it_is_and_what_the_gates_say(office: Office) -> None:
    said = office.person(superuser=True).get("/rollouts/").content.decode()
    for part in (office.pilot, "one gate", "going on", *(f"<td>{number}</td>" for number in (17, 16, 15, 14))):
        assert part in said


def test_it_is_there_in_chinese(office: Office) -> None:
    said = office.person(superuser=True, language="zh-hans").get("/rollouts/").content.decode()
    for part in ("首台闸机", "一台闸机", "进行中", "回退", "四分之一"):
        assert part in said


def test_a_person_holds_it_lets_it_go_on_and_back(office: Office) -> None:
    person = office.person(here=True, elsewhere=True)
    office.press(person, "hold")
    assert office.state() == ("gate", "held", "hand")
    began = datetime.now(UTC)
    office.press(person, "on")
    assert office.state()[0] in STAGES[1:]
    assert office.state()[1:] == ("running", "")
    assert office.server.sql("SELECT began_at FROM rollouts")[0][0] >= began
    office.press(person, "back", office.state()[0])
    assert office.state()[1:] == ("back", "hand")
    audit = office.server.sql("SELECT what FROM audit WHERE subject = 'trust@2' ORDER BY id DESC LIMIT 3")
    assert audit == [("rollout goes back",), ("rollout goes on",), ("rollout held",)]


@pytest.mark.parametrize("duties", [{}, {"here": True}, {"here": True, "elsewhere": False}])
def test_who_may_not_steer_every_district_steers_nothing_and_sees_no_gate(office: Office, duties: Any) -> None:
    person = office.person(**duties)
    for move in ("hold", "on", "back"):
        assert office.press(person, move) == 403
    assert office.state() == ("gate", "running", "")
    said = person.get("/rollouts/").content.decode()
    assert "going on" in said
    assert office.pilot not in said


def test_a_button_of_an_old_page_does_nothing(office: Office) -> None:
    person = office.person(superuser=True)
    assert office.press(person, "on", "site") == 302
    assert office.state() == ("gate", "running", "")
    assert "it has moved meanwhile" in person.get("/rollouts/").content.decode()


def test_without_a_log_in_there_is_nothing_to_see(office: Office) -> None:
    person = office.person(superuser=True)
    person.logout()
    assert person.get("/rollouts/").status_code == 302
    assert office.press(person, "back") == 302
    assert office.state() == ("gate", "running", "")
