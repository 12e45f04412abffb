"""A GY-MCU90614 thermometer on a real pseudo-terminal: a frame every so often, byte for byte as it sends them."""

from __future__ import annotations

import contextlib
import os
import struct
import termios
import threading
import tty
from enum import Enum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

_RATES = {9_600: termios.B9600, 115_200: termios.B115200}
_START = bytes.fromhex("A5 45 EA")


class Line(Enum):
    """What comes over the line."""

    FRAMES = "frames"
    BAD_SUMS = "bad sums"
    NOISE = "noise"
    SILENCE = "silence"


class PtyThermometer:
    """One simulated module. ``plug`` it in, set ``target``, ``unplug`` it; or use it as a context manager.

    Args:
        link: where the port's name is to appear; its folder exists.
        period_s: seconds from frame to frame; the real ones send 10 to 14 a second.
        behind: what a version of the module sends after each frame (a one-byte id).
        more: what a version of the module has in each frame after the two temperatures.
        starts_alone: sends from power-up on; else only after the request.
    """

    def __init__(
        self,
        link: Path,
        *,
        rate: int = 9_600,
        period_s: float = 0.07,
        behind: bytes = b"",
        more: bytes = b"",
        starts_alone: bool = True,
    ) -> None:
        self._link = link
        self._rate = rate
        self._period_s = period_s
        self._behind = behind
        self._more = more
        self._starts_alone = starts_alone
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.line = Line.FRAMES
        self.noisy_frames = 0
        """So many frames from now on arrive as noise."""
        self.target = 2200
        """Hundredths of a degree Celsius, as ``ambient``."""
        self.ambient = 2200

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    @property
    def port(self) -> Path:
        """The name to open."""
        return self._link

    def plug(self) -> None:
        """Bring the port up."""
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._stop.clear()
        fresh = self._link.with_name(self._link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(slave))
        fresh.replace(self._link)
        self._thread = threading.Thread(target=self._serve, args=(master, slave), name="gy-mcu90614", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Take the port away; nothing happens when it is away already."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._thread = None

    def _serve(self, master: int, slave: int) -> None:
        sending, heard = self._starts_alone, b""
        try:
            while not self._stop.wait(self._period_s):
                with contextlib.suppress(BlockingIOError):
                    heard = (heard + os.read(master, 64))[-64:]
                matched = termios.tcgetattr(master)[5] == _RATES[self._rate]
                sending |= matched and _START in heard
                if sending and self.line is not Line.SILENCE:
                    with contextlib.suppress(BlockingIOError):  # nobody takes them: lost, as on a wire
                        os.write(master, self._sent() if matched else b"\xf8\x00\xe0\x1c")
        finally:
            self._link.unlink(missing_ok=True)
            os.close(master)
            os.close(slave)

    def _sent(self) -> bytes:
        whole = frame(self.target, self.ambient, self._more)
        if self.line is Line.NOISE or self.noisy_frames:
            self.noisy_frames = max(0, self.noisy_frames - 1)
            return bytes(byte ^ 0xA7 for byte in whole)
        if self.line is Line.BAD_SUMS:
            return whole[:-1] + bytes([whole[-1] ^ 1]) + self._behind
        return whole + self._behind


def frame(target: int, ambient: int, more: bytes = b"") -> bytes:
    """One frame; both in hundredths of a degree Celsius."""
    body = struct.pack(">BBBBhh", 0x5A, 0x5A, 0x45, 4 + len(more), target, ambient) + more
    return body + bytes([sum(body) % 256])
