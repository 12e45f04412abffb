"""``gate enrol`` against a real server: what an installer reads, what is on the disk afterwards."""

from __future__ import annotations

import base64
import io
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import trust_bundles
from claims import PIN, Desk, vouchers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from net_rig import Authority, Certificate
from receiver import Receiver
from vectors import ROOT

from gate.__main__ import main
from gate.app.enrol import REFUSED, TRY_AGAIN, UNUSABLE
from gate.app.fleet.key import load_key
from gate.app.fleet.session import Tokens
from gate.config_file import ENROLLED, enrolled, load
from gate.errors import ConfigError
from gate.net.client import Client
from gate.net.trust import NO_TRUST
from gate.wire import claims, enrol
from gate.wire.claims import Refusal
from gate.wire.enrol import Refused
from gate.wire.message import encode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.wire.claims import Claim

DEMO = (ROOT / "config" / "demo.toml").read_text("utf-8")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


@dataclass
class Device:
    """A box on a wall, and whoever stands before it."""

    folder: Path
    server: Receiver
    capsys: pytest.CaptureFixture[str]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def desk(self) -> Desk:
        return self.server.store.desk

    def claim(self, **changes: Any) -> Claim:
        return self.desk.claim(**{"url": self.server.url, **changes})

    def enrol(self, *how: str) -> tuple[int, str]:
        """Exit status, and what is read."""
        state, config, root = self.state, self.folder / "gate.toml", self.folder / "root.json"
        status = main(["enrol", *how, "--state", str(state), "--config", str(config), "--root", str(root)])
        said = self.capsys.readouterr()
        return status, said.out + said.err

    def by(self, claim: Claim) -> tuple[int, str]:
        return self.enrol(self.desk.text(claim))

    def keys(self) -> list[str]:
        return sorted(path.name for path in self.state.glob("device-*"))


