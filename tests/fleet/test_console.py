"""The console as people use it: log in, see gates by state, make claims, revoke; each in their own district only."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from fleet_desk import Desk, Person, beat
from PIL import Image
from vectors import ROOT

from gate.wire.claims import read_claim
from gate.wire.heartbeat import Clock, Device, Disk, Held, Journal

if TYPE_CHECKING:
    from fleet_rig import FleetServer

PASSWORD = "correct horse battery"  # noqa: S105 - nobody's


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    return Desk(fleet_server)


def test_without_a_log_in_there_is_nothing_to_see(desk: Desk) -> None:
    stranger = Person()
    for path in ("/", f"/gates/{desk.gate}/", "/claims/", "/admin/"):
        assert stranger.client.get(path).status_code == 302
    assert desk.gate not in stranger.get("/login/?next=/")


@pytest.mark.parametrize(
    ("changes", "ago_s", "words"),
    [
        ({}, 0, ("green", "online")),
        ({}, 400, ("red", "offline")),
        ({"readers": (Device("camera", 17),)}, 0, ("amber", "degraded", "camera is gone")),
        ({"clock": Clock(datetime(2021, 1, 1, tzinfo=UTC), trusted=False)}, 0, ("amber", "clock not trusted")),
        ({"rules": Held("station-48h@1", due_s=-1)}, 0, ("amber", "stale rules")),
        ({"disk": Disk(5, 100)}, 0, ("amber", "disk almost full")),
        ({"journal": Journal(9, 2, 0)}, 0, ("amber", "dead letters: 2")),
    ],
)
def test_a_gates_state_is_said_in_colour_and_words(
    desk: Desk, changes: dict[str, Any], ago_s: int, words: tuple[str, ...]
) -> None:
    desk.told(beat(**changes), ago_s)
    person = Person(desk.user(may_change=False))
    for page in (person.get("/"), person.get(f"/gates/{desk.gate}/")):
        assert all(word in page for word in words)


def test_pages_are_in_chinese_as_well(desk: Desk) -> None:
    desk.told(beat(clock=Clock(datetime.now(UTC), trusted=False)))
    page = Person(desk.user(may_change=True), "zh-CN").get("/")
    assert all(word in page for word in ("闸机", "异常", "时钟不可信"))
    assert 'lang="zh-hans"' in page


def test_every_phrase_is_translated_and_compiled(desk: Desk) -> None:
    from django.utils.translation import gettext, override  # noqa: PLC0415 - Django is set up by the fixture

    assert desk.site
    source = (ROOT / "fleet/console/locale/zh_Hans/LC_MESSAGES/django.po").read_text("utf-8")
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', source, re.MULTILINE)
    assert len(pairs) > 80
    with override("zh-hans"):
        assert [text for text, chinese in pairs if not chinese or gettext(text) != chinese] == []
    used = set()
    for page in ROOT.glob("fleet/console/templates/**/*.html"):
        used |= set(re.findall(r'{% trans "(.+?)" %}', page.read_text("utf-8")))
    for module in ROOT.glob("fleet/console/*.py"):
        used |= set(re.findall(r'\b(?:_|gettext|gettext_lazy)\(\s*"(.+?)"', module.read_text("utf-8")))
    assert used - {text for text, _ in pairs} == set()


def test_another_districts_gates_are_not_there_at_all(desk: Desk) -> None:
    other = Desk(desk.server)
    person = Person(other.user(may_change=True))
    assert desk.gate not in person.get("/")
    person.get(f"/gates/{desk.gate}/", 404)
    assert person.post(f"/gates/{desk.gate}/revoke", name=desk.gate).status_code == 404
    assert person.post(f"/gates/{desk.gate}/command", kind="report").status_code == 404
    site = desk.server.site(desk.site, desk.district)
    page = person.post("/claims/", site=str(site), lines="new-gate, 10000001", days="7").content.decode()
    assert "Select a valid choice" in page
    assert desk.state() == "active"


def test_who_may_only_look_steers_nothing(desk: Desk) -> None:
    person = Person(desk.user(may_change=False))
    assert "Type its name" not in person.get(f"/gates/{desk.gate}/")
    assert person.post(f"/gates/{desk.gate}/revoke", name=desk.gate).status_code == 404
    assert desk.state() == "active"


def test_a_form_from_another_page_does_nothing(desk: Desk) -> None:
    person = Person(desk.user(may_change=True))
    assert person.client.post(f"/gates/{desk.gate}/revoke", {"name": desk.gate}).status_code == 403
    assert desk.state() == "active"


def test_a_gate_is_revoked_by_typing_its_name_and_it_is_on_record_who_did(desk: Desk) -> None:
    user = desk.user(may_change=True)
    person = Person(user)
    person.post(f"/gates/{desk.gate}/revoke", name="another")
    assert desk.state() == "active"
    person.post(f"/gates/{desk.gate}/revoke", name=desk.gate)
    assert desk.state() == "revoked"
    assert "revoked" in person.get("/")
    assert desk.server.sql("SELECT who, what FROM audit WHERE subject = %s", desk.gate) == [(user.username, "revoked")]


def test_a_gate_is_asked_to_report_and_nothing_else_can_be_asked(desk: Desk) -> None:
    person = Person(desk.user(may_change=True))
    for kind in ("report", "report", "wipe", "reboot", "rm -rf /"):
        person.post(f"/gates/{desk.gate}/command", kind=kind)
    found = desk.server.sql(
        "SELECT kind FROM commands JOIN devices ON devices.id = device_id WHERE name = %s", desk.gate
    )
    assert found == [("report",)], "a wipe needs the gate's name, and one question waits once"
    person.post(f"/gates/{desk.gate}/command", kind="wipe", name=desk.gate)
    assert desk.server.sql("SELECT what FROM audit WHERE subject = %s ORDER BY id", desk.gate) == [
        ("command report",),
        ("command wipe",),
    ]


def test_a_gates_log_and_its_own_test_are_asked_for_and_shown(desk: Desk) -> None:
    person = Person(desk.user(may_change=True))
    for kind in ("log", "check"):
        person.post(f"/gates/{desk.gate}/command", kind=kind)
    assert "command log" in {
        what for (what,) in desk.server.sql("SELECT what FROM audit WHERE subject = %s", desk.gate)
    }
    assert person.get(f"/gates/{desk.gate}/").count("<td>waits") == 2
    desk.server.sql("UPDATE commands SET expires_at = now() - interval '1 s' WHERE device_id = %s", desk.id)
    assert person.get(f"/gates/{desk.gate}/").count("no answer in time") == 2
    answered = "UPDATE commands SET done_at = now(), result = 'done', lines = %s WHERE device_id = %s AND kind = %s"
    desk.server.sql(answered, "reader-lost why=<script>\nready", desk.id, "log")
    desk.server.sql(answered, "", desk.id, "check")
    page = person.get(f"/gates/{desk.gate}/")
    assert "reader-lost why=&lt;script&gt;\nready" in page
    assert "<script" not in page
    assert "2 lines" in page
    assert "it found nothing wrong" in page
    assert "reader-lost" in Person(desk.user(may_change=False)).get(f"/gates/{desk.gate}/")


def test_claims_come_as_a_sheet_of_codes_that_a_gun_reads(desk: Desk) -> None:
    import zxingcpp  # noqa: PLC0415 - as everywhere, where it is used

    site = desk.server.site(desk.site, desk.district)
    person = Person(desk.user(may_change=True))
    said = person.post("/claims/", site=str(site), lines=f"{desk.gate}-a, SER-1001\n\n{desk.gate}-b,SER-1002", days="7")
    texts = re.findall(r"<code>(GATECLAIM1:[A-Z2-7]+)</code>", said.content.decode())
    assert [read_claim(text).claim.serial for text in texts] == ["SER-1001", "SER-1002"]
    assert said.headers["cache-control"] == "no-store"
    codes = re.findall(r'src="data:image/svg\+xml[^,]*,([^"]+)"', said.content.decode())
    assert len(codes) == 2
    assert zxingcpp.read_barcodes(picture(texts[0]))[0].text == texts[0]
    listed = person.get("/claims/")
    assert "SER-1001" in listed
    assert texts[0] not in listed, "a claim is shown once"


def picture(text: str) -> Image.Image:
    import segno  # noqa: PLC0415 - as the console draws it

    file = io.BytesIO()
    segno.make_qr(text, error="m").save(file, kind="png", scale=3)
    return Image.open(file).convert("L")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("gate-1, 10000001\nonly-a-name", "line 2"),
        ("gate-1, 10000001, more", "line 1"),
        ("=cmd|calc, 10000001", "no name of a gate"),
        ("<b>x</b>, 10000001", "&lt;b&gt;x"),
        ("a,b\n" * 201, "at most 200 lines"),
    ],
)
def test_a_wrong_line_is_named_and_no_claim_is_made(desk: Desk, lines: str, says: str) -> None:
    site = desk.server.site(desk.site, desk.district)
    said = Person(desk.user(may_change=True)).post("/claims/", site=str(site), lines=lines, days="7")
    assert says in said.content.decode()
    assert desk.server.sql("SELECT count(*) FROM claims WHERE site_id = %s", site) == [(0,)]


def test_a_claim_is_taken_back(desk: Desk) -> None:
    site = desk.server.site(desk.site, desk.district)
    person = Person(desk.user(may_change=True))
    person.post("/claims/", site=str(site), lines=f"{desk.gate}-c, 10000001", days="7")
    ((label,),) = desk.server.sql("SELECT label FROM claims WHERE site_id = %s", site)
    assert Person(Desk(desk.server).user(may_change=True)).post(f"/claims/{label}/withdraw").status_code == 404
    person.post(f"/claims/{label}/withdraw")
    assert desk.server.sql("SELECT withdrawn FROM claims WHERE label = %s", label) == [(True,)]


def test_a_first_password_is_good_for_nothing_but_changing_it(desk: Desk) -> None:
    from fleet.registry.models import FirstPassword  # noqa: PLC0415 - Django is set up by the fixture

    user = desk.user(may_change=True)
    user.set_password(PASSWORD)
    user.save()
    FirstPassword.objects.create(user=user)
    person = Person()
    person.post("/login/", username=user.username, password=PASSWORD[1:])
    person.post("/login/", username=user.username, password=PASSWORD)
    tries = desk.server.sql("SELECT what FROM audit WHERE subject = %s ORDER BY id", user.username)
    assert tries == [("log-in failed",), ("logged in",)]
    for path in ("/", "/claims/", f"/gates/{desk.gate}/", "/admin/"):
        assert person.client.get(path).headers["location"] == "/password/"
    assert person.post(f"/gates/{desk.gate}/revoke", name=desk.gate).headers["location"] == "/password/"
    assert desk.state() == "active"
    new = "another horse battery"
    person.post("/password/", old_password=PASSWORD, new_password1=new, new_password2=new)
    assert desk.gate in person.get("/")


def test_nothing_of_another_server_runs_in_a_page(desk: Desk) -> None:
    said = Person(desk.user(may_change=True)).client.get("/")
    assert "default-src 'self'" in said.headers["content-security-policy"]
    assert said.headers["x-frame-options"] == "DENY"
    assert b"<script" not in said.content
