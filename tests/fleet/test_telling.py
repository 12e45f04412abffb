"""New alarms reach somebody: by mail or webhook, once, however long the way there is closed."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fleet_desk import Desk, Person, beat
from fleet_rig import free_port
from hypothesis import given
from hypothesis import strategies as st
from inbox import Inbox, mail_server, webhook

from fleet.console.recipients import MailServer, Recipient, Recipients, load
from fleet.errors import FleetError
from fleet.run import process
from gate.wire.heartbeat import Device

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_rig import FleetServer


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    fleet_server.sql("DELETE FROM notices")
    made = Desk(fleet_server)
    made.told(beat(readers=(Device("camera", 17), Device("<b>gun</b>", 17))))
    return made


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with webhook() as found:
        yield found


@pytest.fixture(autouse=True)
def _others_were_told(fleet_server: FleetServer) -> None:
    """Of whatever other tests have left open."""
    fleet_server.sql("UPDATE alarms SET told = true")


def hook(inbox: Inbox, desk: Desk) -> Recipients:
    to = Recipient(webhook=f"http://127.0.0.1:{inbox.port}/alarms", districts=(desk.district,))
    return Recipients(to=(to,), console="https://fleet.example")


def look(recipients: Recipients, after: timedelta = timedelta()) -> None:
    from fleet.console import watch  # noqa: PLC0415 - Django is set up by the fixture

    watch.look(datetime.now(UTC) + after, recipients)


def tell(recipients: Recipients, after: timedelta = timedelta()) -> int:
    """Tell all that is due; gives how often something was tried."""
    from fleet.console.telling import tell_one  # noqa: PLC0415 - Django is set up by the fixture

    tries = 0
    while tell_one(recipients, datetime.now(UTC) + after):
        tries += 1
    return tries


def test_new_alarms_of_a_district_go_out_once_in_both_languages(desk: Desk, inbox: Inbox) -> None:
    recipients = hook(inbox, desk)
    for _ in range(2):
        look(recipients)
        tell(recipients)
    ((headers, said),) = inbox.posts
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert (said["count"], said["console"]) == (2, "https://fleet.example")
    assert {one["gate"] for one in said["alarms"]} == {desk.gate}
    words = [one["what"] for one in said["alarms"]]
    assert {"en": "camera is gone", "zh-hans": "camera 已断开"} in words, words
    assert desk.server.sql("SELECT attempts, told_at IS NULL FROM notices") == [(1, False)]


def test_another_district_hears_nothing(desk: Desk, inbox: Inbox) -> None:
    to = Recipient(webhook=f"http://127.0.0.1:{inbox.port}/", districts=(Desk(desk.server).district,))
    look(Recipients(to=(to,)))
    assert desk.server.sql("SELECT count(*) FROM notices") == [(0,)]


def test_mail_says_which_gate_and_where_to_look(desk: Desk) -> None:
    with mail_server() as post:
        server = MailServer(host="127.0.0.1", port=post.port, tls="none", sender="fleet@city.example")
        to = Recipient(mail="desk@city.example", districts=(desk.district,))
        recipients = Recipients(to=(to,), mail=server, console="https://fleet.example/")
        look(recipients)
        tell(recipients)
    (mail,) = post.mails
    assert (mail["To"], mail["From"]) == ("desk@city.example", "fleet@city.example")
    assert mail["Subject"] == "闸机告警 2 条 / Gate alarms: 2"
    body = mail.get_content()
    assert desk.gate in body
    assert "camera is gone" in body
    assert "https://fleet.example/alarms/" in body


def test_where_nobody_answers_it_is_tried_ever_later_until_somebody_does(desk: Desk, inbox: Inbox) -> None:
    inbox.status = 500
    recipients = hook(inbox, desk)
    look(recipients)
    after = timedelta()
    waits = []
    for attempt in range(1, 12):
        assert tell(recipients, after) == 1, attempt
        assert tell(recipients, after) == 0, "not at once again"
        ((next_at,),) = desk.server.sql("SELECT next_at FROM notices")
        waits.append(next_at - datetime.now(UTC) - after)
        after = next_at - datetime.now(UTC) + timedelta(seconds=1)
    assert timedelta(seconds=20) < waits[0] < timedelta(seconds=40)
    assert max(waits) < timedelta(hours=1.25)
    assert "500" in desk.server.sql("SELECT why FROM notices")[0][0]
    everywhere = Person(desk.users.create_superuser("journey-untold"))
    assert "Could not be told so far" in everywhere.get("/alarms/")
    assert "Could not be told so far" not in Person(desk.user(may_change=True)).get("/alarms/")
    inbox.status = 204
    assert tell(recipients, after) == 1
    assert desk.server.sql("SELECT told_at IS NULL, why FROM notices") == [(False, "")]
    assert tell(recipients, after + timedelta(days=1)) == 0


def test_nobody_listening_is_no_fault_and_old_news_is_dropped(desk: Desk) -> None:
    recipients = Recipients(to=(Recipient(webhook=f"http://127.0.0.1:{free_port()}/", districts=(desk.district,)),))
    look(recipients)
    assert tell(recipients) == 1
    assert "refused" in desk.server.sql("SELECT why FROM notices")[0][0]
    assert tell(recipients, timedelta(hours=25)) == 1
    assert desk.server.sql("SELECT count(*) FROM notices") == [(0,)]


def test_a_token_goes_along_and_never_on_to_another_address(desk: Desk, inbox: Inbox, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    to = hook(inbox, desk).to[0]
    to = Recipient(webhook=to.webhook, districts=to.districts, token_file=str(tmp_path / "token"))
    recipients = Recipients(to=(to,))
    inbox.status = 302
    look(recipients)
    tell(recipients)
    ((headers, _),) = inbox.posts
    assert headers["Authorization"] == "Bearer s3cret"
    assert "302" in desk.server.sql("SELECT why FROM notices")[0][0]


def test_a_storm_is_one_notice_that_names_twenty(desk: Desk, inbox: Inbox) -> None:
    for number in range(30):
        gate = f"{desk.gate}-{number}"
        desk.server.enrolled(gate, desk.site)
        desk.server.sql(
            "INSERT INTO reports (device_id, seen_at, heartbeat)"
            " SELECT id, now() - interval '1 hour', '{}' FROM devices WHERE name = %s",
            gate,
        )
    recipients = hook(inbox, desk)
    look(recipients)
    tell(recipients)
    ((_, said),) = inbox.posts
    assert (said["count"], len(said["alarms"])) == (32, 20)


def test_what_waits_for_one_recipient_stays_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from fleet.console import telling  # noqa: PLC0415 - Django is set up by the fixture
    from fleet.registry.models import Alarm  # noqa: PLC0415 - the same

    monkeypatch.setattr(telling, "MOST_WAITING", 3)
    recipients = Recipients(to=(Recipient(webhook="http://127.0.0.1:9/"),))
    look(Recipients())
    for _ in range(6):
        Alarm.objects.filter(device__name=desk.gate).update(told=False)
        telling.write(recipients, datetime.now(UTC))
    assert desk.server.sql("SELECT count(*) FROM notices") == [(3,)]


def test_the_console_itself_tells(desk: Desk, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'[[to]]\nwebhook = "http://127.0.0.1:{inbox.port}/"\ndistricts = ["{desk.district}"]\n'
    monkeypatch.setenv("FLEET_ALARMS", str(written(tmp_path, text)))
    with process("console", port := free_port(), f"http://127.0.0.1:{port}", desk.server.ready):
        until = time.monotonic() + 60
        while not inbox.posts:
            assert time.monotonic() < until, "nobody was told"
            time.sleep(0.1)
    assert {one["gate"] for one in inbox.posts[0][1]["alarms"]} == {desk.gate}


GOOD = """
console = "https://fleet.example"
[mail]
host = "mail.city.example"
sender = "fleet@city.example"
[[to]]
mail = "desk@city.example"
[[to]]
webhook = "https://chat.city.example/hook"
districts = ["北区"]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "alarms.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_good_file_names_everybody(tmp_path: Path) -> None:
    found = load(written(tmp_path, GOOD))
    assert [one.name for one in found.to] == ["desk@city.example", "https://chat.city.example/hook"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GOOD.replace("[mail]", "[post]"), "post"),
        (GOOD.replace('host = "mail.city.example"', ""), "host"),
        (GOOD.replace('"desk@city.example"', '"desk@city.example\\nBcc: x"'), "pattern|matching"),
        (GOOD.replace("https://chat", "ftp://chat"), "pattern|matching"),
        ('[[to]]\nmail = "a@b"', "write a table"),
        ("[[to]]\ndistricts = []", "one of the two"),
        (GOOD + '[[to]]\nmail = "desk@city.example"', "twice"),
        ("[[to", ""),
    ],
)
def test_a_file_that_can_not_be_used_is_named(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(FleetError, match=f"alarms.toml: .*({why})"):
        load(written(tmp_path, text))


@given(st.binary(max_size=300))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("alarms") / "alarms.toml"
    file.write_bytes(data)
    with contextlib.suppress(FleetError):
        load(file)
