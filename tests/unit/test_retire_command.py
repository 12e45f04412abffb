"""``gate retire``: nothing of anybody is left, and a certificate says so; nothing is lost that nobody gave up."""

from __future__ import annotations

import base64
import shutil
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from passages import passage
from reliability import times
from run_and_die import ran
from vectors import ROOT

from gate.__main__ import main
from gate.app.retire.certificate import BEGUN, DONE, Certificate
from gate.config_file import ENROLLED
from gate.journal import outbox
from gate.journal.database import open_to_write
from gate.journal.store import Journal

if TYPE_CHECKING:
    from pathlib import Path

NAME = "station-north-3"
FLEET = f'[fleet]\nurl = "https://fleet.example"\ndevice = "{NAME}"\nkey = "device-0123456789abcdef.key"\n'
SAMPLED = 6
PERSONAL = ("status.json", "pseudonym.key", "lease", "journal.sqlite")


@dataclass
class Gate:
    """A state directory with something of everything in it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __post_init__(self) -> None:
        self.state = self.folder / "state"
        self.state.mkdir()
        (self.folder / "gate.toml").write_bytes((ROOT / "config" / "demo.toml").read_bytes())
        for name in PERSONAL[:-1]:
            (self.state / name).write_bytes(b"x" * 40)
        self.key = Ed25519PrivateKey.generate()
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.state / "device-0123456789abcdef.key").write_bytes(pem)
        (self.state / "device-fedcba9876543210.key.new").write_bytes(pem)
        (self.state / ENROLLED).write_text(FLEET, encoding="utf-8")
        (self.state / "trust.json").write_bytes(b"{}")
        self.record()

    def record(self) -> None:
        journal = Journal(self.state / "journal.sqlite")
        journal.open()
        journal.record(passage()).result(20)
        journal.close()

    def sent(self) -> None:
        db, _ = open_to_write(self.state / "journal.sqlite")
        with db:
            outbox.acknowledge(db, outbox.unsent(db, 0, 100, 1 << 20).rows)
        db.close()

    @property
    def arguments(self) -> list[str]:
        return ["--state", str(self.state), "--config", str(self.folder / "gate.toml")]

    def retire(self, *more: str, name: str = NAME) -> tuple[int, str]:
        status = main(["retire", name, *more, *self.arguments])
        said = self.capsys.readouterr()
        return status, said.out + said.err

    def files(self) -> list[str]:
        return sorted(path.name for path in self.state.iterdir())


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(tmp_path, capsys)


def certificate(state: Path) -> Certificate:
    return msgspec.json.decode((state / DONE).read_bytes(), type=Certificate)


def test_everything_personal_and_the_keys_are_gone_and_the_certificate_says_which(gate: Gate) -> None:
    gate.sent()
    status, said = gate.retire()
    assert status == 0, said
    assert gate.files() == [DONE, "trust.json"]
    found = certificate(gate.state)
    named = {path.rpartition("/")[2] for path in (one.path for one in found.statement.erased)}
    assert {*PERSONAL, "device-0123456789abcdef.key", "device-fedcba9876543210.key.new", ENROLLED} <= named
    assert found.statement.command == f"gate retire {NAME}"
    assert (found.statement.device, found.statement.unsent) == (NAME, 0)


def test_the_certificate_is_signed_by_the_key_that_the_fleet_knows(gate: Gate) -> None:
    gate.sent()
    gate.retire()
    found = certificate(gate.state)
    assert found.statement.key is not None
    assert found.signature is not None
    raw = base64.urlsafe_b64decode(found.statement.key + "=")
    assert raw == gate.key.public_key().public_bytes_raw()
    signature = base64.urlsafe_b64decode(found.signature + "==")
    Ed25519PublicKey.from_public_bytes(raw).verify(signature, msgspec.json.encode(found.statement))


def test_rows_that_the_fleet_does_not_have_are_named_first(gate: Gate) -> None:
    before = gate.files()
    status, said = gate.retire()
    assert status == 1
    assert "1 rows of the journal are not with the fleet" in said
    assert gate.files() == before
    status, _ = gate.retire("--even-unsent")
    assert status == 0
    assert certificate(gate.state).statement.unsent == 1
    assert "journal.sqlite" not in gate.files()


@pytest.mark.parametrize("name", ["journal.sqlite.damaged-20261127T010203Z", "journal.sqlite"])
def test_a_damaged_journal_whose_rows_nobody_counted_is_not_given_up_by_itself(gate: Gate, name: str) -> None:
    gate.sent()
    (gate.state / name).write_bytes(b"no database at all" * 100)
    assert gate.retire()[0] == 1
    assert gate.retire("--even-unsent")[0] == 0
    assert gate.files() == [DONE, "trust.json"]


def test_another_device_than_the_one_that_was_meant_is_left_alone(gate: Gate) -> None:
    gate.sent()
    before = gate.files()
    status, said = gate.retire(name="station-north-4")
    assert (status, f'this is "{NAME}"' in said) == (1, True)
    assert gate.files() == before


def test_a_gate_at_work_is_left_alone(gate: Gate) -> None:
    gate.sent()
    journal = Journal(gate.state / "journal.sqlite")
    journal.open()
    try:
        status, said = gate.retire()
    finally:
        journal.close()
    assert (status, "stop it first" in said) == (1, True)
    assert "pseudonym.key" in gate.files()


def test_a_kill_at_any_step_erases_nothing_or_is_finished_by_the_next_call(gate: Gate, tmp_path: Path) -> None:
    gate.sent()
    whole = tmp_path / "whole"
    shutil.copytree(gate.state, whole)
    status, steps = ran(whole, 0, *retiring(gate, whole))
    assert (status, steps > SAMPLED) == (0, True)
    for step in range(1, steps + 1, -(-steps // times(steps, SAMPLED))):
        state = tmp_path / f"step-{step}"
        shutil.copytree(gate.state, state)
        assert ran(state, step, *retiring(gate, state))[0] == -signal.SIGKILL
        assert (state / "pseudonym.key").exists() or (state / BEGUN).exists(), "nothing goes without a note"
        assert ran(state, 0, *retiring(gate, state))[0] == 0
        assert sorted(path.name for path in state.iterdir()) == [DONE, "trust.json"]
        assert certificate(state).signature is not None


def retiring(gate: Gate, state: Path) -> list[str]:
    return ["retire", NAME, "--state", str(state), "--config", str(gate.folder / "gate.toml")]
