"""``gate``: the one command, on the device and at the desk."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any

from gate import __version__

DESCRIPTION = """\
An entrance that reads an ID card, a health code or a signed certificate, judges it by a rule set that it keeps, says
and shows the result, and records it before anybody is let in.

Start here:
  gate demo --once            a whole shift against simulated devices, one line a person
  gate check "HC1:…"          judge one certificate, as text or as a picture, and print why
  gate probe                  what is plugged in, and what to write into the configuration
  gate read idcard --port /dev/ttyUSB0    what a real reader sees
  gate rules check config/rules/*.json    is this rule set good? test, explain and diff go on from there
  gate run --check-config --config FILE   is this configuration good?
"""


@dataclass(frozen=True, slots=True)
class _Command:
    module: str
    summary: str


COMMANDS = {
    "run": _Command("gate.app.run", "the daemon: serve the devices of the configuration until stopped"),
    "camera": _Command("gate.app.camera", "the camera's process: hands decoded codes to the daemon"),
    "demo": _Command("gate.app.demo.command", "play a shift: the daemon against simulated devices"),
    "check": _Command("gate.app.check", "judge one certificate or code and print the result as JSON"),
    "issue": _Command("gate.app.issue", "sign health codes and permits of a city's own, for tests and pilots"),
    "rules": _Command("gate.app.rules", "check, test, explain and compare rule sets"),
    "permits": _Command("gate.app.permits", "import the list of permits that staff keep, and show what it holds"),
    "status": _Command("gate.app.status", "make lists of people for when nobody can be asked, and look at them"),
    "trust": _Command(
        "gate.app.trust", "make keys and signed bundles of whom a gate believes, and show what one holds"
    ),
    "journal": _Command(
        "gate.app.journal", "what is on record: count it, verify it, export it, send refused rows again"
    ),
    "enrol": _Command("gate.app.enrol", "make this device a gate of a fleet, by a claim from the fleet's console"),
    "retire": _Command("gate.app.retire", "erase everything personal and the device's key, and certify it"),
    "probe": _Command(
        "gate.app.probe", "find what is plugged in, say what it is, and print what to write into the configuration"
    ),
    "read": _Command("gate.app.read", "show what a reader sees, masked"),
    "readers": _Command("gate.app.readers", "list the ID readers that are known, and approve another one"),
    "doctor": _Command("gate.app.doctor", "collect what support needs to know, in one file without personal data"),
    "voice": _Command("gate.app.voice", "list, build, check and play what the gate says"),
    "bench": _Command("bench.command", "measure: medians, p99 and ratios in one run"),
}


def main(argv: list[str] | None = None) -> int:
    """Parse the command line, do it, and give the exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="gate", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"gate {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    # Only the module of the command that was asked for is loaded: the others bring libraries that it does not need.
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    modules: dict[str, Any] = {}
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary[0].upper() + command.summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == wanted:
            modules[name] = importlib.import_module(command.module)
            modules[name].add_arguments(sub)
    parsed = parser.parse_args(arguments)
    try:
        return int(modules[parsed.command].run(parsed))
    except BrokenPipeError:
        # Whoever read our output has seen enough (`gate check … | head`); nothing more can be said to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
