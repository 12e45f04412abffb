"""Pulls devices out of a working gate at random for some minutes: a table of what was pulled when, and what was told.

Run from the checkout: ``.venv/bin/python tests/unplug_all.py --minutes 10 --seed 1``. The same seed strikes the same
devices at the same moments in the same order; how far the gate has come with a read by then is up to the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pages import table
from unplug_incidents import FLAPS, Incidents, Moment, possible
from unplug_site import BEGINS, ENDS, at_work

from gate.errors import GateError
from gate.model import Outcome

if TYPE_CHECKING:
    from unplug_parts import Part
    from unplug_site import Site

RARE = 12
"""Of so many strikes one is at everything, and one makes a device flap: both take longest."""


async def strike_for(minutes: float, seed: int, folder: Path) -> bool:
    """Do it, and print what came of it; False where something was not as it must be."""
    chance = random.Random(seed)
    async with at_work(folder) as site:
        incidents = Incidents(site, chance)
        for part in site.parts.values():
            await site.served(part)
        fault = ""
        try:
            await _everybody_as_usual(incidents)
            await incidents.everything_flaps(FLAPS)  # from now on every part of the program is loaded
            before = site.held()
            until, parts = time.monotonic() + 60 * minutes, list(site.parts.values())
            while time.monotonic() < until:
                # One of those that were left alone for longest: no time is lost until it is steady.
                part = parts.pop(chance.randrange(len(parts) // 2))
                await _one(incidents, part, chance)
                parts.append(part)
            await site.holds(before)
            await incidents.check()
        except (AssertionError, GateError, TimeoutError) as wrong:
            fault = site.daemon.explain(str(wrong) or repr(wrong))
        _tell(site, incidents, seed)
    print(f"\nNot as it must be: {fault}" if fault else "\nAll as it must be.")  # noqa: T201 - its output
    return not fault


async def _everybody_as_usual(incidents: Incidents) -> None:
    """A good and a bad person at every reader of a gate that is whole."""
    for part in incidents.site.parts.values():
        for good in (False, True) if part.reads else ():
            assert (await incidents.serve(part, good=good) is Outcome.PASS) is good, part.name


async def _one(incidents: Incidents, part: Part, chance: random.Random) -> None:
    kind = chance.randrange(RARE)
    if kind == 0:
        await incidents.everything_at_once()
        return
    moments = [moment for moment in Moment if possible(part, moment) and moment is not Moment.FLAPPING]
    await incidents.strike(part, Moment.FLAPPING if kind == 1 else chance.choice(moments))


def _tell(site: Site, incidents: Incidents, seed: int) -> None:
    rows = [
        (
            name,
            *(incidents.pulls[name, moment] if possible(part, moment) else "" for moment in Moment),
            incidents.all_at_once,
            site.lines(part, *BEGINS),
            site.lines(part, *ENDS),
            site.lines(part, "unsteady"),
        )
        for name, part in site.parts.items()
    ]
    print(table(("device", *Moment, "everything at once", "outages told", "returns told", "unsteady"), rows))  # noqa: T201
    shown = site.presentations()
    outcomes = Counter(values["outcome"] for values in shown)
    slowest = max(values["decision_ms"] for values in shown)
    said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    print(  # noqa: T201 - its output
        f"\nSeed {seed}: {len(shown)} answers ({said}),"
        f" {len(site.rows())} rows, slowest decision {slowest:.0f} ms; at the start every device flapped {FLAPS} times;"
        f" files and threads at the end: {site.held()}."
    )


def main() -> int:
    """Pull; 1 where something was not as it must be."""
    parser = argparse.ArgumentParser(description="Pull devices out of a working gate at random.")
    parser.add_argument("--minutes", type=float, default=5, help="for so long (5)")
    parser.add_argument("--seed", type=int, default=1, help="another seed strikes otherwise (1)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(strike_for(arguments.minutes, arguments.seed, Path(folder))) else 1


if __name__ == "__main__":
    sys.exit(main())
