"""The daemon as a process with a relay board on its wire, killed in the middle of a pulse and started again."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from barrier_rig import WAIT_S

from drivers.simulated.lcus_relay import SimulatedLcusRelay
from gate.app.demo.stage import CONFIG, set_stage
from gate.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

BARRIER = """
[kiosk]
port = 0
[barrier]
driver = "lcus"
port = "relay"
entry = { relay = 1, pulse_ms = 1000 }
"""


def test_a_relay_that_a_killed_gate_left_on_is_off_again_at_its_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_VECTORS", "/nonexistent")
    config = tmp_path / "demo.toml"
    config.write_text(CONFIG.read_text("utf-8").replace("rules/", f"{CONFIG.parent}/rules/") + BARRIER, "utf-8")
    state = tmp_path / "state"
    state.mkdir()
    switched = asyncio.Event()

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not condition():
                switched.clear()
                await switched.wait()

    async def main() -> None:
        with SimulatedLcusRelay(state / "relay", lambda channel, on: switched.set()) as board:  # noqa: ARG005
            async with set_stage(state, config) as stage:
                await stage.daemon.online("id-reader")
                await stage.devices.lay_card("red")
                assert (await stage.daemon.answer()).outcome is Outcome.REFER
                stage.devices.clear()
                assert not any(frame.state for frame in board.commands), "nobody was let in"
                await stage.devices.lay_card("citizen")
                await until(lambda: 1 in board.on)
                stage.daemon.kill(signal.SIGKILL)
            assert board.on == {1}, "the board does what it was told last"
            async with set_stage(state, config) as stage:
                await until(lambda: not board.on)
                await stage.daemon.online("id-reader")
                await stage.devices.lay_card("citizen")
                await until(lambda: 1 in board.on)
            await until(lambda: not board.on)  # a gate that is stopped in the middle of a pulse ends it

    asyncio.run(main())
