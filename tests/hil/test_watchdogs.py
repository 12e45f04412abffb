"""What hangs is started again: the lane, the kernel. The loop is in ``test_anywhere.py``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hil.cards import CardLane

if TYPE_CHECKING:
    from hil.machine.gate import Gate
    from hil.machine.site import Site
    from hil.report import Facts

_FREEZER = """
import os, threading, time
def freeze():
    while not os.path.exists("/run/gate/freeze"):
        time.sleep(1)
    import asyncio, gate.app.service as service
    async def hang(self, reading):
        await asyncio.Event().wait()
    service.LaneService._serve = hang
threading.Thread(target=freeze, daemon=True).start()
"""
"""A bug of the lane, as Python loads it beside the daemon of one machine."""
_CAUGHT_S = 300.0
"""The watchdog's 15 s, what systemd takes to end the process, and a start."""


@pytest.mark.on("lane")
def test_a_frozen_lane_with_a_living_loop_is_started_again(gate_machine: Gate, site: Site, facts: Facts) -> None:
    guest = gate_machine.guest
    guest.console.check(
        "folder=/run/systemd/system/gate.service.d; mkdir -p /run/hil-python $folder\n"
        f"cat >/run/hil-python/sitecustomize.py <<'END'\n{_FREEZER}END\n"
        "printf '[Service]\\nEnvironment=PYTHONPATH=/run/hil-python\\n' >$folder/freezer.conf\n"
        "systemctl daemon-reload"
    )
    gate_machine.restart()
    lane = CardLane(gate_machine)
    gate_machine.online("id-reader")
    frozen, starts = gate_machine.process(), len(gate_machine.lines("ready"))
    guest.console.check("touch /run/gate/freeze; rm -r /run/systemd/system/gate.service.d; systemctl daemon-reload")
    before = time.monotonic()
    lane.reader.present(site.people["citizen"].block)
    assert gate_machine.screen()["kind"] == "idle"  # the loop lives, and serves the page
    gate_machine.logged("ready", starts + 1, _CAUGHT_S)
    facts.note("frozen lane: until it serves again", f"{time.monotonic() - before:.0f} s")
    assert gate_machine.process() not in {0, frozen}
    lane.reader.remove()
    gate_machine.online("id-reader")
    assert lane.serve(site.people["citizen"].block).values["outcome"] == "pass"
    lane.close()


@pytest.mark.on("kernel")
def test_a_crashed_kernel_is_noticed_by_the_machines_watchdog(gate_machine: Gate, facts: Facts) -> None:
    guest = gate_machine.guest
    assert "i6300" in guest.console.check("cat /sys/class/watchdog/*/identity")
    before = time.monotonic()
    guest.console.check("(sleep 1; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &")
    event = guest.qmp.event("WATCHDOG", 120)
    assert event["data"]["action"] == "reset"
    facts.note("crashed kernel: until the watchdog resets the machine", f"{time.monotonic() - before:.0f} s")
    gate_machine.logged("ready", seconds=900)
    facts.note("crashed kernel: until the gate serves again", f"{time.monotonic() - before:.0f} s")
