"""A serial port as a stream of bytes on the event loop.

The port is a file descriptor that the loop watches; no thread is needed. Whatever ends it (unplugged, hung up, refused)
is one error, ``DeviceLost``, whose message says what to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import struct
import termios
import time
from typing import TYPE_CHECKING, Self

from gate.errors import DeviceLost

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 16_384
"""Bytes kept while nobody reads; the kernel keeps or drops what comes beyond."""


class SerialStream:
    """One open serial port: raw, 8N1, no flow control, exclusive, never blocking.

    To be made and used on the event loop's thread; use it as a context manager, or call ``close``.

    Args:
        port: path of the device, best one of ``/dev/serial/by-id``.
        baud: line rate in bits per second.

    Raises:
        DeviceLost: the port could not be opened.
    """

    def __init__(self, port: Path, baud: int) -> None:
        import serial  # noqa: PLC0415 - only where a device is opened (DESIGN section 3)

        self.port = port
        self.last_arrival = 0.0
        """``time.monotonic()`` of the newest byte that was taken from the port."""
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._lost: str | None = None
        self._watched = False
        try:
            # inter_byte_timeout=0 sets VMIN to 1: with pyserial's VMIN of 0, reading a port that was flushed in the
            # meantime would return nothing, which is also what reading a port that hung up returns.
            self._device = serial.Serial(str(port), baud, timeout=0, inter_byte_timeout=0, exclusive=True)
        except (OSError, termios.error) as error:
            raise DeviceLost(explain_refusal(port, error)) from error
        self._fd: int = self._device.fileno()
        self._loop = asyncio.get_running_loop()
        self._watch()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def read(self) -> bytes:
        """Wait until bytes have arrived and take them all (never empty, at most ``LIMIT``).

        Raises:
            DeviceLost: the port is gone, and everything that came before was taken.
        """
        while not self._buffer:
            self._check()
            self._arrived.clear()
            await self._arrived.wait()
        taken = bytes(self._buffer)
        self._buffer.clear()
        self._watch()
        return taken

    def write(self, data: bytes) -> None:
        """Hand ``data`` to the port, which must have room for all of it.

        Raises:
            DeviceLost: the port is gone, or takes nothing any more.
        """
        self._check()
        try:
            written = os.write(self._fd, data)
        except BlockingIOError:
            written = 0
        except OSError as error:
            raise self._lose(error.args[-1]) from error
        if written != len(data):
            raise DeviceLost(f"{self.port} takes no more bytes: unplug the device and plug it in again")

    def change_rate(self, baud: int) -> None:
        """Go on at another line rate.

        Raises:
            DeviceLost: the port is gone, or does not have that rate.
        """
        self._check()
        try:
            self._device.baudrate = baud
        except (OSError, ValueError, termios.error) as error:
            raise self._lose(error.args[-1]) from error

    def flush_input(self) -> None:
        """Forget everything that has arrived.

        Raises:
            DeviceLost: the port is gone.
        """
        self._check()
        self._buffer.clear()
        try:
            termios.tcflush(self._fd, termios.TCIFLUSH)
        except termios.error as error:
            raise self._lose(error.args[-1]) from error
        self._watch()

    async def drain(self, within_s: float) -> None:
        """Wait until everything that was written is on the wire, or the port is gone, or so long."""
        give_up = self._loop.time() + within_s
        while self._unsent() and self._loop.time() < give_up:  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.005)

    def close(self) -> None:
        """Close the port; harmless when it is closed already."""
        if not self._device.is_open:
            return
        self._unwatch()
        self._lost = f"{self.port} was closed"
        if self._unsent():
            with contextlib.suppress(OSError, termios.error):
                # Closing waits up to 30 s for unsent bytes; nobody needs them now.
                termios.tcflush(self._fd, termios.TCOFLUSH)
        self._device.close()

    def _unsent(self) -> int:
        """Bytes that still wait to be sent; none where the port is gone."""
        try:
            (waiting,) = struct.unpack("i", fcntl.ioctl(self._fd, termios.TIOCOUTQ, bytes(4)))
        except OSError:
            return 0
        return int(waiting)

    def _check(self) -> None:
        if self._lost is not None:
            raise DeviceLost(self._lost)

    def _lose(self, why: str) -> DeviceLost:
        self._unwatch()
        self._lost = f"{self.port} is gone ({why}): check plug and cable"
        self._arrived.set()
        return DeviceLost(self._lost)

    def _watch(self) -> None:
        if not self._watched and self._lost is None:
            self._loop.add_reader(self._fd, self._take)
            self._watched = True

    def _unwatch(self) -> None:
        if self._watched:
            self._loop.remove_reader(self._fd)
            self._watched = False

    def _take(self) -> None:
        """Called by the loop when bytes, or the end, have come."""
        try:
            data = os.read(self._fd, LIMIT - len(self._buffer))
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error.args[-1])
            return
        if not data:
            self._lose("it hung up")
            return
        self.last_arrival = time.monotonic()
        self._buffer += data
        self._arrived.set()
        if len(self._buffer) >= LIMIT:
            self._unwatch()


def explain_refusal(port: Path, error: OSError | termios.error) -> str:
    """Say why ``port`` could not be opened and what to do about it.

    ``error`` is what opening raised; its first argument is the system's error number where there is one.
    """
    number = error.args[0] if error.args else None
    match number:
        case errno.ENOENT | errno.ENXIO | errno.ENODEV:
            return f"no port {port}: check plug and cable, and compare the setting with 'ls -l /dev/serial/by-id'"
        case errno.EACCES | errno.EPERM:
            return f"no permission to open {port}: add the gate's user to group {_group_of(port)}"
        case errno.EBUSY | errno.EAGAIN:
            return f"{port} is in use by another program: 'fuser -v {port}' names it; stop that one"
        case errno.ENOTTY | errno.EISDIR | errno.EINVAL:
            return f"{port} is no serial port: compare the setting with 'ls -l /dev/serial/by-id'"
        case int():
            return f"{port} can't be opened ({os.strerror(number)}): check plug and cable"
        case _:
            return f"{port} can't be set up as a serial port: compare the setting with 'ls -l /dev/serial/by-id'"


def _group_of(port: Path) -> str:
    """Name of the group that owns ``port``, or Debian's usual one where it can't be told."""
    try:
        return port.group()
    except (OSError, KeyError):
        return "dialout"
