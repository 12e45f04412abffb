"""``gate enrol``: makes a device a gate of a fleet, by a claim that somebody with a console gave to it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.app.enrol.work import Device, NotEnrolled, accept, carry_out
from gate.app.fleet.inventory import board
from gate.app.fleet.kept import Kept
from gate.app.fleet.serial import serial_number
from gate.config_file import read_table
from gate.errors import ConfigError, DeviceLost, NetworkFault, WireFault
from gate.files import read_bounded
from gate.wire.claims import MOST_CHARACTERS
from voice import phrases

if TYPE_CHECKING:
    import argparse

TRY_AGAIN, UNUSABLE, REFUSED = 1, 2, 3
_MOST_BYTES: Final = 4 * MOST_CHARACTERS
"""Of a file with a claim, however it is spelt."""
EPILOG = """\
A claim is good for one device, by the serial number that `gate enrol` shows, and once. It comes from the fleet's
console: as text, as a file, or as a QR code.

  gate enrol                                   who am I, and am I enrolled?
  gate enrol GATECLAIM1:…                      by a claim as text (- reads it from standard input)
  gate enrol --file /boot/firmware/gate-claim.txt
  gate enrol --scan                            by a QR code, with the gate's own gun; stop the gate first
  gate enrol --scan --button 21                the same, once the button on GPIO 21 is pressed

Run it as the gate's user (sudo -u gate gate enrol …). It may be cut off and tried again at any point.
Exit status: 0 enrolled, 1 not now (try again), 2 this device or the command can't do it, 3 the claim is refused.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("claim", nargs="?", metavar="CLAIM", help="the claim itself, or - for standard input")
    how.add_argument("--file", type=Path, metavar="FILE", help="a file with the claim")
    how.add_argument("--scan", action="store_true", help="read it with the gate's gun")
    parser.add_argument("--button", type=int, metavar="GPIO", help="with --scan: wait for a button on this line (BCM)")
    for name, default in (
        ("--config", "/etc/gate/gate.toml"),
        ("--state", "/var/lib/gate"),
        ("--root", "/etc/gate/root.json"),
    ):
        parser.add_argument(name, type=Path, default=Path(default), metavar="PATH", help="default: %(default)s")
    parser.epilog = EPILOG


def run(args: argparse.Namespace) -> int:
    """Do it and give the exit status."""
    try:
        serial, kept = serial_number(), Kept(args.state)
        text = _text(args)
        if text is None:
            return _show(serial, kept)
        return _enrol(text, _device(serial, args.root), kept, args.config)
    except (ConfigError, DeviceLost) as fault:
        print(f"gate enrol: {fault}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        return TRY_AGAIN


def _enrol(text: str, device: Device, kept: Kept, config: Path) -> int:
    if _written_by_hand(config):
        _say("by_hand")
        return UNUSABLE
    try:
        claim = accept(text, device).claim
        found = carry_out(text, claim, device, kept)
    except NotEnrolled as refused:
        _say(refused.why, refused.detail, **refused.values)
        return REFUSED
    except (NetworkFault, WireFault) as fault:
        _say("not_reached", str(fault))
        return TRY_AGAIN
    fleet = kept.fleet()
    name = claim.device if fleet is None else fleet.device
    _say("already" if found is None else "enrolled", device=name, site=claim.site)
    return 0


def _text(args: argparse.Namespace) -> str | None:
    """The claim, without the blanks and line ends that it got on its way; None: nobody gave one."""
    if args.button is not None and not args.scan:
        raise ConfigError("--button goes with --scan")
    if args.scan:
        return asyncio.run(_scanned(args))
    if args.file is not None:
        try:
            data = read_bounded(args.file, _MOST_BYTES)
        except OSError as fault:
            raise ConfigError(f"{args.file}: can't be read ({fault.strerror or fault})") from None
    elif args.claim == "-":
        data = sys.stdin.buffer.read(_MOST_BYTES)
    elif args.claim is not None:
        data = args.claim.encode("utf-8", "replace")
    else:
        return None
    return "".join(data.decode("utf-8-sig", "replace").split())


async def _scanned(args: argparse.Namespace) -> str:
    from gate.app.enrol import gun  # noqa: PLC0415 - brings every driver, and nothing else here needs one

    guns = gun.guns(args.config, args.state)
    if args.button is not None:
        _say("press", pin=str(args.button))
        await gun.pressed(args.button)
    found = await gun.claim(guns, _say)
    if found is None:
        raise ConfigError(f"no claim was read within {gun.SECONDS:g} s; start again")
    return found


def _device(serial: str, root: Path) -> Device:
    try:
        return Device(serial, board(), read_bounded(root))
    except OSError as fault:
        raise ConfigError(
            f"{root}: the pinned root can't be read ({fault.strerror or fault}); it says whose claims this device may "
            f"believe, and comes with the installation (docs/install.md)"
        ) from None


def _written_by_hand(config: Path) -> bool:
    """Whether the configuration has a fleet; what else is wrong with it is no matter here."""
    try:
        return "fleet" in read_table(config)
    except ConfigError:
        return False


def _show(serial: str, kept: Kept) -> int:
    print(f"serial number {serial}")
    fleet = kept.fleet()
    if fleet is None:
        print("not enrolled")
        return 0
    print(f"enrolled      as {fleet.device}, by {fleet.url}, claim {kept.label()}")
    return 0


def _say(key: str, detail: str = "", **values: str) -> None:
    """In every language that there is, the words that are not ours below them."""
    for lines in phrases.load(phrases.available()).installer.values():
        text = lines[key]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        print(text, flush=True)
    if detail:
        print(f"  {''.join(c if c.isprintable() else '?' for c in detail)}", flush=True)
