"""The daemon is killed, again and again, with somebody before it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hil.cards import CardLane, Promises

if TYPE_CHECKING:
    from hil.machine.gate import Gate
    from hil.machine.site import Site
    from hil.report import Facts

_PAUSE_S = 400.0
"""After ten starts within two minutes systemd pauses for one."""


@pytest.mark.on("daemon")
@pytest.mark.parametrize("kills", [3, 50])
def test_a_daemon_that_is_killed_comes_back_and_has_lost_nobody(
    gate_machine: Gate, site: Site, facts: Facts, kills: int
) -> None:
    chance = random.Random(kills)
    lane, promises = CardLane(gate_machine), Promises()
    gate_machine.online("id-reader")
    for number in range(1, kills + 1):
        before = gate_machine.answers("id-reader")
        lane.reader.present(site.people["citizen"].block)
        if chance.random() < 0.5:
            gate_machine.answered("id-reader", before)
        gate_machine.guest.console.check("systemctl kill --signal=KILL gate.service")
        lane.reader.remove()
        gate_machine.logged("ready", number, _PAUSE_S)  # the first one was before the machine was saved
    promises.note(gate_machine)
    gate_machine.online("id-reader")
    assert lane.serve(site.people["citizen"].block).values["outcome"] == "pass"
    promises.require_kept(gate_machine)
    facts.note(f"kill -9, {kills} times", f"{len(promises.ids)} announced passes, all found")
    lane.close()
