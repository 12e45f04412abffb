"""``gate read``: what a real reader sees, for whoever installs one."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers.idcard import RATES, IdCardReader
from gate.app import read_thermometer
from gate.credentials import resident_id
from gate.errors import ConfigError, CredentialFault, DeviceLost
from gate.model import Notice, NoticeKind, Reading

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gate.model import ReaderEvent

_REVEAL = "gate.app.reveal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The devices that can be read, and their options."""
    devices = parser.add_subparsers(dest="device", metavar="DEVICE", required=True)
    card = devices.add_parser("idcard", help="a resident-ID reader (SAM_V module) on a serial port or on USB")
    where = card.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=Path, help="e.g. /dev/serial/by-id/usb-…; `ls /dev/serial/by-id`")
    where.add_argument("--usb", metavar="ID", help="a reader that is no serial port, e.g. 0400:c35a; `lsusb`")
    card.add_argument("--baud", type=int, choices=RATES, help="line rate (default: each is tried)")
    card.add_argument("--count", type=int, default=1, metavar="N", help="end after N cards (default: 1)")
    card.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds for all (default: 30)")
    card.add_argument("--json", action="store_true", help="one JSON object a line instead of words")
    if importlib.util.find_spec(_REVEAL) is not None:
        card.add_argument("--reveal", action="store_true", help="show every field in clear, not masked")
        card.add_argument(
            "--portrait", type=Path, metavar="FILE", help="write the last portrait as a BMP, with a decoder of your own"
        )
    read_thermometer.add_arguments(devices)
    card.epilog = "Exit status: 0 all cards were read, 1 not in time or the reader was lost, 2 wrong options."


def run(arguments: argparse.Namespace) -> int:
    """Read until the count is reached; 0 then, 1 where the reader or the time was lost."""
    if arguments.device == read_thermometer.DEVICE:
        return read_thermometer.run(arguments)
    try:
        settings = IdCardReader.Settings(arguments.port, arguments.baud, arguments.usb)
    except ConfigError as fault:
        print(f"gate read: {fault}", file=sys.stderr)
        return 2
    view = _View(arguments.count, as_json=arguments.json, reveal=getattr(arguments, "reveal", False))
    try:
        keep = _keep_portrait(getattr(arguments, "portrait", None))
        return asyncio.run(_read(IdCardReader("id-reader", settings, keep), view, arguments.timeout))
    except ConfigError as fault:
        print(f"gate read: {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 1


def _keep_portrait(file: Path | None) -> Callable[[bytes], None] | None:
    if file is None:
        return None
    module: Any = importlib.import_module(_REVEAL)
    keep: Callable[[bytes], None] = module.portraits_to(file)
    return keep


async def _read(driver: IdCardReader, view: _View, seconds: float) -> int:
    reading = asyncio.create_task(driver.run(view.take))
    enough = asyncio.create_task(view.enough.wait())
    done, _ = await asyncio.wait({reading, enough}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    enough.cancel()
    if reading in done:
        try:
            reading.result()
        except DeviceLost as lost:
            print(f"gate read: {lost}", file=sys.stderr)
        return 1
    reading.cancel()
    if not done:
        print(f"gate read: {view.missing()} within {seconds:g} s; {view.advice()}", file=sys.stderr)
    return 0 if done else 1


class _View:
    """Prints what a driver emits."""

    def __init__(self, count: int, *, as_json: bool, reveal: bool) -> None:
        self._left = count
        self._as_json = as_json
        self._reveal = reveal
        self._reader_answers = False
        self.enough = asyncio.Event()

    def take(self, event: ReaderEvent) -> None:
        """Print one event."""
        if isinstance(event, Notice):
            self._reader_answers |= event.kind is NoticeKind.ONLINE
            self._print({"notice": event.kind.value, "detail": event.detail})
            return
        self._print(self._card(event))
        self._left -= 1
        if self._left <= 0:
            self.enough.set()

    def missing(self) -> str:
        """What did not happen."""
        return "not enough cards" if self._reader_answers else "no answer"

    def advice(self) -> str:
        """What to try."""
        if self._reader_answers:
            return "lay a card flat on the reader and leave it there until it was read"
        return "is this the reader's port, has it power, is the rate right?"

    def _card(self, reading: Reading) -> dict[str, str]:
        try:
            card = resident_id.read_card(reading.data)
        except CredentialFault as fault:
            return {"fault": fault.reason.value, "detail": fault.detail}
        if self._reveal:
            module: Any = importlib.import_module(_REVEAL)
            found: dict[str, str] = module.revealed(card)
            return found
        return resident_id.masked(card)

    def _print(self, values: dict[str, str]) -> None:
        if self._as_json:
            print(json.dumps(values, ensure_ascii=False), flush=True)
        else:
            print("  ".join(f"{name}: {value}" for name, value in values.items()), flush=True)
