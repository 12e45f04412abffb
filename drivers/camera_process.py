"""The camera's process: newest frame, decoder, codes to the gate, again. gate-camera.service runs ``gate camera``.

It is expendable: captures hang and decoders are native code, fed by strangers. Nothing in here tries to recover. A turn
that takes too long is ended by the kernel's alarm clock, which needs neither this interpreter nor its lock; any error
ends the process; and systemd starts it again.
"""

from __future__ import annotations

import resource
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from drivers import confinement
from drivers.camera_link import Link
from drivers.camera_wire import Frame, Kind
from drivers.code_reader import FrameReader, first_look
from drivers.code_rescues import RESCUES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PIL import Image

HEARTBEAT: Final = 0.5
"""Seconds between signs of life, each after a frame that was looked at."""

TURN_LIMIT: Final = 2.0
"""Seconds for one frame, from waiting for it to its codes; the gate gives up after 2.5."""

START_LIMIT: Final = 30.0
"""Seconds until the first frame: cameras and their libraries wake up slowly."""


MEMORY: Final = 512 << 20
"""Bytes of address space beyond what it has when it begins; a camera's library may have taken a gigabyte by then."""


class Source(Protocol):
    """An open camera."""

    def newest(self) -> Image.Image:
        """Wait for a frame and take the newest there is, eight-bit grey.

        Raises:
            DeviceLost: the camera is gone, or gives none.
        """
        ...


class Manager:
    """The service manager, where there is one (``sd_notify(3)``); connected before files are fenced off."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket: socket.socket | None = None
        if address := environment.get("NOTIFY_SOCKET"):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
            self._socket.connect(f"\0{address[1:]}" if address.startswith("@") else address)

    def tell(self, state: str) -> None:
        """Tell it ``READY=1`` or ``WATCHDOG=1``.

        Raises:
            OSError: it is gone, and so must we.
        """
        if self._socket is not None:
            self._socket.send(state.encode())


def serve(open_source: Callable[[], Source], path: Path, environment: Mapping[str, str]) -> None:
    """Serve the gate for ever, at the socket that systemd hands over, else at one that is made at ``path``.

    Raises:
        DeviceLost: the camera or the socket can't be opened, or the camera is gone.
        OSError: the service manager is gone.
    """
    _within(START_LIMIT)
    manager = Manager(environment)
    link = Link.inherited(environment) or Link.listen(path)
    source = open_source()
    _warm_up(source.newest())
    confinement.limit(_in_use() + MEMORY)
    confinement.fence(None, {Path("/usr"), Path(sys.prefix), Path(sys.base_prefix)})
    manager.tell("READY=1")
    reader = FrameReader()
    heartbeat = 0.0
    while True:
        _within(TURN_LIMIT)
        link.turn()
        frame = source.newest()
        at = time.monotonic()
        for code in reader.read(frame):
            link.send(Frame(Kind.CODE, at, code))
        if at >= heartbeat:
            link.send(Frame(Kind.IDLE, at))
            manager.tell("WATCHDOG=1")
            heartbeat = at + HEARTBEAT


def _in_use() -> int:
    """Bytes of address space."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _within(seconds: float) -> None:
    """Be killed by SIGALRM unless this is called again in time."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _warm_up(frame: Image.Image) -> None:
    """Load every decoder now: what is missing shows at the start, and the first person does not wait for it."""
    first_look(frame)
    for rescue in RESCUES:
        rescue(frame, frame)
