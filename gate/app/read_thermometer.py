"""``gate read thermometer``: what a thermometer sees, for whoever mounts one."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers import THERMOMETERS
from gate.app import thermometer
from gate.config_bind import Roots
from gate.errors import ConfigError, DeviceLost
from gate.rules.temperature import Correction, measured_tenths, of_somebody

if TYPE_CHECKING:
    import argparse

    from drivers import Driver
    from gate.model import ReaderEvent, ThermometerReading

DEVICE = "thermometer"
_SETTINGS = ("bus", "address", "port", "baud")


def add_arguments(devices: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The thermometer among the devices that can be read, and its options."""
    parser = devices.add_parser(DEVICE, help="an infrared thermometer")
    parser.add_argument("--driver", choices=sorted(THERMOMETERS), required=True)
    parser.add_argument("--bus", help="mlx90614: the I2C bus, e.g. /dev/i2c-1")
    parser.add_argument("--address", type=lambda text: int(text, 0), help="mlx90614: its address (default: 0x5a)")
    parser.add_argument("--port", help="gy-mcu90614: e.g. /dev/serial/by-id/usb-…; `ls /dev/serial/by-id`")
    parser.add_argument("--baud", type=int, help="gy-mcu90614: line rate (default: 9600)")
    parser.add_argument("--count", type=int, default=10, metavar="N", help="end after N readings (default: 10)")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="seconds for all (default: 10)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of words")
    parser.epilog = "Exit status: 0 all readings came, 1 not in time or the thermometer was lost, 2 wrong options."


def run(arguments: argparse.Namespace) -> int:
    """Show readings until the count is reached; 0 then, 1 where the thermometer or the time was lost."""
    given = {key: value for key in _SETTINGS if (value := getattr(arguments, key)) is not None}
    view = _View(arguments.count, as_json=arguments.json)
    here = Path.cwd()
    try:
        driver = thermometer.driver(arguments.driver, given, Roots(here, here), view.take)
        return asyncio.run(_watch(driver, view, arguments.timeout))
    except ConfigError as fault:
        print(f"gate read: {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 1


async def _watch(driver: Driver, view: _View, seconds: float) -> int:
    watching = asyncio.create_task(driver.run(_ignore))
    enough = asyncio.create_task(view.enough.wait())
    done, _ = await asyncio.wait({watching, enough}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    enough.cancel()
    if watching in done:
        try:
            watching.result()
        except DeviceLost as lost:
            print(f"gate read: {lost}", file=sys.stderr)
        return 1
    watching.cancel()
    if not done:
        print(f"gate read: not enough readings within {seconds:g} s", file=sys.stderr)
        return 1
    view.sum_up()
    return 0


def _ignore(_: ReaderEvent) -> None:
    """A thermometer's own news: the readings themselves tell an installer more."""


class _View:
    """Prints what a driver measures."""

    def __init__(self, count: int, *, as_json: bool) -> None:
        self._count = count
        self._as_json = as_json
        self._readings: list[ThermometerReading] = []
        self.enough = asyncio.Event()

    def take(self, reading: ThermometerReading) -> None:
        """Print one reading."""
        if len(self._readings) >= self._count:
            return
        self._readings.append(reading)
        self._print({"target": reading.target / 100, "ambient": reading.ambient / 100})
        if len(self._readings) >= self._count:
            self.enough.set()

    def sum_up(self) -> None:
        """Say what a gate would make of them, without any correction."""
        tenths = measured_tenths(self._readings, Correction())
        of_people = len(of_somebody(self._readings))
        self._print({"measured": None if tenths is None else tenths / 10, "readings of a person": of_people})

    def _print(self, values: dict[str, Any]) -> None:
        if self._as_json:
            print(json.dumps(values), flush=True)
        else:
            words = {name: "no" if value is None else str(value) for name, value in values.items()}
            print("  ".join(f"{name}: {value}" for name, value in words.items()), flush=True)
