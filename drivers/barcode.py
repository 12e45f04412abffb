"""Guns that type what they read, like a keyboard (PROTOCOLS §3.1, §3.2)."""

from __future__ import annotations

import asyncio
import functools
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - the configuration reads the types of settings at run time
from typing import TYPE_CHECKING

from drivers.gun_reader import GunReader, Opened
from drivers.wedge import Code, WedgeDecoder
from gate.errors import ConfigError
from gate.model import Notice, NoticeKind, PayloadKind, Reading

if TYPE_CHECKING:
    from drivers import Emit
    from drivers.wedge import Broken
    from gate.model import ReaderEvent

_MOST_WAITING = 32
"""Reports that may wait for the event loop; beyond it the oldest is lost, since the newest person stands there."""

_GAP_MS = range(50, 501)
_REPEAT_MS = range(60_001)
_ENCODINGS = ("utf-8", "gbk", "cp1252", "latin-1")


class BarcodeGun:
    """One gun; gives the exact bytes of each code, or asks to present it again.

    Args:
        name: configured name of the reader.
        settings: see ``Settings``.
    """

    @dataclass(frozen=True, slots=True)
    class Settings:
        """How to find the gun and what it was set up to do.

        Raises:
            ConfigError: a value is out of its range.
        """

        device: Path
        """Event node, best one that udev names by vendor and product: ``/dev/gate/gun``, ``/dev/input/by-id/…``."""
        encoding: str = "utf-8"
        """How the gun spells text beyond ASCII; UTF-8, then GBK, are tried after it."""
        gap_ms: int = 100
        """Silence that ends a code where the gun sends no Enter."""
        repeat_ms: int = 1500
        """The same code is new again after it was away for so long."""

        def __post_init__(self) -> None:
            if self.gap_ms not in _GAP_MS:
                raise ConfigError(f"gap_ms is {self.gap_ms}; write a number from {_GAP_MS[0]} to {_GAP_MS[-1]}")
            if self.repeat_ms not in _REPEAT_MS:
                raise ConfigError(f"repeat_ms is {self.repeat_ms}; write a number from 0 to {_REPEAT_MS[-1]}")
            if self.encoding not in _ENCODINGS:
                raise ConfigError(f'encoding is "{self.encoding}"; write one of {", ".join(_ENCODINGS)}')

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings

    @property
    def name(self) -> str:
        return self._name

    async def run(self, emit: Emit) -> None:
        """Serve the gun until it is lost.

        Raises:
            DeviceLost: it was pulled out, could not be opened, is held by another program, or is no keyboard.
        """
        loop = asyncio.get_running_loop()
        waiting: deque[Opened | Code | Broken | BaseException] = deque(maxlen=_MOST_WAITING)
        arrived = asyncio.Event()

        def post(report: Opened | Code | Broken | BaseException) -> None:
            waiting.append(report)
            loop.call_soon_threadsafe(arrived.set)

        settings = self._settings
        make_decoder = functools.partial(
            WedgeDecoder,
            encoding=settings.encoding,
            gap=settings.gap_ms / 1000,
            repeat=settings.repeat_ms / 1000,
        )
        reader = GunReader(settings.device, make_decoder, post)
        try:
            while True:
                await arrived.wait()
                arrived.clear()
                while waiting:
                    emit(self._event(waiting.popleft()))
        finally:
            reader.stop()

    def _event(self, report: Opened | Code | Broken | BaseException) -> ReaderEvent:
        if isinstance(report, BaseException):
            raise report
        if isinstance(report, Code):
            return Reading(self._name, PayloadKind.CODE_TEXT, report.data, report.at)
        if isinstance(report, Opened):
            return Notice(self._name, NoticeKind.ONLINE, "the gun is open", time.monotonic())
        return Notice(self._name, NoticeKind.PRESENT_AGAIN, report.detail, report.at)
