"""A gate's whole life from the console, in a real browser: claimed, enrolled by the code shown, told, erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from static_site import served

pytest.importorskip("django", reason="the fleet's packages are not installed")

from fleet_rig import free_port
from journey_gate import JourneyGate
from journey_story import PASSWORD, USER, City, Story

from fleet.run import process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_rig import FleetServer
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PLACE, NAME = "journey-station", "journey-gate-1"


@pytest.fixture(scope="module", autouse=True)
def city(fleet_server: FleetServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    # Before there is a browser: Django's tables can't be asked while its loop runs in this thread.
    from django.contrib.auth import get_user_model  # noqa: PLC0415 - Django is set up by the fixture

    others = fleet_server.sql("UPDATE devices SET state = 'revoked' WHERE state = 'active' RETURNING id")
    fleet_server.sql("DELETE FROM rollouts")
    fleet_server.sql("DELETE FROM passages")  # what would have changed for those of other tests is not told here
    fleet_server.site(PLACE)
    get_user_model().objects.create_superuser(USER, password=PASSWORD)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # Claims name the plane's address, which the console has from its environment.
    with process("console", port, fleet_server.url, fleet_server.ready), fleet_server.vouched():
        yield City(fleet_server, url, tmp_path_factory.mktemp("journey"), PLACE, NAME)
    fleet_server.sql("DELETE FROM rollouts")
    fleet_server.sql("UPDATE devices SET state = 'active' WHERE id = ANY(%s)", [id_ for (id_,) in others])


def test_a_gate_is_claimed_enrolled_told_and_erased(city: City, page: Page) -> None:
    with served(city.site) as site, JourneyGate(city.folder / "gate", site) as gate:
        Story(page, city, gate, "en", lambda *_: None).told()
    # Who did what stays: by the desk, the command line and the gate.
    who = dict(city.server.sql("SELECT what, who FROM audit WHERE subject = %s", NAME))
    assert who["claim made"] == who["command wipe"] == USER
    assert who["wiped"] == f"gate {NAME}"
