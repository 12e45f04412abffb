"""A camera reduced to pictures in a folder, for tests and demonstrations; each picture is one presentation.

Decoding happens in a process of its own (``drivers.camera_worker``), which is killed when it hangs and whose death is
the loss of the camera, not of the gate.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - the configuration reads the types of settings at run time
from typing import TYPE_CHECKING

from drivers.camera_events import CameraEvents, check_repeat_ms
from drivers.camera_wire import Frames, Kind
from gate.errors import DeviceLost, ProtocolFault

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from drivers import Emit
    from drivers.camera_wire import Frame

START_LIMIT = 20.0
"""Seconds for the decoder to load."""

HANG_LIMIT = 2.5
"""Seconds without a sign of life, or for one picture: beyond it the person would wait longer than three."""

_READ_BYTES = 65_536


class FolderCamera:
    """Gives the exact bytes of each code in the pictures that appear in a folder.

    Args:
        name: configured name of the reader.
        settings: see ``Settings``.
    """

    @dataclass(frozen=True, slots=True)
    class Settings:
        """Where pictures appear.

        Raises:
            ConfigError: a value is out of its range.
        """

        folder: Path
        """Pictures (PNG, JPEG) are put here under a name that begins with a dot, then renamed; each is deleted."""
        repeat_ms: int = 1500
        """The same code is new again after it was away for so long."""

        def __post_init__(self) -> None:
            check_repeat_ms(self.repeat_ms)

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings

    @property
    def name(self) -> str:
        return self._name

    async def run(self, emit: Emit) -> None:
        """Serve the folder until it or the decoder is lost.

        Raises:
            DeviceLost: the folder is gone or not ours to delete from, or the decoder died or hung.
        """
        folder = self._settings.folder
        if not _is_there(folder):
            raise DeviceLost(f"no folder {folder}: create it, or compare the setting")
        try:
            # Isolated: nothing beside the folder or in the environment can stand in for a module.
            worker = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-m", "drivers.camera_worker", str(folder), stdin=DEVNULL, stdout=PIPE, env={}
            )
        except OSError as error:
            raise DeviceLost(f"the picture decoder can't be started ({error.strerror})") from error
        try:
            events = CameraEvents(self._name, self._settings.repeat_ms, emit)
            await _Session(self._settings.folder, events).serve(worker)
        finally:
            await _end(worker)


class _Session:
    """One life of the decoder."""

    def __init__(self, folder: Path, events: CameraEvents) -> None:
        self._folder = folder
        self._events = events
        self._online = False
        self._busy = False
        """A picture is being decoded: somebody waits."""

    async def serve(self, worker: Process) -> None:
        frames = Frames()
        assert worker.stdout is not None  # noqa: S101 - it was asked for
        while True:
            try:
                async with asyncio.timeout(HANG_LIMIT if self._online else START_LIMIT):
                    data = await worker.stdout.read(_READ_BYTES)
                if not data:
                    raise self._lost("ended")
                for frame in frames.feed(data):
                    self._take(frame)
            except TimeoutError:
                raise self._lost("hung and was ended") from None
            except ProtocolFault as fault:
                raise DeviceLost(f"the picture decoder failed: {fault}") from fault

    def _lost(self, how: str) -> DeviceLost:
        if self._busy:
            self._events.again("the picture decoder failed on a picture", time.monotonic())
        if not _is_there(self._folder):
            return DeviceLost(f"folder {self._folder} is gone: create it again")
        return DeviceLost(f"the picture decoder for {self._folder} {how}: its messages are in the log")

    def _take(self, frame: Frame) -> None:
        self._busy = frame.kind is Kind.STARTED
        if frame.kind is Kind.CODE:
            self._events.code(frame)
        elif frame.kind is Kind.UNREADABLE:
            self._events.again(frame.data.decode("utf-8", "replace"), frame.at)
        elif frame.kind is Kind.IDLE:
            self._online = True
            self._events.alive("the picture decoder runs")


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:  # a disk that died, or a folder above it that may not be looked into
        return False


async def _end(worker: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.kill()
    await worker.communicate()