@pytest.fixture
def device(tmp_path: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> Device:
    (tmp_path / "root.json").write_bytes(trust_bundles.root())
    (tmp_path / "state").mkdir(mode=0o700)
    return Device(tmp_path, receiver, capsys)


def test_a_device_is_a_gate_of_the_fleet_after_one_command(device: Device) -> None:
    assert device.enrol()[1].endswith("not enrolled\n")
    status, said = device.by(device.claim())
    assert status == 0
    assert "station-north-3 at station-north" in said
    assert "本机已登记为 station-north-3" in said
    fleet = enrolled(device.state)
    assert fleet is not None
    assert (fleet.url, fleet.device) == (device.server.url, "station-north-3")
    assert stat.S_IMODE(fleet.key.stat().st_mode) == 0o600
    assert stat.S_IMODE((device.state / ENROLLED).stat().st_mode) == 0o600
    assert "as station-north-3" in device.enrol()[1]


def test_its_key_gets_a_token_there(device: Device) -> None:
    device.by(device.claim())
    fleet = enrolled(device.state)
    assert fleet is not None
    client = Client(fleet.url, NO_TRUST)
    assert Tokens(fleet.url, fleet.device, load_key(fleet.key)).get(client) in device.server.store.tokens
    client.close()


def test_the_gate_reports_from_its_next_start_on_without_a_word_in_its_configuration(device: Device) -> None:
    device.by(device.claim())
    config = device.folder / "gate.toml"
    config.write_text(DEMO, encoding="utf-8")
    fleet = load(config, device.state).fleet
    assert fleet is not None
    assert fleet.device == "station-north-3"


def test_a_fleet_in_the_configuration_comes_first_and_keeps_enrolment_away(device: Device) -> None:
    device.by(device.claim())
    config = device.folder / "gate.toml"
    config.write_text(DEMO + '\n[fleet]\nurl = "http://127.0.0.1:1"\ndevice = "mine"\nkey = "k"\n', encoding="utf-8")
    fleet = load(config, device.state).fleet
    assert fleet is not None
    assert fleet.device == "mine"
    status, said = device.by(device.claim())
    assert status == UNUSABLE
    assert "[fleet]" in said


@pytest.mark.parametrize("more", ['\n[voice]\nlanguages = ["en"]\n', "\nurls = 1\n"])
def test_an_unknown_key_in_what_enrolment_wrote_is_an_error_that_names_it(device: Device, more: str) -> None:
    device.by(device.claim())
    file = device.state / ENROLLED
    file.write_text(file.read_text("utf-8") + more, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"{ENROLLED}.*unknown key"):
        enrolled(device.state)


def test_pins_and_authorities_of_the_answer_are_what_the_gate_goes_by(device: Device) -> None:
    pin = base64.b64encode(bytes(32)).decode()
    device.desk.more = {"pins": (pin,), "lease_hours": 48, "url": "https://fleet.example"}
    device.by(device.claim())
    fleet = enrolled(device.state)
    assert fleet is not None
    assert (fleet.url, fleet.pins, fleet.lease_hours) == ("https://fleet.example", (pin,), 48)


@pytest.mark.parametrize("more", [{"url": "https://fleet.example"}, {"url": "http://fleet.example", "ca": "x"}])
def test_an_answer_that_the_gate_could_not_use_leaves_everything_as_it_was(
    device: Device, more: dict[str, Any]
) -> None:
    device.desk.more = more
    status, said = device.by(device.claim())
    assert status == TRY_AGAIN
    assert "can't be used" in said
    assert enrolled(device.state) is None


def test_the_same_claim_a_second_time_is_no_fault_and_makes_no_other_key(device: Device) -> None:
    claim = device.claim()
    device.by(claim)
    keys = device.keys()
    assert device.by(claim)[0] == 0
    assert device.keys() == keys
    assert len(device.desk.asked) == 1


def test_another_claim_takes_a_new_key_and_the_old_one_is_erased(device: Device) -> None:
    device.by(device.claim())
    old = device.keys()
    status, _ = device.by(device.claim(device="station-north-4"))
    assert status == 0
    assert len(device.keys()) == 1
    assert device.keys() != old
    fleet = enrolled(device.state)
    assert fleet is not None
    assert fleet.device == "station-north-4"


def test_a_device_that_was_reset_is_enrolled_again_by_a_new_claim_for_the_same_place(device: Device) -> None:
    claim = device.claim()
    device.by(claim)
    for path in device.state.iterdir():
        path.unlink()
    status, said = device.by(claim)
    assert status == REFUSED
    assert "before it was reset" in said
    assert "重置前用过" in said
    assert device.keys() == []
    assert device.by(device.claim())[0] == 0


def test_a_stolen_claim_serves_whoever_comes_first_and_nobody_after(device: Device) -> None:
    claim = device.claim()
    thief = enrol.request(device.desk.text(claim), claim.serial, Ed25519PrivateKey.generate(), "0.1", None)
    assert device.desk.enrol(thief, device.server.store)[0] == 200
    status, said = device.by(claim)
    assert status == REFUSED
    assert "used up" in said


def test_a_claim_for_another_serial_number_is_not_even_sent(device: Device) -> None:
    status, said = device.by(device.claim(serial="10000000a1b2c3d4"))
    assert status == REFUSED
    assert "10000000a1b2c3d4" in said
    assert device.desk.asked == []


def test_a_device_that_lies_about_its_serial_number_is_refused_by_the_fleet(device: Device) -> None:
    claim = device.claim()
    asked = enrol.request(device.desk.text(claim), "another-serial", Ed25519PrivateKey.generate(), "0.1", None)
    status, body = device.desk.enrol(asked, device.server.store)
    assert (status, b"other serial" in body) == (403, True)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({"until": 1}, "expired"),
        ({"site": "station-south"}, "place that the claim names"),
    ],
)
def test_what_the_fleet_refuses_is_said_in_an_installers_words(
    device: Device, spoil: dict[str, Any], words: str
) -> None:
    status, said = device.by(device.claim(**spoil))
    assert (status, words in said) == (REFUSED, True)
    assert device.keys() == []


