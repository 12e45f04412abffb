"""``gate readers``: which ID readers are known, and which one waits to be approved."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gate.app.reader_pins import ReaderPins
from gate.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    state = Path("/var/lib/gate")
    parser.add_argument("--state", type=Path, default=state, metavar="FOLDER", help="default: %(default)s")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    approve = actions.add_parser("approve", help="let the reader that waits take the place of the one before it")
    approve.add_argument("name", help="as in the configuration, e.g. id-reader")
    # Also after the action; without a default of its own, which would take the place of what stands before it.
    approve.add_argument("--state", type=Path, default=argparse.SUPPRESS, metavar="FOLDER", help=f"default: {state}")
    parser.epilog = "Without an action: list them. A running gate notices an approval by itself."


def run(arguments: argparse.Namespace) -> int:
    """List, or approve; 1 where that can't be."""
    pins = ReaderPins(arguments.state)
    try:
        if arguments.action == "approve":
            print(f"{arguments.name}: approved, {pins.approve(arguments.name)}")
            return 0
        for name, pin in sorted(pins.pins().items()):
            print(f"{name}: {pin.approved}")
            if pin.waiting is not None:
                print(f"{name}: waits for approval, {pin.waiting}")
    except ConfigError as fault:
        print(f"gate readers: {fault}", file=sys.stderr)
        return 1
    return 0
