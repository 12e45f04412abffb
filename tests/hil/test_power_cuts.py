"""The plug is pulled during passages, from a disk that forgets what was not flushed."""

from __future__ import annotations

import contextlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hil.cards import CardLane, Promises
from hil.machine.cached_disk import CachedDisk
from hil.machine.console import ConsoleError
from hil.machine.gate import Gate
from hil.machine.guest import Guest, GuestError, Hardware
from hil.machine.qmp import QmpError

if TYPE_CHECKING:
    from pathlib import Path

    from hil.machine.image import Image
    from hil.machine.site import Site
    from hil.report import Facts

_LONGEST_S = 20.0
"""From the first card to the cut: some passages."""
_HARDWARE = Hardware(network=False, kernel=("systemd.mask=systemd-networkd.service",))
"""A boot takes most of the time, and nobody here asks the network."""
_AT_ONCE = 2
"""Machines beside each other that share the cuts."""


@dataclass(slots=True)
class Cuts:
    """What came of one machine's power cuts, one after the other."""

    promises: Promises = field(default_factory=Promises)
    boots: list[float] = field(default_factory=list)
    lost: int = 0
    waiting: int = 0
    """Blocks that were not flushed, of which so many were lost."""


@pytest.mark.on("disk")
@pytest.mark.parametrize("cuts", [pytest.param(1, marks=pytest.mark.smoke), 50])
def test_every_pass_that_was_announced_is_on_record_after_power_cuts(
    hil_image: Image, set_up_disk: CachedDisk, site: Site, tmp_path: Path, facts: Facts, cuts: int
) -> None:
    machines = min(cuts, _AT_ONCE)

    def suffer(machine: int) -> Cuts:
        folder = tmp_path / f"machine-{machine}"
        folder.mkdir()
        with CachedDisk(hil_image.disk, set_up_disk) as disk:
            chance = random.Random(cuts + machine)
            return _cut_and_boot(hil_image, disk, site, folder, chance, cuts // machines)

    with ThreadPoolExecutor(machines) as pool:
        ended = list(pool.map(suffer, range(machines)))
    announced = sum(len(each.promises.ids) for each in ended)
    assert announced or cuts == 1
    facts.boots += [seconds for each in ended for seconds in each.boots]
    lost, waiting = sum(each.lost for each in ended), sum(each.waiting for each in ended)
    facts.note(
        f"{cuts} power cuts",
        f"{announced} announced passes, all found; {lost} of {waiting} unflushed blocks lost",
    )


def _cut_and_boot(image: Image, disk: CachedDisk, site: Site, folder: Path, chance: random.Random, cuts: int) -> Cuts:
    """After each cut the same disk is booted, and has what was announced in all lives before."""
    ended = Cuts()
    for number in range(cuts + 1):
        life = folder / str(number)
        life.mkdir()
        with Guest(image, disk.source, life, _HARDWARE) as guest:
            gate = Gate(guest)
            gate.logged("ready", seconds=1200)
            ended.boots.append(gate.ready_after_s())
            guest.wait()
            ended.promises.require_kept(gate)
            if number < cuts:
                _cut_among_passages(gate, site, chance)
                ended.promises.note(gate)
            else:
                lane = CardLane(gate)
                gate.online("id-reader")
                assert lane.serve(site.people["citizen"].block).values["outcome"] == "pass"
                lane.close()
        lost, waiting = disk.cut(chance)
        ended.lost, ended.waiting = ended.lost + lost, ended.waiting + waiting
    return ended


def _cut_among_passages(gate: Gate, site: Site, chance: random.Random) -> None:
    """One person after the other, until the power goes at a moment of chance."""
    lane = CardLane(gate)
    gate.online("id-reader")
    cut = threading.Timer(chance.uniform(0, _LONGEST_S), gate.guest.process.kill)
    cut.start()
    with contextlib.suppress(GuestError, ConsoleError, QmpError):
        while True:
            lane.serve(site.people["citizen"].block)
    cut.join()
    lane.close()
