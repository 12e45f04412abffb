"""``fleet``: what IT staff run."""

from __future__ import annotations

import importlib
import sys
from typing import Final

from fleet.errors import FleetError

COMMANDS: Final = {
    "run": ("fleet.run", "a whole server on this machine alone, until Ctrl-C; the same as no command at all"),
    "plane": ("fleet.plane.server", "one replica of what gates talk to, on a database that is there"),
    "console": ("fleet.console.server", "the pages for people, on the same database"),
    "claims": ("fleet.claims_export", "claims for many devices at once, as files for their cards and a sheet to print"),
    "gateway": ("fleet.gateway.server", "the city's one point between gates and provincial interfaces"),
    "gateway-key": ("fleet.gateway.key_command", "the key by which it tells that who asks is a gate of this fleet"),
    "province": (
        "fleet.province.server",
        "a simulated provincial interface with fictional people, and the vices of real ones",
    ),
    "sign": ("fleet.publishing.sign", "a release, by two people, each on a machine of their own"),
    "publish": ("fleet.publishing.command", "a signed bundle to the gates, ring by ring"),
    "configuration": ("fleet.configuration.command", "what is set at the console, as files that two people sign"),
    "rules": ("fleet.drafts.command", "a rule set that was edited at the console, as the file that two people sign"),
    "rollouts": ("fleet.publishing.worker", "what moves rollouts on, or back, beside the site's folder"),
    "flags": ("fleet.flags.export", "whoever has a colour set by hand now, as a table for the desk that makes lists"),
    "days": ("fleet.days.command", "the days that are kept, their sizes and keys; and dropping those past their time"),
    "keys": ("fleet.days.keys_command", "people's keys, and keys of the day that only two people together can use"),
    "trace": ("fleet.trace.command", "who passed a site in a few hours: for a case, by two people's keys, audited"),
    "simulate": ("fleet.simulator.command", "many simulated gates, with the software of real ones, to rehearse with"),
    "bench": ("fleet.bench", "heartbeats and rows at a steady rate, with a database of its own; prints rates and p99"),
}


def main(arguments: list[str]) -> int:
    """Run a command; gives the exit code."""
    name, *rest = arguments if arguments and not arguments[0].startswith("-") else ["run", *arguments]
    if name not in COMMANDS:
        print(f"There is no command {name!r}. There are:", file=sys.stderr)
        for command, (_, summary) in COMMANDS.items():
            print(f"  {command:13} {summary}", file=sys.stderr)
        return 2
    try:
        found: int = importlib.import_module(COMMANDS[name][0]).main(rest)
    except FleetError as fault:
        print(f"fleet: {fault}", file=sys.stderr)
        return 1
    return found


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
