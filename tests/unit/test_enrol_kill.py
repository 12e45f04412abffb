"""kill -9 at every step of an enrolment: the device is the old gate or the new one, and the same claim goes on."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest
import trust_bundles
from receiver import Receiver
from reliability import times
from run_and_die import ran

from gate.app.fleet.key import load_key
from gate.config_file import enrolled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLED = 6


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


def key_of(state: Path) -> bytes:
    """Of the gate that the next start will be."""
    fleet = enrolled(state)
    assert fleet is not None
    return load_key(fleet.key).public_key().public_bytes_raw()


def test_a_kill_at_any_step_leaves_one_gate_and_the_claim_serves_again(tmp_path: Path, receiver: Receiver) -> None:
    desk = receiver.store.desk
    places = ("--config", str(tmp_path / "gate.toml"), "--root", str(tmp_path / "root.json"))
    (tmp_path / "root.json").write_bytes(trust_bundles.root())
    before = tmp_path / "before"
    before.mkdir()
    first = desk.claim(url=receiver.url, device="old")
    assert ran(before, 0, "enrol", desk.text(first), *places, "--state", str(before))[0] == 0
    whole = tmp_path / "whole"
    shutil.copytree(before, whole)
    claim = desk.claim(url=receiver.url, device="new")
    status, steps = ran(whole, 0, "enrol", desk.text(claim), *places, "--state", str(whole))
    assert (status, steps > SAMPLED) == (0, True)
    seen = set()
    for step in range(1, steps + 1, -(-steps // times(steps, SAMPLED))):
        claim = desk.claim(url=receiver.url, device="new")
        state = tmp_path / f"step-{step}"
        shutil.copytree(before, state)
        status, _ = ran(state, step, "enrol", desk.text(claim), *places, "--state", str(state))
        fleet = enrolled(state)
        assert fleet is not None
        assert key_of(state) == desk.rows[first.id if fleet.device == "old" else claim.id].used_by
        seen.add(fleet.device)
        assert status == -signal.SIGKILL
        assert ran(state, 0, "enrol", desk.text(claim), *places, "--state", str(state))[0] == 0
        assert key_of(state) == desk.rows[claim.id].used_by
        assert sorted(path.name for path in state.iterdir()) == [f"device-{claim.label}.key", "enrolled.toml"]
    assert seen == {"old", "new"}
