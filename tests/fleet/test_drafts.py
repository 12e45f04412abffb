"""Rule sets edited at the console: checked as a gate checks them, seen before they are saved, taken to be signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from drafts_desk import MALL, RULES, Drafts, hidden, offered, passed
from fleet_desk import Person

from fleet.drafts.text import MOST_BYTES
from fleet.errors import FleetError
from gate.__main__ import main as gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fleet_rig import FleetServer

HOURS = "parameters:test_max_age_s"
TWO_DAYS = {HOURS: "48", f"{HOURS}.unit": "h"}


@pytest.fixture
def desk(fleet_server: FleetServer) -> Iterator[Drafts]:
    fleet_server.sql("DELETE FROM rule_drafts")
    yield Drafts(fleet_server)
    fleet_server.sql("DELETE FROM rule_drafts")


def changed(change: Callable[[dict[str, Any]], object], blob: bytes = MALL) -> bytes:
    found = json.loads(blob)
    change(found)
    return json.dumps(found, ensure_ascii=False).encode()


def misspelt(found: dict[str, Any]) -> None:
    found["rules"][0]["Reason"] = "clock_untrustd"


def test_72_hours_become_48_without_a_line_of_json(desk: Drafts) -> None:
    page = desk.started()
    shown = desk.person.get(page)
    assert "For how long a negative test is good" in shown
    assert f'name="{HOURS}" value="72"' in shown
    preview = desk.look(page, TWO_DAYS)
    assert "259200 (72 h)" in preview
    assert "172800 (48 h)" in preview
    assert "→ <b>2</b>" in preview, "the version rises by itself"
    assert "sampled 71h59m59s ago" in preview, "an example that comes out otherwise is named"
    assert desk.set(page)["version"] == 1, "nothing is saved yet"
    refused = desk.save(page, preview)
    assert "say that the examples are meant" in refused.content.decode()
    assert desk.save(page, preview, meant="1").status_code == 302
    saved = desk.set(page)
    assert (saved["version"], saved["parameters"]["test_max_age_s"]) == (2, 172800)
    what, subject, detail = desk.did(desk.chief)[-1]
    assert (what, subject) == ("rules changed", "sampling-72h@2")
    assert "parameters/test_max_age_s: 259200 -> 172800" in detail
    assert json.loads(MALL)["rules"] == saved["rules"]
    assert "changed, no fault" in desk.person.get("/rules/")
    chinese = Person(desk.chief, "zh-hans")
    assert "核酸检测阴性结果有效时间" in chinese.get(page)
    assert "未采样" not in chinese.get("/rules/")


@pytest.mark.parametrize("name", ["station-48h.json", "hospital.json", "children.json", "school.json"])
def test_sets_that_come_with_the_program_can_be_edited(desk: Drafts, name: str) -> None:
    page = desk.started((RULES / name).read_bytes())
    shown = desk.person.get(page)
    assert "A gate would refuse it" not in shown
    assert "As it is asked" in shown
    assert "Nothing." in desk.look(page, {}), "what nobody has changed is not changed"


def test_what_the_last_day_would_have_been_is_looked_at_in_part(desk: Drafts) -> None:
    desk.server.sql("DELETE FROM passages")
    page = desk.started()
    for minutes in (5, 700):
        passed(desk, datetime.now(UTC) - timedelta(minutes=minutes))
    passed(desk, datetime.now(UTC) - timedelta(minutes=9), "other@4")
    passed(desk, datetime.now(UTC) - timedelta(hours=25))
    preview = desk.look(page, TWO_DAYS)
    assert "Passages looked at: 3 of 3" in preview
    assert "<td>2</td><td>let in → can&#x27;t be said</td><td>CN-72H-0010</td>" in preview.replace(
        "can't", "can&#x27;t"
    )
    assert "judged by another rule set" in preview


def test_of_many_passages_some_of_each_hour_are_taken(desk: Drafts) -> None:
    from fleet.publishing.effect import sample  # noqa: PLC0415 - Django is set up by the fixture

    desk.server.sql("DELETE FROM passages")
    now = datetime.now(UTC)
    for hour in range(24):
        for minute in (10, 20, 30):
            passed(desk, now - timedelta(hours=hour, minutes=minute))
    rows, count = sample(now, 48)
    assert (len(rows), count) == (48, 72)
    hours = {int((now - datetime.fromisoformat(json.loads(bytes(row))["at"])) / timedelta(hours=1)) for row in rows}
    assert hours == set(range(24))


def nested(levels: int) -> bytes:
    return b'{"id": "a", "version": 1, "x": ' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    ("blob", "why"),
    [
        (b"", "is empty"),
        (b"{" + b" " * MOST_BYTES + b"}", "too large"),
        (b'{\n"id": "a",\n]', "line 3, column 1"),
        (b'{"id": "a", "id": "b", "version": 1}', "twice in one object"),
        (b"[" * 100_000, "nested too deeply"),
        (nested(300), "nested deeper than 250"),
        (nested(240)[:-1] + b', "y": [' + b",".join([b"[" * 200 + b"1" + b"]" * 200] * 500) + b"]}", "when it is"),
        (b'{"id": "a", "version": 1, "x": "\0"}', "is not JSON (line 1"),
        (b'{"id": "a\\u0000", "version": 1}', "must be up to 100"),
        (b'{"id": "<script>alert(1)</script>", "version": 1}', "must be up to 100"),
        (b'{"id": "a", "version": 1, "x": "\\ud800"}', "half of a character"),
        (b'{"id": "a", "version": 1, "x": 1e999}', "too large"),
        (b'{"id": "a", "version": 1, "x": NaN}', "NaN"),
        (b'{"id": "a", "version": ' + b"9" * 5000 + b"}", "a number"),
        (b'{"id": "a", "version": true}', "must be an integer"),
        (b'{"id": "a", "version": 0}', "must be an integer"),
        (b'{"id": "a", "version": 99999999999999999999}', "must be an integer"),
        (b'{"version": 1}', "lacks id"),
        (b"[]", "write an object"),
        (b"\xff\xfe{\0}\0", "is not UTF-8"),
    ],
)
def test_what_nobody_could_mend_here_is_refused_with_its_place(desk: Drafts, blob: bytes, why: str) -> None:
    answer = desk.upload(blob)
    assert answer.status_code == 422
    assert why in answer.content.decode().replace("&#x27;", "'").replace("&quot;", '"')
    assert desk.server.sql("SELECT count(*) FROM rule_drafts") == [(0,)]


def test_a_set_with_faults_is_taken_named_mended_and_not_taken_away_before(desk: Drafts, tmp_path: Path) -> None:
    page = desk.started(changed(misspelt))
    assert "faults: 1" in desk.person.get("/rules/")
    shown = desk.person.get(page)
    assert "rule CN-72H-0001, Reason" in shown
    assert "did you mean clock_untrusted?" in shown
    assert desk.person.post(f"{page}take").status_code == 302
    with pytest.raises(FleetError, match="did you mean clock_untrusted"):
        export(desk, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    still = desk.look(page, {"text": desk.text(page).replace("clock_untrustd", "clock_untrust")})
    assert 'name="digest"' not in still, "there is nothing to press"
    mended = desk.look(page, {"text": desk.text(page).replace("clock_untrustd", "clock_untrusted")})
    assert desk.save(page, mended).status_code == 302
    assert "A gate would refuse it" not in desk.person.get(page)


def test_the_second_of_two_people_is_told_and_loses_nothing(desk: Drafts) -> None:
    page = desk.started()
    other = Person(desk.users.create_user(f"second-{desk.gate}", is_superuser=True))
    begun = hidden(other.get(page), "seen")
    theirs = desk.look(page, {"text": desk.text(page).replace("86400", "43200")}, other)
    assert desk.save(page, desk.look(page, TWO_DAYS), meant="1").status_code == 302
    answer = desk.save(page, theirs, other, meant="1").content.decode()
    assert f"chief-{desk.gate} has changed it meanwhile" in answer
    assert "43200" in offered(answer), "what was typed is still there"
    assert "has changed it meanwhile" in desk.look(page, {"seen": begun, **TWO_DAYS}, other)
    assert other.post(f"{page}discard", seen=begun).status_code == 302
    saved = desk.set(page)
    assert (saved["parameters"]["test_max_age_s"], saved["parameters"]["sample_max_age_s"]) == (172800, 86400)


def test_nobody_saves_what_he_has_not_seen(desk: Drafts) -> None:
    page = desk.started()
    preview = desk.look(page, TWO_DAYS)
    for name, other in (("text", offered(preview).replace("172800", "864000")), ("digest", "0" * 64)):
        answer = desk.save(page, preview, None, **{"meant": "1", name: other})
        assert "this is not what was shown" in answer.content.decode()
    assert desk.set(page)["version"] == 1


def test_another_rule_set_is_no_change_of_this_one(desk: Drafts) -> None:
    page = desk.started()
    assert "this draft is of sampling-72h" in desk.look(page, {"text": changed(lambda x: x.update(id="b")).decode()})
    assert "is not JSON (line 2, column 1)" in desk.look(page, {"text": "{\n]"})
    assert "\0" not in desk.look(page, {"text": "\0"})
    assert desk.upload(MALL).status_code == 422, "there is one of this set already"
    assert desk.set(page)["version"] == 1


@pytest.mark.parametrize("text", ["", "soon", "1.5", "9" * 40, "0x10", "1_000", "１２", "\0", "-"])
def test_what_is_no_number_is_said_with_its_field(desk: Drafts, text: str) -> None:
    page = desk.started()
    assert f"Nothing was saved: {HOURS}: " in desk.look(page, {HOURS: text})


def test_a_profile_has_its_own_number_until_it_is_taken_out(desk: Drafts) -> None:
    page = desk.started((RULES / "calendar-days.json").read_bytes())
    bus, restaurant = (f"profiles:{name}:parameters:test_max_days" for name in ("bus", "restaurant"))
    preview = desk.look(page, {bus: "", restaurant: "2"})
    assert "profiles › bus › parameters › test_max_days" in preview
    assert desk.save(page, preview, meant="1").status_code == 302
    profiles = desk.set(page)["profiles"]
    assert (profiles["bus"]["parameters"], profiles["restaurant"]["parameters"]) == ({}, {"test_max_days": 2})


def test_who_may_not_publish_looks_and_who_has_no_district_does_not(desk: Drafts) -> None:
    page = desk.started()
    Drafts(desk.server)  # another district, which nobody below has
    for may_change in (True, False):
        looks = Person(desk.user(may_change=may_change))
        assert "See what it comes to" not in looks.get(page)
        assert 'type="file"' not in looks.get("/rules/")
        for path in ("preview", "save", "take", "discard"):
            assert looks.post(f"{page}{path}", text="{}", seen="").status_code == 403
        assert desk.upload(MALL, looks).status_code == 403
    nobody = Person(desk.users.create_user(f"nobody-{desk.gate}"))
    for path in (page, "/rules/"):
        nobody.get(path, 404)
    assert nobody.post(f"{page}discard").status_code == 404
    assert Person().client.get(page).status_code == 302
    assert desk.person.client.post(f"{page}discard", {"seen": ""}).status_code == 403, "without the page's token"
    assert desk.set(page)["version"] == 1


def test_markup_in_a_set_is_shown_as_it_is_written(desk: Drafts) -> None:
    def mark(found: dict[str, Any]) -> None:
        found["examples"][0]["name"] = found["rules"][0]["Description"][1]["desc"] = (
            "</textarea><script>alert(1)</script>"
        )

    page = desk.started(changed(mark))
    for shown in (desk.person.get(page), desk.look(page, {HOURS: "1", f"{HOURS}.unit": "h"})):
        assert "<script>" not in shown
        assert "&lt;script&gt;" in shown


def export(desk: Drafts, folder: Path, name: str = "sampling-72h") -> None:
    from fleet.drafts.command import main  # noqa: PLC0415 - Django is set up by the fixture

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLEET_DSN", desk.server.ready.dsn)
        assert main(["export", name, str(folder)]) == 0


def test_what_was_taken_away_has_a_version_that_nothing_else_gets(desk: Drafts, tmp_path: Path) -> None:
    page = desk.started()
    desk.save(page, desk.look(page, TWO_DAYS), meant="1")
    answer = desk.person.post(f"{page}take")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="sampling-72h.json"'
    assert answer.content.decode() == desk.text(page)
    assert desk.did(desk.chief)[-1] == ("rules taken to sign", "sampling-72h@2", "downloaded")
    assert "downloaded to be signed" in desk.person.get("/rules/")
    for hours, version in (("24", 3), ("36", 3), ("48", 3)):
        preview = desk.look(page, {HOURS: hours, f"{HOURS}.unit": "h"})
        assert desk.save(page, preview, meant="1").status_code == 302
        assert desk.set(page)["version"] == version, "one that nobody has seen is not used up"
    export(desk, tmp_path / "new")
    preview = desk.look(page, {HOURS: "72", f"{HOURS}.unit": "h"})
    desk.save(page, preview, meant="1")
    assert desk.set(page)["version"] == 4


def test_a_draft_is_exported_in_the_place_of_an_older_one(
    desk: Drafts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = desk.started()
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "sampling-72h.json").write_bytes(MALL)
    desk.save(page, desk.look(page, TWO_DAYS), meant="1")
    export(desk, folder)
    assert "sampling-72h@2; sign it" in capsys.readouterr().out
    assert gate(["rules", "check", str(folder / "sampling-72h.json")]) == 0
    assert desk.server.sql("SELECT who, detail FROM audit ORDER BY id DESC LIMIT 1") == [
        ("command line", str(folder / "sampling-72h.json"))
    ]
    with pytest.raises(FleetError, match="there are: sampling-72h"):
        export(desk, folder, "mall")
    newer = changed(lambda x: x.update(version=9))
    for there, why in (
        (newer, "sampling-72h@9"),
        (changed(lambda x: x.update(id="b")), "is b@1"),
        (b"", "no rule set"),
    ):
        (folder / "sampling-72h.json").write_bytes(there)
        with pytest.raises(FleetError, match=why):
            export(desk, folder)
        assert (folder / "sampling-72h.json").read_bytes() == there


def test_a_draft_is_discarded(desk: Drafts) -> None:
    page = desk.started()
    assert desk.person.post(f"{page}discard", seen=hidden(desk.person.get(page), "seen")).status_code == 302
    desk.person.get(page, 404)
    assert desk.did(desk.chief)[-1][:2] == ("rules discarded", "sampling-72h@1")
    orders = changed(lambda x: x.update(id="orders"))
    assert "is the name that the file of orders has" in desk.person.get(desk.started(orders))
