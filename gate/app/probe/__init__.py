"""``gate probe``: what is plugged in, what it is to a gate, and what to write into the configuration."""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gate.app.probe import show, traps
from gate.app.probe.ask import asked
from gate.app.probe.find import findings
from gate.app.probe.kernel import look

if TYPE_CHECKING:
    from gate.app.probe.find import Finding

EPILOG = """\
Looks only at what the kernel and udev say, opens no device, and changes nothing:
  gate probe                    what is there, how sure that is, what stands in its way, what to paste
  gate probe --ask              the same, and each serial port that is free is asked whether an ID reader is behind it

Many things share one chip (a CH340 is in relays, readers and guns), so an id alone decides nothing that is only likely.
--ask writes to the port: not while another program needs what is behind it. No card is asked for.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--ask", action="store_true", help="ask for an ID reader: writes to ports, 8 s at most for each"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)  # recorded trees of devices


def run(arguments: argparse.Namespace) -> int:
    """Look, ask where that is wanted, and print; 0."""
    found, wrong = looked(arguments.root)
    if arguments.ask:
        found = tuple(_asked(finding, arguments.root) for finding in found)
    print((show.as_json if arguments.json else show.as_text)(found, wrong))
    return 0


def looked(root: Path = Path("/")) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What there is below ``root``, and what is wrong with the machine as a whole."""
    devices = look(root)
    found = traps.named(findings(devices), devices, root, traps.account())
    return found, tuple(traps.of_machine(found, root))


def _asked(finding: Finding, root: Path) -> Finding:
    if any(trap.startswith(traps.HELD) for trap in finding.traps):
        return replace(finding, traps=(*finding.traps, "not asked: stop that program first"))
    for stanza in finding.stanzas:
        table = tomllib.loads(stanza.toml).get("readers", [{}])[0]
        if table.get("driver") == "idcard":
            where = {key: table[key] for key in ("port", "usb") if key in table}
            if root != Path("/") and "port" in where:
                where["port"] = str(root / where["port"][1:])
            return asked(finding, where, root)
    return finding
