"""The table [fleet]: what can't be used is named; a token is asked for as seldom as possible."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from receiver import Receiver
from uploads import enrolled, session
from vectors import ROOT

from gate.app.config_check import faults
from gate.app.fleet import session as sessions
from gate.app.fleet.key import load_key
from gate.app.fleet.link import first_after_s
from gate.config_bind import Roots
from gate.config_file import load
from gate.errors import ConfigError
from gate.wire import heartbeat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.config import GateConfig

PEM, PKCS8 = Encoding.PEM, PrivateFormat.PKCS8


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


def config(folder: Path, fleet: str) -> GateConfig:
    file = folder / "gate.toml"
    file.write_text((ROOT / "config" / "demo.toml").read_text("utf-8") + f"\n[fleet]\n{fleet}\n", encoding="utf-8")
    return load(file, folder)


def said(folder: Path, fleet: str) -> list[str]:
    return [fault for fault in faults(config(folder, fleet), Roots(folder, folder)) if fault.startswith("[fleet]")]


def test_a_good_table_is_good(tmp_path: Path) -> None:
    (tmp_path / "device.key").write_bytes(Ed25519PrivateKey.generate().private_bytes(PEM, PKCS8, NoEncryption()))
    pin = base64.b64encode(bytes(32)).decode()
    table = f'url = "https://fleet.example"\ndevice = "gate-7"\nkey = "device.key"\npins = ["{pin}"]'
    assert said(tmp_path, table) == []


@pytest.mark.parametrize(
    ("url", "more", "why"),
    [
        ("http://fleet.example", "", "in clear"),
        ("https://fleet.example", "", "which server to believe"),
        ("https://fleet.example", 'pins = ["short"]', "is no pin"),
        ("https://fleet.example", 'ca_file = "absent.pem"', "CA file can't be used"),
        ("http://127.0.0.1:9", "", "openssl genpkey"),
    ],
)
def test_what_can_not_be_used_is_named_before_the_gate_goes_to_work(
    tmp_path: Path, url: str, more: str, why: str
) -> None:
    (found,) = said(tmp_path, f'url = "{url}"\ndevice = "gate-7"\nkey = "device.key"\n{more}')
    assert why in found


@given(st.floats(0, 1e9), st.floats(0, 1, exclude_max=True))
def test_a_city_that_is_switched_on_comes_over_a_minute_and_one_gate_at_once(uptime_s: float, chance: float) -> None:
    waits = first_after_s(uptime_s, lambda: chance)
    assert waits == pytest.approx(chance * (60 if uptime_s < 180 else 5))


def test_a_name_that_no_server_would_take_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="write letters, digits"):
        config(tmp_path, 'url = "https://f.example"\ndevice = "gate 7"\nkey = "k"')


def test_only_a_key_of_the_right_kind_without_a_password_is_one(tmp_path: Path) -> None:
    good, path = Ed25519PrivateKey.generate(), tmp_path / "key"
    path.write_bytes(good.private_bytes(PEM, PKCS8, NoEncryption()))
    assert load_key(path).public_key() == good.public_key()
    for content, why in (
        (b"", "is no private key"),
        (good.private_bytes(PEM, PKCS8, BestAvailableEncryption(b"secret")), "without a password"),
        (generate_private_key(SECP256R1()).private_bytes(PEM, PKCS8, NoEncryption()), "another kind"),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=why):
            load_key(path)


def test_one_token_serves_until_four_fifths_of_its_life_are_over(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = session(receiver.url, enrolled(receiver))
    for _ in range(3):
        way.post(heartbeat.PATH, b"{}")
    assert receiver.store.tokens_given == 1
    monkeypatch.setattr(sessions, "RENEWED_AT", 0.0)
    way._tokens._until = float("-inf")
    way.post(heartbeat.PATH, b"{}")
    assert receiver.store.tokens_given == 2


def test_a_token_that_is_never_good_is_asked_for_once_more_and_no_more(receiver: Receiver) -> None:
    way = session(receiver.url, enrolled(receiver))
    receiver.store.tokens = _Forgetful()
    assert way.post(heartbeat.PATH, b"{}").status == 401
    assert receiver.store.tokens_given == 2


class _Forgetful(dict[str, str]):
    def get(self, *_: object) -> None:  # type: ignore[override]
        return None
