"""The plug is pulled during passages, from a disk that forgets what was not flushed."""

from __future__ import annotations

import contextlib
import random
import threading
from typing import TYPE_CHECKING

import pytest
from hil.cards import CardLane, Promises
from hil.machine.cached_disk import CachedDisk
from hil.machine.console import ConsoleError
from hil.machine.gate import Gate
from hil.machine.guest import Guest, GuestError
from hil.machine.qmp import QmpError

if TYPE_CHECKING:
    from pathlib import Path

    from hil.machine.image import Image
    from hil.machine.site import Site
    from hil.report import Facts

_LONGEST_S = 20.0
"""From the first card to the cut: some passages."""


@pytest.mark.on("disk")
@pytest.mark.parametrize("cuts", [pytest.param(1, marks=pytest.mark.smoke), 50])
def test_every_pass_that_was_announced_is_on_record_after_power_cuts(
    hil_image: Image, set_up_disk: CachedDisk, site: Site, tmp_path: Path, facts: Facts, cuts: int
) -> None:
    chance = random.Random(cuts)
    promises = Promises()
    lost = waiting = 0
    with CachedDisk(hil_image.disk, set_up_disk) as disk:
        for number in range(cuts + 1):
            folder = tmp_path / str(number)
            folder.mkdir()
            with Guest(hil_image, disk.source, folder) as guest:
                gate = Gate(guest)
                gate.logged("ready", seconds=1200)
                facts.boots.append(gate.ready_after_s())
                guest.wait()
                promises.require_kept(gate)
                if number < cuts:
                    _cut_among_passages(gate, site, chance)
                    promises.note(gate)
                else:
                    lane = CardLane(gate)
                    assert lane.serve(site.people["citizen"].block).values["outcome"] == "pass"
                    lane.close()
            gone, all_of_them = disk.cut(chance)
            lost, waiting = lost + gone, waiting + all_of_them
    assert promises.ids or cuts == 1
    facts.note(
        f"{cuts} power cuts",
        f"{len(promises.ids)} announced passes, all found; {lost} of {waiting} unflushed blocks lost",
    )


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
