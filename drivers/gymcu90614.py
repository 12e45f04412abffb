"""GY-MCU90614 infrared thermometer (an MLX90614 behind a small controller) on a serial port."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - the configuration resolves the annotation of Settings
from typing import TYPE_CHECKING, Final

from drivers.gymcu90614_frames import CONTINUOUS, Frames
from drivers.stream import SerialStream
from gate.errors import ConfigError, DeviceLost
from gate.model import Notice, NoticeKind, ThermometerReading

if TYPE_CHECKING:
    from drivers import Emit, TakeReading

RATES: Final = (9_600, 115_200)
SILENCE_S: Final = 1.0
"""Seconds without a good frame after which the request is repeated, and after which the module is taken for gone."""
SETTLING: Final = 4
"""Frames that are not believed after the port was opened: the first ones after power-up are wrong."""


class GyMcu90614:
    """Driver of one module."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """What an installer sets.

        Raises:
            ConfigError: ``baud`` is a rate that the module does not have.
        """

        port: Path
        """The serial port, best one of ``/dev/serial/by-id``, whose names survive another socket."""
        baud: int = 9_600

        def __post_init__(self) -> None:
            if self.baud not in RATES:
                known = ", ".join(map(str, RATES))
                raise ConfigError(f'key "baud": {self.baud} is no rate of a GY-MCU90614; write one of {known}')

    def __init__(self, name: str, settings: Settings, take: TakeReading) -> None:
        self._name = name
        self._settings = settings
        self._take = take

    @property
    def name(self) -> str:
        return self._name

    async def run(self, emit: Emit) -> None:
        """Measure until the module is lost; see ``drivers.Driver``.

        Raises:
            DeviceLost: the port can't be opened, is gone, or has nothing on it that sends frames of a GY-MCU90614.
        """
        with SerialStream(self._settings.port, self._settings.baud) as stream:
            stream.flush_input()
            stream.write(CONTINUOUS)
            frames, settling = Frames(), SETTLING
            due, heard, repeated = time.monotonic() + SILENCE_S, False, False
            while True:
                data = await _until(due, stream)
                heard |= bool(data)
                if found := frames.feed(data):
                    due, repeated = time.monotonic() + SILENCE_S, False
                    settling -= 1
                    if settling == 0:
                        emit(Notice(self._name, NoticeKind.ONLINE, "GY-MCU90614", time.monotonic()))
                    if settling <= 0:  # of several at once only the newest is surely of now
                        self._take(ThermometerReading(found[-1].target, found[-1].ambient, stream.last_arrival))
                elif time.monotonic() >= due:
                    if repeated:
                        raise DeviceLost(self._explain(heard=heard))
                    stream.write(CONTINUOUS)
                    due, repeated = time.monotonic() + SILENCE_S, True

    def _explain(self, *, heard: bool) -> str:
        where = f"{self._settings.port} at {self._settings.baud} baud"
        if heard:
            return f"what arrives on {where} are no frames of a GY-MCU90614: check the settings port and baud"
        return f"nothing arrives on {where}: check the module's power and the settings port and baud"


async def _until(due: float, stream: SerialStream) -> bytes:
    """Bytes as soon as there are some, or none at ``due``."""
    try:
        async with asyncio.timeout_at(due):
            return await stream.read()
    except TimeoutError:
        return b""
