"""A Newland engine, or a gun that takes no commands, on a real pseudo-terminal (PROTOCOLS §3.3).

Bytes come at the pace of the line's rate (8N1, ten bits a byte); at another rate than the engine's own nothing is
understood, either way. The commands are written down here a second time on purpose.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import termios
import threading
import time
import tty
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_COMMAND: Final = re.compile(rb"~\x010000([@#])([0-9A-Z]{3}[0-9A-Z]{3})([^;]*);\x03|\x1b([123])", re.DOTALL)
_ACK, _NAK, _ENQ = b"\x06", b"\x15", b"\x05"
_RATES: Final[Mapping[int, int]] = {9_600: termios.B9600, 115_200: termios.B115200}
VALUES: Final[Mapping[bytes, re.Pattern[bytes]]] = {
    b"TSUENA": re.compile(rb"[01]"),
    b"TSUSET": re.compile(rb"(?:[0-9A-F]{2}){1,7}"),
    b"QRCENA": re.compile(rb"[01]"),
    b"SCNMOD": re.compile(rb"[023]"),
}
"""Setting -> what it may be."""
FACTORY: Final[Mapping[bytes, bytes]] = {b"TSUENA": b"0", b"TSUSET": b"0D0A", b"QRCENA": b"1", b"SCNMOD": b"0"}


class EngineModel:
    """What the engine knows: bytes from the host in, bytes for the host out; no port, no clock.

    Attributes:
        settings: in force now; lost with the power.
        unknown: settings that this engine does not have.
        deaf: it understands no command at all, as a plain gun.
        triggers: how often it was triggered.
    """

    def __init__(self, model: bytes = b"NLS-SIMULATED") -> None:
        self.settings = dict(FACTORY)
        self.unknown: set[bytes] = set()
        self.deaf = False
        self.triggers = 0
        self.commands: list[bytes] = []
        self._model = model
        self._buffer = b""

    def power_cycle(self) -> None:
        """What was not kept for good is as the factory left it."""
        self.settings = dict(FACTORY)

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the host; gives the answers."""
        if self.deaf:
            return b""
        self._buffer = (self._buffer + data)[-512:]
        out = b""
        while found := _COMMAND.search(self._buffer):
            self._buffer = self._buffer[found.end() :]
            out += self._obey(found)
        return out

    def _obey(self, found: re.Match[bytes]) -> bytes:
        storage, name, value, short = found.groups()
        if short is not None:
            self.triggers += short == b"1"
            return _ACK
        self.commands.append(name + value)
        value, ack = self._set(name, value)
        return b"\x02\x010000" + storage + name + value + ack + b";\x03"

    def _set(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        if name == b"QRYPDN":
            return self._model, _ACK
        if name not in VALUES or name in self.unknown:
            return value, _ENQ
        if value == b"*":
            return self.settings[name], _ACK
        if not VALUES[name].fullmatch(value):
            return value, _NAK
        self.settings[name] = value
        return value, _ACK

    def sent(self, code: bytes) -> bytes:
        """What goes out for a code that was read."""
        if self.settings[b"TSUENA"] == b"1":
            return code + bytes.fromhex(self.settings[b"TSUSET"].decode("ascii"))
        return code


class PtyGun:
    """One simulated gun. ``plug`` it in, hold codes to it, ``unplug`` it; or use it as a context manager.

    Args:
        link: where the port's name is to appear; its folder exists.
        model: the engine's state.
        baud: its line rate.
        speed: how many times faster than a real wire.
        chunk: bytes handed over at a time.
    """

    def __init__(
        self, link: Path, model: EngineModel | None = None, *, baud: int = 9_600, speed: float = 100.0, chunk: int = 16
    ) -> None:
        self.model = EngineModel() if model is None else model
        self.port = link
        self._baud = baud
        self._pause = 10 / baud / speed
        self._chunk = chunk
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._master = self._slave = self._wake = -1

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def plug(self) -> None:
        """Bring the port up; the engine gets power with it. Nothing happens when it is up already."""
        if self._thread is not None:
            return
        self.model.power_cycle()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._wake = os.eventfd(0)
        fresh = self.port.with_name(self.port.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.port)
        self._thread = threading.Thread(target=self._serve, name="serial gun", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Take the port away; harmless when it is gone."""
        if self._thread is None:
            return
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        self._thread = None
        self.port.unlink(missing_ok=True)
        for fd in (self._master, self._slave, self._wake):
            os.close(fd)

    def hold(self, code: bytes) -> None:
        """Hold a code to the gun; returns when its last byte is sent."""
        self.send(self.model.sent(code))

    def send(self, data: bytes) -> None:
        """Put bytes on the wire as they are; a gun that is not plugged in sends nothing."""
        if self._thread is None or not self._same_rate():
            return
        with self._lock:
            due = time.monotonic()
            for start in range(0, len(data), self._chunk):
                piece = data[start : start + self._chunk]
                due += len(piece) * self._pause
                time.sleep(max(0.0, due - time.monotonic()))
                with contextlib.suppress(BlockingIOError):  # nobody takes them: lost, as on a wire
                    os.write(self._master, piece)

    def _serve(self) -> None:
        """The engine's own thread, until it is unplugged."""
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            if self._wake in dict(poll.poll()):
                return
            with contextlib.suppress(BlockingIOError):
                data = os.read(self._master, 4096)
                if self._same_rate():
                    self.send(self.model.feed(data))

    def _same_rate(self) -> bool:
        return bool(termios.tcgetattr(self._master)[5] == _RATES[self._baud])
