"""Guns and built-in engines on a serial line or a USB serial port (CDC) (PROTOCOLS §3.3).

A Newland engine is set up each time it is opened, and asked now and then whether it still is: its settings last as long
as its power, which a serial line does not tell of. Any other gun was set up with its own code sheet; of it only what
it sends after a code is known.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - the configuration reads the types of settings at run time
from typing import TYPE_CHECKING

from drivers.code_framing import SHORTEST, Code, Ends, Framer
from drivers.newland_control import NewlandControl, Scan
from drivers.repeats import RepeatFilter
from drivers.stream import SerialStream
from gate.errors import ConfigError, DeviceLost
from gate.model import Notice, NoticeKind, PayloadKind, Reading

if TYPE_CHECKING:
    from drivers import Emit
    from drivers.code_framing import Debris

_BAUDS = (9_600, 19_200, 38_400, 57_600, 115_200)
_GAP_MS = range(50, 501)
_REPEAT_MS = range(60_001)


class Engine(StrEnum):
    """Whose commands the gun understands."""

    NEWLAND = "newland"
    PLAIN = "plain"
    """Nobody's: it was set up by hand."""


class SerialGun:
    """One gun; gives the exact bytes of each code, or asks to present it again."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """Where the gun is and what it was set up to do.

        Raises:
            ConfigError: a value is out of its range, or does not fit the engine.
        """

        port: Path
        """The serial port, best a name that udev gives: ``/dev/gate/gun``, ``/dev/serial/by-id/…``."""
        engine: Engine = Engine.PLAIN
        ends: Ends | None = None
        """What a plain gun sends after a code, CR unless said; a Newland engine is told to send CR."""
        scan: Scan | None = None
        """When a Newland engine reads: when it sees something, unless said."""
        baud: int = 9_600
        """Means nothing to a USB serial port."""
        gap_ms: int = 100
        """Silence after which nothing more belongs to a code."""
        repeat_ms: int = 1500
        """The same code is new again after it was away for so long."""

        def __post_init__(self) -> None:
            if self.engine is Engine.NEWLAND and self.ends is not None:
                raise ConfigError('key "ends": a Newland engine is told what to send; leave the key out')
            if self.engine is Engine.PLAIN and self.scan is not None:
                raise ConfigError('key "scan": only a Newland engine can be told; write engine = "newland" as well')
            if self.baud not in _BAUDS:
                known = ", ".join(map(str, _BAUDS))
                raise ConfigError(f'key "baud": {self.baud} is no rate of a gun; write one of {known}')
            if self.gap_ms not in _GAP_MS:
                raise ConfigError(f"gap_ms is {self.gap_ms}; write a number from {_GAP_MS[0]} to {_GAP_MS[-1]}")
            if self.repeat_ms not in _REPEAT_MS:
                raise ConfigError(f"repeat_ms is {self.repeat_ms}; write a number from 0 to {_REPEAT_MS[-1]}")

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings

    @property
    def name(self) -> str:
        return self._name

    async def run(self, emit: Emit) -> None:
        """Serve the gun until it is lost; see ``drivers.Driver``.

        Raises:
            DeviceLost: the port can't be opened or is gone, or a Newland engine does not answer or refuses a setting.
        """
        with SerialStream(self._settings.port, self._settings.baud) as stream:
            stream.flush_input()  # what was read before the gate listened is nobody's presentation
            await _Session(self._name, self._settings, stream, emit).serve()


class _Session:
    """One gun while its port is open."""

    def __init__(self, name: str, settings: SerialGun.Settings, stream: SerialStream, emit: Emit) -> None:
        self._name = name
        self._stream = stream
        self._emit = emit
        newland = settings.engine is Engine.NEWLAND
        self._control = NewlandControl(name, stream, settings.scan or Scan.SENSE) if newland else None
        self._framer = Framer(settings.ends or Ends.CR, settings.gap_ms / 1000)
        self._repeats = RepeatFilter(settings.repeat_ms / 1000)

    async def serve(self) -> None:
        model = "the port is open" if self._control is None else await self._control.set_up()
        self._notice(NoticeKind.ONLINE, model, time.monotonic())
        try:
            await self._work()
        except DeviceLost:
            if len(self._framer.pending) >= SHORTEST:  # whoever held it up still gets an answer
                self._notice(NoticeKind.PRESENT_AGAIN, "the gun was lost in the middle of a code", time.monotonic())
            raise

    async def _work(self) -> None:
        while True:
            data = await self._listen()
            at = self._stream.last_arrival if data else time.monotonic()
            if self._control is not None:
                data = self._control.read(data, at)
            for piece in self._framer.feed(data, at) if data else self._framer.tick(time.monotonic()):
                self._deliver(piece)
            if self._control is not None and not self._framer.pending:
                await self._control.attend()

    async def _listen(self) -> bytes:
        """Bytes as soon as there are some; none when something is due."""
        due = [self._framer.deadline, None if self._control is None else self._control.due]
        times = [time for time in due if time is not None]
        try:
            async with asyncio.timeout_at(min(times) if times else None):
                return await self._stream.read()
        except TimeoutError:
            return b""

    def _deliver(self, piece: Code | Debris) -> None:
        if isinstance(piece, Code):
            if self._control is not None:
                self._control.has_read()
            if self._repeats.is_new(piece.data, piece.at):
                self._emit(Reading(self._name, PayloadKind.CODE_TEXT, piece.data, piece.at))
        elif piece.why.presented:
            detail = f"a code did not arrive whole ({piece.why}); does the gun send what the setting ends says?"
            self._notice(NoticeKind.PRESENT_AGAIN, detail, piece.at)

    def _notice(self, kind: NoticeKind, detail: str, at: float) -> None:
        self._emit(Notice(self._name, kind, detail, at))
