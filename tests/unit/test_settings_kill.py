"""kill -9 at the steps of taking new settings: the next start has the old ones or the new ones, and can go on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from reliability import times
from settings_rig import DEVICE, Lives, SetGate, until_restart, while_at_work
from vectors import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SAMPLED = 8
OLD, NEW = {"voice.lead_in_ms": 300}, {"voice.lead_in_ms": 700}


def take_until(step: int, folder: Path) -> tuple[int, int]:
    """Exit status, and how many steps there were; 0: it was killed before it could say."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/set_and_die.py"), str(folder), str(step)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )
    return done.returncode, int(done.stdout or 0)


def at(folder: Path) -> SetGate:
    """The gate whose disk was copied there."""
    found = object.__new__(SetGate)
    found.state, found.device, found.file = folder, DEVICE, folder / "config" / "demo.toml"
    return found


def test_a_kill_at_any_step_leaves_the_old_settings_or_the_new_ones(tmp_path: Path) -> None:
    gate = SetGate(tmp_path / "before")
    gate.given(1, {DEVICE: OLD})
    until_restart(gate.begin(), Lives())
    while_at_work(gate.begin(), Lives())
    gate.given(2, {DEVICE: NEW})
    whole = tmp_path / "whole"
    shutil.copytree(gate.state, whole)
    status, steps = take_until(0, whole)
    assert status == 0
    assert steps > SAMPLED
    for step in range(1, steps + 1, -(-steps // times(steps, SAMPLED))):
        folder = tmp_path / f"killed-{step}"
        shutil.copytree(gate.state, folder)
        assert take_until(step, folder)[0] == -signal.SIGKILL
        after = at(folder)
        slot = after.begin()
        assert after.config.voice.lead_in_ms in {300, 700}, f"step {step}"
        assert slot.told.refused is None, f"step {step}"
        if after.config.voice.lead_in_ms == 300:
            until_restart(slot, Lives())
            after.begin()
        assert after.config.voice.lead_in_ms == 700, f"step {step}"
