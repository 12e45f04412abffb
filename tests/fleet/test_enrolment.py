"""A claim made at the console makes one device one gate, once; whatever else is tried is refused in a word."""

from __future__ import annotations

import itertools
import os
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import trust_bundles
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uploads import session

from fleet.errors import FleetError
from gate.__main__ import main
from gate.app.fleet.key import load_key
from gate.app.fleet.serial import serial_number
from gate.errors import WireFault
from gate.net.client import Client
from gate.net.trust import NO_TRUST
from gate.wire import claims, enrol, heartbeat
from gate.wire.claims import Refusal
from gate.wire.enrol import EnrolAnswer, Refused
from gate.wire.message import MEDIA_TYPE, answer, encode

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_rig import FleetServer

    from fleet.console.claims import Made

NUMBERS = itertools.count()


class Desk:
    """Makes claims, and brings them to the server as a device would."""

    def __init__(self, server: FleetServer, site: str = "desk-site") -> None:
        self.server = server
        self.site = site
        self.number = next(NUMBERS)
        os.environ |= {"FLEET_URL": server.url, "FLEET_CLAIMS_KEY": str(server.ready.claims_key)}

    def claim(self, **changes: Any) -> Made:
        from django.utils.translation import override  # noqa: PLC0415 - Django is set up by the fixture

        from fleet.console.claims import Wanted, make  # noqa: PLC0415 - the same
        from fleet.registry.models import Site  # noqa: PLC0415 - the same

        site = Site.objects.get(id=self.server.site(self.site))
        usual = Wanted(f"desk-gate-{self.number}", f"1000{self.number:04}", 7)
        with override("en"):
            return make(site, replace(usual, **changes), None)

    def ask(self, made: Made, key: Ed25519PrivateKey, **changes: Any) -> EnrolAnswer | str:
        asked = enrol.request(made.text, changes.get("serial", made.serial), key, "0.5.0", None)
        said = Client(self.server.url, NO_TRUST).request(
            "POST",
            enrol.PATH,
            body=encode(asked),
            headers={"Content-Type": MEDIA_TYPE},
            deadline_s=20,
            most_bytes=1 << 20,
        )
        if said.status == 200:
            return answer(said.headers["content-type"], said.body, EnrolAnswer)
        assert said.status == enrol.REFUSED
        return answer(said.headers["content-type"], said.body, Refused).reason

    def audit(self, subject: str) -> list[tuple[str, str]]:
        return self.server.sql("SELECT what, detail FROM audit WHERE subject = %s ORDER BY id", subject)


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    return Desk(fleet_server)


def test_a_device_with_a_claim_is_a_gate_at_once(desk: Desk) -> None:
    made, key = desk.claim(), Ed25519PrivateKey.generate()
    assert desk.ask(made, key) == EnrolAnswer(device=made.device, url=desk.server.url)
    assert session(desk.server.url, key, made.device).post(heartbeat.PATH, b"{}").status == 400, "it is let in"
    assert [what for what, _ in desk.audit(made.device)] == ["claim made", "enrolled"]


def test_the_gates_own_command_enrols_it_by_a_claim_of_the_console(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_bytes(trust_bundles.root())
    (tmp_path / "state").mkdir(mode=0o700)
    with desk.server.vouched():
        made = desk.claim(serial=serial_number())
    where = ("--state", tmp_path / "state", "--config", tmp_path / "gate.toml", "--root", tmp_path / "root.json")
    assert main(["enrol", made.text, *map(str, where)]) == 0
    (key,) = (tmp_path / "state").glob("device-*.key")
    assert session(desk.server.url, load_key(key), made.device).post(heartbeat.PATH, b"{}").status == 400, (
        "it is let in"
    )


def test_an_answer_that_was_lost_is_given_again_and_nobody_else_gets_one(desk: Desk) -> None:
    made, key = desk.claim(), Ed25519PrivateKey.generate()
    assert desk.ask(made, key) == desk.ask(made, key)
    assert desk.ask(made, Ed25519PrivateKey.generate()) == Refusal.USED
    assert desk.audit(made.label) == [("enrolment refused", "used")]


def test_a_device_that_was_reset_gets_in_with_a_new_claim_and_its_old_key_is_out(desk: Desk) -> None:
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    made = desk.claim()
    desk.ask(made, old)
    before = session(desk.server.url, old, made.device)
    assert before.post(heartbeat.PATH, b"{}").status == 400
    assert isinstance(desk.ask(desk.claim(), new), EnrolAnswer)
    with pytest.raises(WireFault, match="not signed by this gate's key"):
        session(desk.server.url, old, made.device).post(heartbeat.PATH, b"{}")
    assert session(desk.server.url, new, made.device).post(heartbeat.PATH, b"{}").status == 400


def test_a_spare_takes_over_the_name_of_a_broken_gate(desk: Desk) -> None:
    made = desk.claim()
    desk.ask(made, Ed25519PrivateKey.generate())
    spare = desk.claim(serial="SPARE-1")
    assert isinstance(desk.ask(spare, Ed25519PrivateKey.generate()), EnrolAnswer)
    assert desk.server.sql("SELECT serial FROM devices WHERE name = %s", made.device) == [("SPARE-1",)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("expires_at = now() - interval '1 second'", Refusal.EXPIRED),
        ("withdrawn = true", Refusal.WITHDRAWN),
        ("secret = '\\x00'", Refusal.UNKNOWN),
        ("label = substr(md5(random()::text), 1, 16)", Refusal.UNKNOWN),
        ("serial = 'another-one'", Refusal.OTHER_SERIAL),
    ],
)
def test_a_claim_that_is_not_good_is_refused_in_a_word(desk: Desk, change: str, reason: Refusal) -> None:
    made = desk.claim()
    desk.server.sql(f"UPDATE claims SET {change} WHERE label = %s", made.label)  # noqa: S608
    assert desk.ask(made, Ed25519PrivateKey.generate()) == reason
    assert desk.server.sql("SELECT id FROM devices WHERE name = %s", made.device) == []


def test_a_claim_is_for_one_serial_number_and_signed_by_this_fleet(desk: Desk) -> None:
    made = desk.claim()
    assert desk.ask(made, Ed25519PrivateKey.generate(), serial="another-one") == Refusal.OTHER_SERIAL
    stranger = claims.write_claim(claims.read_claim(made.text).claim, Ed25519PrivateKey.generate(), ())
    assert desk.ask(replace(made, text=stranger), Ed25519PrivateKey.generate()) == Refusal.FORGED


def test_nobody_takes_a_gates_name_for_another_site(desk: Desk) -> None:
    made = desk.claim()
    elsewhere = Desk(desk.server, f"site-{secrets.token_hex(4)}")
    early = elsewhere.claim(device=made.device)
    desk.ask(made, Ed25519PrivateKey.generate())
    assert elsewhere.ask(early, Ed25519PrivateKey.generate()) == Refusal.OTHER_SITE
    with pytest.raises(FleetError, match="stands at desk-site"):
        elsewhere.claim(device=made.device)


@pytest.mark.parametrize("changes", [{"device": "no name"}, {"serial": "1"}, {"device": ""}, {"serial": "\n"}])
def test_a_claim_that_no_device_could_use_is_not_made(desk: Desk, changes: dict[str, str]) -> None:
    with pytest.raises(FleetError, match="no name of a gate"):
        desk.claim(**changes)
