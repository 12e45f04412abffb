"""A new version of the software, and the way back, with the plug pulled in the middle (decision 0016)."""

from __future__ import annotations

import contextlib
import random
import threading
from typing import TYPE_CHECKING

import pytest
from hil.cards import CardLane
from hil.machine.cached_disk import CachedDisk
from hil.machine.console import ConsoleError
from hil.machine.gate import Gate
from hil.machine.guest import Guest, GuestError

if TYPE_CHECKING:
    from pathlib import Path

    from hil.machine.image import Image
    from hil.machine.site import Site
    from hil.report import Facts

_MAKE_NEXT = """
set -e
cd /opt/gate/versions
old=$(readlink ../current); old=${old#versions/}
cp -r "$old" /var/tmp/next
cd /var/tmp/next
grep -rlI "/versions/$old" bin pyvenv.cfg | xargs sed -i "s#/versions/$old#/versions/$old.next#"
cd ..
tar --create --directory /var/tmp/next . | zstd -q -1 -o /var/tmp/next.tar.zst
rm -r /var/tmp/next
sync
echo "$old"
"""
_LONGEST_S = 120.0
_CUTS = 4


@pytest.mark.on("software")
def test_a_power_cut_during_an_upgrade_or_the_way_back_leaves_a_gate_that_starts(
    hil_image: Image, set_up_disk: CachedDisk, site: Site, tmp_path: Path, facts: Facts
) -> None:
    chance = random.Random(1)
    seen = []
    with CachedDisk(hil_image.disk, set_up_disk) as disk:
        old = ""
        for number in range(_CUTS + 1):
            folder = tmp_path / str(number)
            folder.mkdir()
            with Guest(hil_image, disk.source, folder) as guest:
                gate = Gate(guest)
                gate.logged("ready", seconds=1200)
                guest.wait()
                old = old or guest.console.check(_MAKE_NEXT, 600).strip()
                seen.append(guest.console.check("readlink /opt/gate/current").removeprefix(f"versions/{old}").strip())
                assert seen[-1] in {"", ".next"}
                if number < _CUTS:
                    command = f"gate-switch add {old}.next /var/tmp/next.tar.zst && gate-switch to {old}.next"
                    _cut_amid(guest, command if number < _CUTS - 1 else "gate-switch back", chance)
                else:
                    _ends_well(gate, site, old)
            disk.cut(chance)
    facts.note(
        f"{_CUTS} power cuts amid upgrade and way back", f"after them: {', '.join(name or 'old' for name in seen)}"
    )


def _cut_amid(guest: Guest, command: str, chance: random.Random) -> None:
    cut = threading.Timer(chance.uniform(0, _LONGEST_S), guest.process.kill)
    cut.start()
    with contextlib.suppress(GuestError, ConsoleError, OSError):
        guest.console.run(command, 600)
    cut.join()


def _ends_well(gate: Gate, site: Site, old: str) -> None:
    """Without a cut both ways work, and a version that does not come up is left by itself."""
    console = gate.guest.console
    lane = CardLane(gate)
    console.check(f"gate-switch add {old}.next /var/tmp/next.tar.zst && gate-switch to {old}.next", 900)
    gate.online("id-reader")
    assert lane.serve(site.people["citizen"].block).values["outcome"] == "pass"
    console.check(
        f"cd /opt/gate/versions && cp -r {old}.next 9-bad && printf '#!/bin/sh\\nexit 1\\n' >9-bad/bin/gate", 300
    )
    assert console.run("gate-switch to 9-bad", 900).status
    assert console.check("readlink /opt/gate/current").strip() == f"versions/{old}.next"
    gate.wait_active()
    lane.close()
