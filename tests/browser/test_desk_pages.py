"""The console's desk in a real browser: an alarm is acknowledged, a list is ordered about, a day is drawn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import FilePayload, expect

pytest.importorskip("django", reason="the fleet's packages are not installed")

from drafts_story import Story
from fleet_desk import Desk, beat
from fleet_rig import free_port
from permit_lists import number

from fleet.run import process
from gate.__main__ import main as gate
from gate.rules import ruleset
from gate.wire.heartbeat import Device

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_rig import FleetServer
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"  # noqa: S105 - nobody's


class Console:
    """A desk whose pages are served, and who works at it."""

    def __init__(self, server: FleetServer, url: str) -> None:
        self.desk = Desk(server)
        self.desk.told(beat(readers=(Device("camera", 17),)))
        self.url = url
        self.user, self.second = self._user(), self._user()
        self.chief = self._user(is_superuser=True)

    def _user(self, *, is_superuser: bool = False) -> str:
        user = self.desk.user(may_change=True)
        user.is_superuser = is_superuser
        user.set_password(PASSWORD)
        user.save()
        return str(user.username)


@pytest.fixture(scope="module", autouse=True)
def console(fleet_server: FleetServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    # Before there is a browser: Django's tables can't be asked while its loop runs in this thread.
    port = free_port()
    made = Console(fleet_server, f"http://127.0.0.1:{port}")
    key = tmp_path_factory.mktemp("key") / "pseudonym.key"
    key.touch(0o600)
    key.write_bytes(bytes(32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLEET_PSEUDONYM_KEY", str(key))
        yield from serve(made, port)


def serve(made: Console, port: int) -> Iterator[Console]:
    with process("console", port, made.url, made.desk.server.ready):
        yield made


@pytest.fixture
def desk_page(console: Console, page: Page) -> Page:
    return logged_in(console, page, console.user)


def logged_in(console: Console, page: Page, user: str) -> Page:
    page.goto(f"{console.url}/login/")
    if page.locator("[name=password]").count():
        page.fill("[name=username]", user)
        page.fill("[name=password]", PASSWORD)
        page.click("button.main")
    page.wait_for_selector("table")
    page.click("button[value=en]")
    return page


def test_an_alarm_opens_by_itself_and_is_acknowledged(console: Console, desk_page: Page) -> None:
    desk_page.goto(f"{console.url}/alarms/")
    expect(desk_page.locator("tbody")).to_contain_text("camera is gone")
    desk_page.fill("[name=note]", "someone is on the way")
    desk_page.click("text=Acknowledge >> nth=-1")
    expect(desk_page.locator("tbody")).to_contain_text(f"{console.user}")
    expect(desk_page.locator("tbody")).to_contain_text("someone is on the way")


def test_two_people_are_flagged_by_two(console: Console, desk_page: Page) -> None:
    rows = "".join(f"resident_id,{number(n)}\n" for n in (1, 2))
    desk_page.goto(f"{console.url}/flags/many")
    desk_page.select_option("[name=district]", label=console.desk.district)
    for field, chosen in (("colour", "orange"), ("reason", "contact"), ("agency", "cdc")):
        expect(desk_page.locator(f"[name={field}]")).to_have_value("")
        desk_page.select_option(f"[name={field}]", chosen)
    desk_page.set_input_files(
        "[name=file]", FilePayload(name="two.csv", mimeType="text/csv", buffer=f"document,number\n{rows}".encode())
    )
    desk_page.click("button.main")
    expect(desk_page.locator(".message")).to_contain_text("a second person has to look")
    expect(desk_page.locator("main")).to_contain_text("Somebody else has to look")
    asked = desk_page.url
    desk_page.context.clear_cookies()
    second = logged_in(console, desk_page, console.second)
    second.goto(asked)
    expect(second.locator(".count")).to_have_text("2")
    second.fill("[name=people]", "2")
    second.click("button.danger")
    expect(second.locator("tbody")).to_contain_text("accepted")
    expect(second.locator("tbody")).to_contain_text(console.second)
    desk_page.context.clear_cookies()


def test_one_order_to_a_list_is_given_when_their_number_is_typed(console: Console, desk_page: Page) -> None:
    desk_page.fill("[name=q]", console.desk.gate)
    desk_page.click("text=Search")
    desk_page.click("button[value=report]")
    expect(desk_page.locator(".count")).to_have_text("1")
    desk_page.fill("[name=count]", "1")
    desk_page.click("button.main")
    expect(desk_page.locator(".message")).to_have_text("Done. Gates: 1")


def test_a_sites_day_is_drawn(console: Console, desk_page: Page) -> None:
    server, now = console.desk.server, datetime.now(UTC)
    server.sql("SELECT make_day(%s::date)", now.date())
    server.sql(
        "INSERT INTO passages (id, device_id, series, seq, revision, at, outcome, reasons, body, received_at)"
        " SELECT %s::uuid, id, 1, 1, 1, %s, 'pass', '{}', '', now() FROM devices WHERE name = %s",
        f"{int(now.timestamp() * 1000):012x}70008000{'0' * 11}7",
        now,
        console.desk.gate,
    )
    desk_page.click(f"text={console.desk.site}")
    box = desk_page.locator("svg.plot rect.passed").bounding_box()
    assert box
    assert box["height"] > 20
    assert desk_page.locator("svg.plot rect.passed").evaluate("e => getComputedStyle(e).fill") == "rgb(10, 106, 56)"


def test_72_hours_become_48_and_what_is_taken_away_is_good(console: Console, page: Page, tmp_path: Path) -> None:
    page.context.clear_cookies()
    console.desk.server.sql("DELETE FROM rule_drafts")
    file = Story(logged_in(console, page, console.chief), console.url, lambda *_: None).told(tmp_path)
    assert gate(["rules", "check", str(file)]) == 0
    taken = ruleset.load(file.read_bytes())
    assert (taken.version, taken.parameters["test_max_age_s"]) == (2, 48 * 3600)
    page.context.clear_cookies()