def test_claims_that_were_withdrawn_or_never_given_are_refused(device: Device) -> None:
    claim = device.claim()
    device.desk.rows[claim.id].withdrawn = True
    assert "withdrawn" in device.by(claim)[1]
    del device.desk.rows[claim.id]
    assert "does not know" in device.by(claim)[1]


def test_a_claim_that_the_pinned_root_does_not_vouch_for_is_not_sent_to_anybody(device: Device) -> None:
    thief = Ed25519PrivateKey.generate()
    one = vouchers(thief)[:1]  # with one stolen root key, of two that are needed
    for given in ([], one, one * 2, device.desk.vouchers):
        status, said = device.enrol(claims.write_claim(device.claim(), thief, given))
        assert (status, "another fleet's" in said) == (REFUSED, True)
    assert device.desk.asked == []


def test_a_changed_claim_is_told_from_a_damaged_one(device: Device) -> None:
    text = device.desk.text(device.claim())
    envelope = msgspec.msgpack.decode(base64.b32decode(text[len(claims.PREFIX) :] + "=" * (-len(text[11:]) % 8)))
    envelope[0] = envelope[0].replace(b"station-north-3", b"station-north-4")
    forged = base64.b32encode(msgspec.msgpack.encode(envelope)).decode().rstrip("=")
    assert "changed the claim" in device.enrol(claims.PREFIX + forged)[1]
    assert "damaged" in device.enrol(text[:-9])[1]
    assert "damaged" in device.enrol(text + "A" * 3000)[1]
    assert "That was no claim" in device.enrol("HC1:NCF")[1]
    assert device.desk.asked == []


def test_a_file_is_taken_however_an_editor_spelt_it(device: Device) -> None:
    text = device.desk.text(device.claim())
    file = device.folder / "claim.txt"
    file.write_bytes(b"\xef\xbb\xbf" + text[:300].encode() + b"\r\n" + text[300:].encode() + b"\r\n\r\n")
    assert device.enrol("--file", str(file))[0] == 0


def test_a_file_that_is_no_claim_is_refused_without_reading_all_of_it(device: Device) -> None:
    file = device.folder / "claim.txt"
    file.write_bytes(b"x" * 1_000_000)
    assert device.enrol("--file", str(file))[0] == UNUSABLE
    assert device.enrol("--file", str(device.folder / "absent"))[0] == UNUSABLE


