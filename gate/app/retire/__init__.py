"""``gate retire``: erases everything personal and the device's key, and leaves a certificate of it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gate import __version__
from gate.app.fleet.key import load_key
from gate.app.fleet.serial import serial_number
from gate.app.retire import certificate, traces
from gate.app.retire.certificate import Statement
from gate.config_file import load
from gate.errors import ConfigError
from gate.lease import erase

if TYPE_CHECKING:
    import argparse

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gate.app.retire.certificate import Certificate
    from gate.config import GateConfig

EPILOG = """\
For a device that leaves: sold, sent in for repair, thrown away. Stop the gate first (sudo systemctl disable --now
gate). What it knows about people, its journal and its keys are erased, and /var/lib/gate/retired.json says so, signed
by the key that is erased with it: keep a copy. Take the device out of the fleet as well: a key that somebody copied
before is dead only then.

A card may keep old contents for a while in places that no program reaches. The journal's names and numbers are sealed
to the operator's key; whoever finds the old pseudonym key there finds what a stolen card would have shown.

Exit status: 0 erased, 1 not erased, and why. It may be cut off and started again.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("device", help="the name that it is enrolled by, else that of its checkpoint: against mix-ups")
    parser.add_argument(
        "--even-unsent", action="store_true", help="erase rows too that the fleet does not have; they are lost"
    )
    for name, default in (("--config", "/etc/gate/gate.toml"), ("--state", "/var/lib/gate")):
        parser.add_argument(name, type=Path, default=Path(default), metavar="PATH", help="default: %(default)s")
    parser.epilog = EPILOG


def run(args: argparse.Namespace) -> int:
    """Do it and give the exit status."""
    try:
        config = load(args.config, args.state)
        traces.require_idle(config.journal.path)
        begun = certificate.begun(args.state)
        if begun is None:
            begun = _begin(args, config)
        _require_name(args.device, begun.statement.device)
        erase(traces.all_of(config, args.state))
        file = certificate.finish(args.state)
    except (ConfigError, OSError) as fault:
        print(f"gate retire: {fault}", file=sys.stderr)
        return 1
    for one in begun.statement.erased:
        print(f"erased  {one.path}  {one.bytes:,} bytes")
    print(f"{begun.statement.device} is retired; the certificate: {file}")
    return 0


def _begin(args: argparse.Namespace, config: GateConfig) -> Certificate:
    name = config.device or config.checkpoint.id
    _require_name(args.device, name)
    waiting = _unsent(config, even_unsent=args.even_unsent)
    statement = Statement(
        device=name,
        serial=serial_number(),
        software=__version__,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=" ".join(["gate retire", args.device, *(["--even-unsent"] if args.even_unsent else [])]),
        unsent=waiting,
        erased=traces.sizes(traces.all_of(config, args.state)),
        fleet=None if config.fleet is None else config.fleet.url,
    )
    made = certificate.sign(statement, _key(config))
    certificate.begin(args.state, made)
    return made


def _require_name(given: str, name: str) -> None:
    if given != name:
        raise ConfigError(f'this is "{name}", not "{given}"; nothing was erased')


def _unsent(config: GateConfig, *, even_unsent: bool) -> int:
    """Rows that will be lost.

    Raises:
        ConfigError: there are some, and nobody said that this is meant.
    """
    try:
        waiting = traces.unsent(config)
    except ConfigError:
        if even_unsent:
            return 0
        raise
    if waiting and not even_unsent:
        raise ConfigError(
            f"{waiting:,} rows of the journal are not with the fleet and would be lost (gate journal stats); let the "
            f"gate send them, or keep a copy (gate journal export), or say --even-unsent"
        )
    return waiting


def _key(config: GateConfig) -> Ed25519PrivateKey | None:
    try:
        return None if config.fleet is None else load_key(config.fleet.key)
    except ConfigError:
        return None
