"""A resident-ID reader on a real pseudo-terminal, at the pace of a real wire.

What the driver opens is a serial port like any other; its name is a symbolic link that stays the same when the reader
is unplugged and plugged in again. Bytes take the time that 8N1 takes at the module's rate (ten bits a byte, both ways),
measured against the monotonic clock so that errors don't add up.
"""

from __future__ import annotations

import contextlib
import os
import select
import termios
import threading
import time
import tty
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from drivers.simulated.id_reader_model import Fault, ReaderModel, Reply

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Exchange", "Fault", "PtyReader", "ReaderModel"]

BITS_PER_BYTE = 10
_LINE_RATES = {
    115_200: termios.B115200,
    57_600: termios.B57600,
    38_400: termios.B38400,
    19_200: termios.B19200,
    9_600: termios.B9600,
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; times are ``time.monotonic()``."""

    command: bytes
    """Command and parameter byte."""
    requested: float
    """When the host began to send; a pseudo-terminal delivers at once what a wire delivers byte by byte."""
    answered: float
    """When the last byte was sent."""
    bytes_in: int
    bytes_out: int


class PtyReader:
    """One simulated reader. ``plug`` it in, lay cards on it, ``unplug`` it; or use it as a context manager.

    Args:
        link: where the port's name is to appear; its folder exists.
        model: the reader's state; ``model.rate`` is its line rate. Set up faults there before they are due.
        speed: how many times faster than a real wire; 1 is the real one.
        chunk: bytes handed over at a time, as a USB bridge does.
    """

    def __init__(self, link: Path, model: ReaderModel | None = None, *, speed: float = 1.0, chunk: int = 16) -> None:
        self.model = ReaderModel() if model is None else model
        self._exchanges: deque[Exchange] = deque(maxlen=10_000)
        self._link = link
        self._speed = speed
        self._chunk = chunk
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake = -1

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    @property
    def port(self) -> Path:
        """The name to open."""
        return self._link

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The newest exchanges, oldest first."""
        with self._lock:
            return tuple(self._exchanges)

    def plug(self) -> None:
        """Bring the port up; nothing happens when it is up already."""
        if self._thread is not None:
            if self._thread.is_alive():
                return
            self.unplug()  # it vanished by itself
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        name = os.ttyname(slave)
        self._stop.clear()
        self._wake = os.eventfd(0)
        self._thread = threading.Thread(target=self._serve, args=(master, slave), name="id-reader", daemon=True)
        fresh = self._link.with_name(self._link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(name)
        fresh.replace(self._link)
        self._thread.start()

    def unplug(self) -> None:
        """Take the port away, in the middle of an answer if need be; the card stays where it is."""
        if self._thread is None:
            return
        self._stop.set()
        with contextlib.suppress(OSError):
            os.eventfd_write(self._wake, 1)
        self._thread.join()
        self._thread = None
        os.close(self._wake)

    def present(self, block: bytes, *, new_address: str | None = None) -> None:
        """Lay a card with this 256-byte text block on the reader."""
        with self._lock:
            self.model.present(block, new_address=new_address)

    def remove(self) -> None:
        """Take the card away."""
        with self._lock:
            self.model.remove()

    def _serve(self, master: int, slave: int) -> None:
        """The reader's own thread, until it is unplugged."""
        poll = select.poll()
        poll.register(master, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        try:
            while not self._stop.is_set():
                poll.poll()
                with contextlib.suppress(BlockingIOError):
                    data = os.read(master, 4096)
                    if not self._hear(master, data):
                        break
        finally:
            self._link.unlink(missing_ok=True)
            os.close(master)
            os.close(slave)

    def _hear(self, master: int, data: bytes) -> bool:
        """Answer what the host sent; False when the reader vanishes."""
        requested = time.monotonic()
        if termios.tcgetattr(master)[5] != _LINE_RATES[self.model.rate]:
            return True  # at another rate the bytes are garbage
        free = requested + len(data) * self._byte_time()
        with self._lock:
            replies = self.model.feed(data)
        for reply in replies:
            free = self._send(master, reply, free + reply.delay)
            exchange = Exchange(reply.command, requested, time.monotonic(), len(data), len(reply.wire))
            with self._lock:
                self._exchanges.append(exchange)
            if reply.vanish:
                return False
            if reply.rate is not None:
                self.model.rate = reply.rate
        return True

    def _send(self, master: int, reply: Reply, begin: float) -> float:
        """Send one answer that begins at ``begin``; returns when its last byte is through."""
        due = begin
        self._wait(due)
        for offset in range(0, len(reply.wire), self._chunk):
            piece = reply.wire[offset : offset + self._chunk]
            due = begin + (offset + len(piece)) * self._byte_time()
            self._wait(due)
            if self._stop.is_set():
                break
            with contextlib.suppress(BlockingIOError):  # nobody takes them: lost, as on a wire
                os.write(master, piece)
        return due

    def _wait(self, due: float) -> None:
        left = due - time.monotonic()
        if left > 0:
            self._stop.wait(left)

    def _byte_time(self) -> float:
        return BITS_PER_BYTE / self.model.rate / self._speed
