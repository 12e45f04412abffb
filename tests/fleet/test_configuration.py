"""Configuration at the console: where each value comes from, checked in the gate's words, seen before it is done."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from fleet_desk import Desk, Person, beat
from settings_desk import Office
from settings_rig import SetGate
from trust_bundles import contents, root, write

from fleet.errors import FleetError
from gate.config_file import told
from gate.trust import settings
from gate.wire.heartbeat import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_rig import FleetServer


@pytest.fixture
def office(fleet_server: FleetServer) -> Iterator[Office]:
    fleet_server.sql("DELETE FROM settings")
    yield Office(fleet_server)
    fleet_server.sql("DELETE FROM settings")


def test_the_narrowest_holds_and_the_page_says_where_each_value_comes_from(office: Office, tmp_path: Path) -> None:
    gate = SetGate(tmp_path, office.gate, added="[voice]\nlead_in_ms = 40\n")
    office.tells(office.gate, msgspec.json.encode(told(gate.file, gate.state)).decode())
    office.set("district", "voice.lead_in_ms", "100")
    office.set("site", "voice.lead_in_ms", "200")
    page = office.person.get(f"/gates/{office.gate}/configuration")
    row = re.search(r"<code>voice.lead_in_ms</code>.*?</tr>", page, re.DOTALL)
    assert row is not None
    assert f"<td>200</td><td>{office.site}</td>" in row[0]
    assert "40 (set by hand on the gate)" in row[0]
    assert f"100 ({office.district})" in row[0]
    assert "<td>720</td><td>the program&#x27;s own</td>" in page, "hours without contact, which nobody has set"
    assert "<td>not set</td><td>–</td>" in page, "of a barrier that is not there"
    office.set("device", "voice.lead_in_ms", "300")
    assert "<td>300</td>" in office.person.get(f"/gates/{office.gate}/configuration")
    assert "<td>200</td>" in office.person.get(f"/gates/{office.second}/configuration")
    assert office.level("device") in office.person.get(f"/gates/{office.gate}/configuration")
    assert "200" in office.person.get(office.level("device")), "what is wider stands beside what is set here"


def test_a_change_shows_first_whom_it_touches_and_is_on_record(office: Office) -> None:
    office.set("device", "voice.lead_in_ms", "300")
    other = Desk(office.server)
    page = office.set("district", "voice.lead_in_ms", "100")
    assert '<b class="count">1</b>' in page, "the first gate has its own"
    assert office.second in page
    assert f"{office.gate}/" not in page
    assert other.gate not in page
    assert office.rows() == [("voice.lead_in_ms", 300), ("voice.lead_in_ms", 100)]
    assert office.did(office.user_) == [
        ("setting changed", f"device {office.gate}", "voice.lead_in_ms = 300; gates: 1"),
        ("setting changed", f"district {office.district}", "voice.lead_in_ms = 100; gates: 1"),
    ]
    office.set("district", "voice.lead_in_ms", "", remove="1")
    assert office.rows() == [("voice.lead_in_ms", 300)]
    assert office.did(office.user_)[-1][0] == "setting removed"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("voice.lead_in_ms", "5000", "gate.toml: [voice] lead_in_ms must be 0 to 2000"),
        ("voice.languages", "tlh", "tlh"),
        ("checkpoint.direction", "up", "Invalid enum value"),
        ("checkpoint.time_zone", "Mars/Base", "time_zone &quot;Mars/Base&quot; is unknown"),
        ("status.deadline_ms", "2500", "a person gets an answer within 3 s"),
        ("barrier.within_ms", "8000", "[barrier] must be a table with driver"),
        ("fleet.lease_hours", "0", "[fleet] lease_hours must be 1 to 720"),
        ("status.lookup.pins", "abc", "[status]: [lookup]: key &quot;url"),
    ],
)
def test_a_bad_value_is_refused_at_the_desk_in_the_words_of_the_gate(
    office: Office, name: str, value: str, why: str
) -> None:
    page = office.set("site", name, value)
    assert why in page
    assert "This can't be set" in page
    assert "digest" not in page, "there is nothing to press"
    assert office.rows() == []
    token = {"name": name, "value": value, "digest": "0" * 64}
    assert "Nothing was done" in office.person.post(f"{office.level('site')}do", **token).content.decode()
    assert office.rows() == []


@pytest.mark.parametrize("value", ["", "soon", "1.5", "9" * 40, "0x10", "1_000", "１２", "\0"])
def test_what_is_no_value_at_all_is_said(office: Office, value: str) -> None:
    office.person.post(f"{office.level('site')}preview", name="voice.lead_in_ms", value=value)
    assert "Nothing was done" in office.person.get(office.level("site"))
    assert office.rows() == []


def test_the_gates_own_base_is_what_counts(office: Office, tmp_path: Path) -> None:
    barrier = '[barrier]\ndriver = "lcus"\nport = "x"\n[barrier.entry]\nrelay = 1\nfail = "secure"\n'
    gates = [SetGate(tmp_path / "a", office.gate, added=barrier), SetGate(tmp_path / "b", office.second)]
    for gate in gates:
        office.tells(gate.device, msgspec.json.encode(told(gate.file, gate.state)).decode())
    office.set("device", "barrier.within_ms", "7000")
    assert office.rows() == [("barrier.within_ms", 7000)]
    page = office.set("site", "barrier.jam_ms", "9000")
    assert page.count("[barrier] must be a table") == 1, "the gate without a barrier is named, the other is not"
    assert len(office.rows()) == 1


def test_what_a_gate_tells_of_its_base_breaks_nothing(office: Office) -> None:
    for bad in ("", "[]", "{", '{"voice": 1}', "[" * 60_000, '{"voice": {"lead_in_ms": 1e400}}'):
        office.tells(office.gate, bad)
        assert "not known" in office.person.get(f"/gates/{office.gate}/configuration")
    office.set("site", "voice.lead_in_ms", "200")
    assert len(office.rows()) == 1


def test_nobody_changes_what_he_has_not_seen(office: Office) -> None:
    page = office.person.post(f"{office.level('site')}preview", name="voice.lead_in_ms", value="200").content.decode()
    fields = dict(re.findall(r'type="hidden" name="(name|value|digest)" value="([^"]*)"', page))
    office.server.enrolled(f"{office.gate}-c", office.site)
    answer = office.person.post(f"{office.level('site')}do", **fields)
    assert "these are not the gates that were shown" in answer.content.decode()
    assert office.rows() == []


def test_each_in_their_own_district_and_the_fleet_for_who_steers_all(office: Office) -> None:
    other = Office(office.server)
    for kind in ("district", "site", "device"):
        other.person.get(office.level(kind), 404)
        assert other.person.post(f"{office.level(kind)}preview", name="voice.lead_in_ms", value="1").status_code == 404
    other.person.get(f"/gates/{office.gate}/configuration", 404)
    assert office.gate not in other.person.get("/configuration/")
    looks = Person(office.user(may_change=False))
    assert "See what it changes" not in looks.get(office.level("site"))
    for path in (f"{office.level('site')}preview", f"{office.level('site')}do", "/configuration/fleet/0/preview"):
        assert looks.post(path, name="voice.lead_in_ms", value="1").status_code == 403
    looks.get("/configuration/fleet/0/")
    looks.get("/configuration/planet/0/", 404)
    assert office.person.post("/configuration/fleet/0/do", name="voice.lead_in_ms", value="1").status_code == 403
    assert office.rows() == []


def test_who_steers_every_district_sets_it_for_the_whole_fleet(office: Office) -> None:
    chief = office.users.create_user(f"chief-{office.gate}", is_superuser=True)
    person = Person(chief)
    page = person.post("/configuration/fleet/0/preview", name="kiosk.languages", value="en zh-CN").content.decode()
    fields = dict(re.findall(r'type="hidden" name="(name|value|digest)" value="([^"]*)"', page))
    person.post("/configuration/fleet/0/do", **fields)
    assert office.rows() == [("kiosk.languages", ["en", "zh-CN"])]
    assert "whole fleet" in office.person.get(office.level("site"))


def test_what_is_not_in_the_list_can_not_be_asked_for(office: Office) -> None:
    for name in ("trust.root", "fleet.key", "readers", "", "voice"):
        assert office.person.post(f"{office.level('site')}preview", name=name, value="1").status_code == 404


def test_the_console_says_in_words_who_has_it_who_waits_and_who_can_not_live_with_it(office: Office) -> None:
    office.set("device", "voice.lead_in_ms", "300")
    holds = settings.digest({"voice.lead_in_ms": 300})
    page = f"/gates/{office.gate}/configuration"
    assert "has not told yet what it has" in office.person.get(page)
    office.told(beat(settings=Settings("none")))
    assert "not in force yet" in office.person.get(page)
    office.server.sql("DELETE FROM reports")
    office.told(beat(settings=Settings(holds)))
    assert "has all that is set for it" in office.person.get(page)
    office.server.sql("DELETE FROM reports")
    why = "with it the gate had to do without: gun"
    office.told(beat(settings=Settings("none", holds, why)))
    for shown in (page, "/configuration/", f"/gates/{office.gate}/", "/"):
        assert why in office.person.get(shown)
    assert "degraded" in office.person.get("/")
    chinese = Person(office.user_, "zh-hans")
    assert "无法按下发的配置运行" in chinese.get(page)
    assert "播报前静音" in chinese.get(page)


def export(out: Path) -> dict[str, Any]:
    from fleet.configuration.command import main  # noqa: PLC0415 - Django is set up by the fixture

    assert main([str(out)]) == 0
    files = {path.name: path.read_bytes() for path in out.iterdir()}
    return {name: own for data in files.values() for name, own in settings.read(data).items()}


def test_what_is_set_is_written_for_the_signers(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLEET_DSN", office.server.ready.dsn)
    office.set("site", "voice.lead_in_ms", "200")
    office.set("device", "voice.languages", "zh-CN, en")
    assert export(tmp_path / "out") == {
        office.gate: {"voice.lead_in_ms": 200, "voice.languages": ["zh-CN", "en"]},
        office.second: {"voice.lead_in_ms": 200},
    }
    assert "settings of 2 gates" in capsys.readouterr().out
    with pytest.raises(FleetError, match="exists"):
        export(tmp_path / "out")


NUMBERS = itertools.count()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"voice.lead_in_ms": 5000}, r"lead_in_ms must be 0 to 2000"),
        ({"trust.root": "mine.json"}, "can't be set from the fleet"),
    ],
)
def test_a_bundle_with_a_bad_value_is_not_published_whoever_has_signed_it(
    office: Office, said: dict[str, Any], why: str, tmp_path: Path
) -> None:
    from fleet.configuration.command import check  # noqa: PLC0415 - Django is set up by the fixture
    from gate.trust import bundle  # noqa: PLC0415 - the same

    def signed(files: dict[str, bytes]) -> Any:
        folder = tmp_path / f"bundle-{next(NUMBERS)}"
        return bundle.open_folder(write(folder, contents(others={"config": files})), root())

    check(signed(settings.written({office.gate: {"voice.lead_in_ms": 200}})))
    with pytest.raises(FleetError, match=why) as refused:
        check(signed(settings.written({office.gate: said})))
    assert office.gate in str(refused.value)
    (data,) = settings.written({office.gate: {}}).values()
    elsewhere = next(f"{n:02}.json" for n in range(100) if f"{n:02}.json" != settings.file_of(office.gate))
    with pytest.raises(FleetError, match="does not look into it"):
        check(signed({elsewhere: data}))
    with pytest.raises(FleetError, match="not of its form"):
        check(signed({"00.json": b"{"}))