def test_standard_input_is_taken_too(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    given = io.TextIOWrapper(io.BytesIO(device.desk.text(device.claim()).encode()))
    monkeypatch.setattr("sys.stdin", given)
    assert device.enrol("-")[0] == 0


def test_a_fleet_that_is_not_reached_changes_nothing_and_is_tried_again_with_the_same_key(device: Device) -> None:
    claim = device.claim(url="http://127.0.0.1:1")
    status, said = device.by(claim)
    assert (status, "nothing is lost" in said) == (TRY_AGAIN, True)
    keys = device.keys()
    assert len(keys) == 1
    assert device.by(claim)[0] == TRY_AGAIN
    assert device.keys() == keys


def test_without_a_pinned_root_nothing_is_believed(device: Device) -> None:
    (device.folder / "root.json").unlink()
    status, said = device.by(device.claim())
    assert (status, "pinned root" in said) == (UNUSABLE, True)


def test_a_claim_names_the_server_by_its_key(device: Device) -> None:
    status, said = device.by(device.claim(url="https://127.0.0.1:1", pins=(PIN,)))
    assert (status, "not reached" in said) == (TRY_AGAIN, True)


def test_a_request_without_the_key_that_it_names_is_forged(device: Device) -> None:
    claim = device.claim()
    good = enrol.request(device.desk.text(claim), claim.serial, Ed25519PrivateKey.generate(), "0.1", None)
    other = enrol.request(device.desk.text(claim), claim.serial, Ed25519PrivateKey.generate(), "0.1", None)
    status, body = device.desk.enrol(msgspec.structs.replace(good, key=other.key), device.server.store)
    assert (status, b"forged" in body) == (403, True)
    assert b"forged" not in device.desk.enrol(good, device.server.store)[1]
    assert len(encode(good)) < 2048


def test_a_refusal_costs_an_enrolled_device_nothing(device: Device) -> None:
    device.by(device.claim())
    keys, before = device.keys(), (device.state / ENROLLED).read_bytes()
    assert device.by(device.claim(until=1))[0] == REFUSED
    assert device.keys() == keys
    assert (device.state / ENROLLED).read_bytes() == before


def test_a_damaged_enrolment_is_mended_by_a_new_claim(device: Device) -> None:
    device.by(device.claim())
    (device.state / ENROLLED).write_bytes(b"[fleet")
    assert device.enrol()[0] == UNUSABLE
    assert device.by(device.claim())[0] == 0
    assert device.enrol()[0] == 0


@pytest.mark.parametrize("reason", [*Refusal, "of a later version"])
def test_every_reason_has_words_in_every_language(device: Device, reason: str) -> None:
    desk = device.desk
    desk.enrol = lambda *_: (403, encode(Refused(why="not today", reason=reason)))  # type: ignore[method-assign]
    status, said = device.by(device.claim())
    assert status == REFUSED
    lines = said.splitlines()
    assert len(lines) == (2 if reason in set(Refusal) else 3)
    assert any(ord(letter) > 0x4E00 for letter in said)


@pytest.mark.parametrize("days", [(-400, -365), (365, 400)])
def test_a_clock_that_is_wrong_by_a_year_keeps_nobody_from_enrolling_nor_from_coming_back(
    device: Device, days: tuple[int, int]
) -> None:
    """To such a device its fleet's certificate is out of date, or not valid yet."""
    certificate = Authority(device.folder).certificate(from_days=days[0], to_days=days[1])
    url = secured(device.server, certificate)
    device.desk.more = {"pins": (base64.b64encode(certificate.pin).decode(),)}
    assert device.by(device.claim(url=url, pins=(certificate.pin,)))[0] == 0
    fleet = enrolled(device.state)
    assert fleet is not None
    client = Client(fleet.url, fleet.trust())
    assert Tokens(fleet.url, fleet.device, load_key(fleet.key)).get(client) in device.server.store.tokens
    client.close()


def test_whoever_stands_in_between_learns_nothing_of_the_claim(device: Device) -> None:
    url = secured(device.server, Authority(device.folder).certificate())
    status, said = device.by(device.claim(url=url))
    assert (status, "none of the pinned ones" in said) == (TRY_AGAIN, True)
    assert device.desk.asked == []


def test_what_gate_trust_vouch_makes_is_what_a_device_believes(device: Device) -> None:
    keys, name = device.folder / "keys", device.folder / "claims"
    assert main(["trust", "keys", str(keys)]) == 0
    assert main(["trust", "vouch", str(name), "--keys", str(keys)]) == 0
    (device.folder / "root.json").write_bytes((keys / "root.json").read_bytes())
    made = msgspec.json.decode((device.folder / "claims.vouchers.json").read_bytes())
    device.desk.key = load_key(device.folder / "claims.key.pem")
    device.desk.vouchers = [base64.urlsafe_b64decode(one + "==") for one in made["vouchers"]]
    assert device.by(device.claim())[0] == 0
    assert stat.S_IMODE((device.folder / "claims.key.pem").stat().st_mode) == 0o600
    assert main(["trust", "vouch", str(name), "--keys", str(keys)]) != 0, "no key is written over"


def secured(server: Receiver, certificate: Certificate) -> str:
    """Have it speak TLS; gives its address then."""
    server._server.socket = certificate.context().wrap_socket(server._server.socket, server_side=True)
    server.store.audience = server.url.replace("http:", "https:")
    return server.store.audience
