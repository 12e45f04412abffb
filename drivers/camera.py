"""A camera: codes come over a Unix socket from the process that has the device and decodes (``gate camera``).

Frames never come here. The process is expendable: if it ends, hangs or talks nonsense, the camera is lost and not the
gate.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.camera_events import CameraEvents, check_repeat_ms
from drivers.camera_wire import Frames, Kind
from gate.errors import ConfigError, DeviceLost, ProtocolFault

if TYPE_CHECKING:
    from drivers import Emit

SOURCES: Final = ("v4l2", "picamera2")

HANG_LIMIT: Final = 2.5
"""Seconds without a sign of life: beyond it a person would wait longer than three."""

_READ_BYTES: Final = 65_536
_SIDES: Final = range(240, 4097)
_EXPOSURE_US: Final = range(1_000_001)


class Camera:
    """Gives the exact bytes of each code that is held up.

    Args:
        name: configured name of the reader.
        settings: see ``Settings``.
    """

    @dataclass(frozen=True, slots=True)
    class Settings:
        """What the gate and ``gate camera`` read from the same table: one connects to the socket, the other opens it.

        Raises:
            ConfigError: a value is out of its range.
        """

        source: str = "v4l2"
        """``v4l2``: a camera on USB; ``picamera2``: one on a Raspberry Pi's ribbon cable."""
        device: Path = Path("/dev/video0")
        """Of ``v4l2``: best a name that stays, ``/dev/v4l/by-id/…``."""
        width: int = 1280
        height: int = 720
        exposure_us: int = 0
        """How long the shutter is open; 0: as the camera thinks right, kept dark for telephones where it can be."""
        socket: Path = Path("/run/gate-camera.sock")
        repeat_ms: int = 1500
        """The same code is new again after it was away for so long."""

        def __post_init__(self) -> None:
            if self.source not in SOURCES:
                raise ConfigError(f'source is "{self.source}"; write one of {", ".join(SOURCES)}')
            for name, value in (("width", self.width), ("height", self.height)):
                if value not in _SIDES or value % 2:
                    raise ConfigError(f"{name} is {value}; write an even number from {_SIDES[0]} to {_SIDES[-1]}")
            if self.exposure_us not in _EXPOSURE_US:
                raise ConfigError(f"exposure_us is {self.exposure_us}; write 0 to {_EXPOSURE_US[-1]}")
            check_repeat_ms(self.repeat_ms)

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings

    @property
    def name(self) -> str:
        return self._name

    async def run(self, emit: Emit) -> None:
        """Listen to the camera's process until it is lost.

        Raises:
            DeviceLost: there is no such process, it ended or hung, serves somebody else, or sent no frame.
        """
        path = self._settings.socket
        try:
            async with asyncio.timeout(HANG_LIMIT):
                reader, writer = await asyncio.open_unix_connection(path, limit=_READ_BYTES)
        except (OSError, TimeoutError) as error:
            why = getattr(error, "strerror", None) or "no answer"
            raise DeviceLost(f"no camera at {path} ({why}): look at 'systemctl status gate-camera'") from error
        try:
            await _listen(reader, CameraEvents(self._name, self._settings.repeat_ms, emit))
        except TimeoutError:
            raise DeviceLost(f"the camera at {path} gives no sign of life: 'journalctl -u gate-camera'") from None
        except (OSError, EOFError):
            message = (
                f"the camera at {path} hung up: it serves another program, or 'journalctl -u gate-camera' says why"
            )
            raise DeviceLost(message) from None
        except ProtocolFault as fault:
            raise DeviceLost(f"the camera at {path} failed: {fault}") from fault
        finally:
            writer.transport.abort()


async def _listen(reader: asyncio.StreamReader, events: CameraEvents) -> None:
    """Tell what comes, for as long as something comes.

    Raises:
        TimeoutError: nothing did.
        EOFError: it ended.
        OSError: it broke.
        ProtocolFault: it is none of what a camera says.
    """
    frames = Frames()
    while True:
        async with asyncio.timeout(HANG_LIMIT):
            data = await reader.read(_READ_BYTES)
        if not data:
            raise EOFError
        for frame in frames.feed(data):
            if frame.kind is not Kind.IDLE and (frame.kind is not Kind.CODE or not frame.data):
                raise ProtocolFault("it said what no camera says")
            events.alive("the camera gives pictures")
            if frame.kind is Kind.CODE:
                events.code(frame)
