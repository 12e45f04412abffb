"""Everything is pulled out of a working gate and put back, at every moment; ``unplug_all.py`` does it for longer."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from unplug_incidents import Incidents, Moment, possible
from unplug_site import at_work
from vectors import ROOT

from gate.app.demo.stage import CONFIG, install

if TYPE_CHECKING:
    from pathlib import Path

SEED = 20220607
READERS = ("id-reader", "gun", "serial-gun", "camera")
ENDS_WITHIN_S = 30


def test_whatever_is_pulled_out_the_others_go_on_and_nobody_is_forgotten(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    absent = chance.choice(READERS)

    async def scenario() -> None:
        async with at_work(tmp_path, absent=absent) as site:
            parts = list(site.parts.values())
            for part in parts:
                if part.name != absent:
                    await site.served(part)
            incidents = Incidents(site, chance)
            await incidents.comes_later(site.parts[absent])
            chance.shuffle(parts)
            for moment in Moment:
                if moment is not Moment.FLAPPING:
                    struck = next(part for part in parts if possible(part, moment))
                    parts.remove(struck)
                    await incidents.strike(struck, moment)
            await incidents.everything_at_once()
            await incidents.check()

    asyncio.run(scenario())


def test_a_gate_whose_devices_come_and_go_fifty_times_holds_no_more_than_before(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with at_work(tmp_path) as site:
            for part in site.parts.values():
                await site.served(part)
            incidents = Incidents(site, random.Random(SEED))
            await incidents.everything_flaps(-(-50 // len(site.parts)))
            for part in site.parts.values():
                if part.reads:
                    await incidents.serve(part, good=True)
            await incidents.check()

    asyncio.run(scenario())


BUGS = {
    "in its task": "raise ZeroDivisionError",
    "in a callback": "asyncio.get_running_loop().call_soon(lambda: 1 / 0); await asyncio.Event().wait()",
}
WITH_A_BUG = """
import asyncio, dataclasses, sys, types
import drivers

class Broken:
    @dataclasses.dataclass
    class Settings:
        pass

    def __init__(self, name, settings):
        self.name = name

    async def run(self, emit):
        {bug}

sys.modules["broken"] = types.SimpleNamespace(Broken=Broken)
drivers.DRIVERS = {{**drivers.DRIVERS, "broken": "broken:Broken"}}
from gate.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_in_a_driver_ends_the_process_which_is_started_again(tmp_path: Path, bug: str) -> None:
    text = CONFIG.read_text(encoding="utf-8").replace("rules/", f"{CONFIG.parent}/rules/")
    config = tmp_path / "demo.toml"
    config.write_text(text + '[kiosk]\nport = 0\n[[readers]]\nname = "broken"\ndriver = "broken"\n', encoding="utf-8")
    state = tmp_path / "state"
    state.mkdir()
    arguments = ("run", "--config", str(install(config, state)), "--state", str(state))
    done = subprocess.run(
        [sys.executable, "-c", WITH_A_BUG.format(bug=BUGS[bug]), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "ZeroDivisionError" in done.stderr, "whoever looks for it finds it in the log"
    assert 'reader-lost reader="broken"' not in done.stderr, "no outage of a device"
