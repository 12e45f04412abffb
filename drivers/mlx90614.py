"""MLX90614 infrared thermometer on an I2C bus.

A transfer may hang as long as the bus does, so a daemon thread of its own makes them. Every word is checked (PEC, error
flag); one that is damaged is dropped, and so many in a row mean that the sensor is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.mlx90614_bus import KernelBus
from drivers.mlx90614_words import ADDRESS, AMBIENT, ANSWER_SIZE, OBJECT, Bus, hundredths
from gate.errors import ConfigError, DeviceLost, ProtocolFault
from gate.model import Notice, NoticeKind, ThermometerReading

if TYPE_CHECKING:
    from drivers import Emit, TakeReading

PERIOD_S: Final = 0.08
SETTLING: Final = 4
"""Readings that are not believed after the sensor was opened or lost: the first ones after power-up are wrong."""
MOST_FAULTS: Final = 12
"""So many faults in a row, about a second, and the sensor is taken for gone."""
_ADDRESSES: Final = range(0x08, 0x78)

OpenBus = Callable[[Path], Bus]
_Report = ThermometerReading | BaseException


class Mlx90614:
    """Driver of one MLX90614."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """What an installer sets.

        Raises:
            ConfigError: ``address`` is none of a device on an I2C bus.
        """

        bus: Path
        """e.g. ``/dev/i2c-1``."""
        address: int = ADDRESS

        def __post_init__(self) -> None:
            if self.address not in _ADDRESSES:
                raise ConfigError(
                    f'key "address": {self.address:#x} is no address of a sensor; write e.g. {ADDRESS:#x}, as shipped'
                )

    def __init__(self, name: str, settings: Settings, take: TakeReading, open_bus: OpenBus = KernelBus) -> None:
        self._name = name
        self._settings = settings
        self._take = take
        self._open_bus = open_bus

    @property
    def name(self) -> str:
        return self._name

    async def run(self, emit: Emit) -> None:
        """Measure until the sensor is lost; see ``drivers.Driver``.

        Raises:
            DeviceLost: the bus can't be opened, or the sensor stopped answering.
        """
        loop = asyncio.get_running_loop()
        reports: asyncio.Queue[_Report] = asyncio.Queue()

        def post(report: _Report) -> None:
            loop.call_soon_threadsafe(reports.put_nowait, report)

        poller = _Poller(self._settings, self._open_bus, post)
        try:
            online = False
            while True:
                report = await reports.get()
                if isinstance(report, BaseException):
                    raise report
                if not online:
                    emit(
                        Notice(
                            self._name, NoticeKind.ONLINE, f"MLX90614 at {self._settings.address:#x}", time.monotonic()
                        )
                    )
                    online = True
                self._take(report)
        finally:
            poller.stop()


class _Poller:
    """Reads one sensor in a daemon thread from construction until ``stop``.

    Args:
        post: called in the thread with each reading; the last report is the exception that ended it.
    """

    def __init__(self, settings: Mlx90614.Settings, open_bus: OpenBus, post: Callable[[_Report], None]) -> None:
        self._settings = settings
        self._open_bus = open_bus
        self._post = post
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"mlx90614 {settings.bus.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns at once; only a bus that hangs makes it wait, for half a second."""
        self._stop.set()
        self._thread.join(0.5)

    def _run(self) -> None:
        try:
            with contextlib.closing(self._open_bus(self._settings.bus)) as bus:
                self._serve(bus)
        except BaseException as fault:  # noqa: BLE001 - nothing may die unseen in a thread: the loop raises it again
            if not self._stop.is_set():
                self._post(fault)

    def _serve(self, bus: Bus) -> None:
        faults, settling = 0, SETTLING
        while not self._stop.wait(PERIOD_S):
            try:
                reading = self._read(bus)
            except (OSError, ProtocolFault) as fault:
                faults += 1
                if isinstance(fault, OSError):
                    settling = SETTLING  # it may have lost its power
                if faults >= MOST_FAULTS:
                    raise DeviceLost(self._explain(fault)) from None
                continue
            faults = 0
            if settling:
                settling -= 1
            elif not self._stop.is_set():
                self._post(reading)

    def _read(self, bus: Bus) -> ThermometerReading:
        ambient, target = (
            hundredths(self._settings.address, command, bus.read(self._settings.address, command, ANSWER_SIZE))
            for command in (AMBIENT, OBJECT)
        )
        return ThermometerReading(target, ambient, time.monotonic())

    def _explain(self, fault: OSError | ProtocolFault) -> str:
        where = f"address {self._settings.address:#x} of {self._settings.bus}"
        if isinstance(fault, OSError):
            return (
                f"nothing answers at {where} ({fault.strerror}): check the wires, power and 'i2cdetect -y' of that bus"
            )
        return (
            f"no good word from {where} ({fault}): shorten the wires, at most 100 kHz, no other device at that address"
        )
