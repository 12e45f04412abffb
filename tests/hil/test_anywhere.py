"""What a gate must do wherever it stands: in the emulated machine, and on a device (``./run hil --device HOST``)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from hil.machine.gate import Gate
    from hil.report import Facts

CAUGHT_S: Final = 300.0
"""The watchdog's 15 s, what systemd takes to end the process, and a start."""


@pytest.mark.on("screen")
def test_the_screen_is_served(any_gate: Gate) -> None:
    assert any_gate.is_active()
    assert any_gate.screen()["kind"] in {"idle", "staff"}


@pytest.mark.on("daemon")
def test_a_daemon_that_is_killed_is_started_again(any_gate: Gate) -> None:
    killed = any_gate.process()
    any_gate.machine.console.check(f"kill -KILL {killed}")
    any_gate.logged("ready", seconds=CAUGHT_S)
    assert any_gate.process() not in {0, killed}


@pytest.mark.on("event loop")
def test_a_frozen_loop_is_started_again(any_gate: Gate, facts: Facts) -> None:
    frozen = any_gate.process()
    before = time.monotonic()
    any_gate.machine.console.check(f"kill -STOP {frozen}")
    any_gate.logged("ready", seconds=CAUGHT_S)
    facts.note("frozen loop: until it serves again", f"{time.monotonic() - before:.0f} s")
    assert any_gate.process() not in {0, frozen}
