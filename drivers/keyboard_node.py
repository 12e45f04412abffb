"""Opening what a gun's keystrokes come from: the kernel's event node, or a recorded stream of the same records.

* An **event node** (character device, ``/dev/gate/gun`` or ``/dev/input/by-id/…-event-kbd``) is taken for the gate
  alone, so that no code is typed into the screen's browser as well.
* A **recorded stream** (FIFO) carries the same ``struct input_event`` records, stamped with ``CLOCK_MONOTONIC``, where
  the machine can't make input devices (no ``/dev/uinput``). It stands for a device that was plugged in: while a writer
  has it open the gun is there, when the last writer closes it the gun was pulled out. Everything behind the file
  descriptor is the same code for both.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
import time
from typing import TYPE_CHECKING

from drivers.input_events import EV_KEY
from drivers.keymap import PROOF_OF_KEYBOARD
from gate.errors import DeviceLost

if TYPE_CHECKING:
    from pathlib import Path

    import evdev

_LARGEST_PIPE = 1 << 20
"""Bytes; what a FIFO can hold (``/proc/sys/fs/pipe-max-size``)."""

_EVIOCSCLOCKID = 0x400445A0  # linux/input.h: _IOW('E', 0xa0, int)
_LED_CAPSL = 1


class RecordedStream:
    """A FIFO of input records. A keyboard that is newly opened has nothing to tell of the past.

    Raises:
        OSError: it can't be opened.
    """

    caps_lock = False

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, _LARGEST_PIPE)

    def show_caps_lock(self, *, on: bool) -> None:
        """A recording has no lamp."""

    def close(self) -> None:
        os.close(self.fd)


class EventNode:
    """An event node, grabbed.

    Raises:
        DeviceLost: it is no keyboard, or another program has it.
        OSError: it can't be opened.
    """

    def __init__(self, path: Path) -> None:
        import evdev  # noqa: PLC0415 - only where a device is opened (DESIGN section 3)

        self._device: evdev.InputDevice[str] = evdev.InputDevice(str(path))
        self.fd = self._device.fd
        try:
            self._claim(path)
            self.caps_lock = _LED_CAPSL in self._device.leds()
        except BaseException:
            self.close()
            raise

    def _claim(self, path: Path) -> None:
        if not set(self._device.capabilities().get(EV_KEY, ())) >= PROOF_OF_KEYBOARD:
            raise DeviceLost(f"{path} has no letters, digits and Enter: choose the gun's other input node")
        try:
            self._device.grab()
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            raise DeviceLost(f"{path} is held by another program: 'fuser -v {path}' names it; stop that one") from None
        with contextlib.suppress(OSError):  # without it events are timed when they are read
            fcntl.ioctl(self.fd, _EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))

    def show_caps_lock(self, *, on: bool) -> None:
        """Cheap guns press CapsLock again and again until its lamp answers; a grab keeps the system from answering."""
        with contextlib.suppress(OSError):
            self._device.set_led(_LED_CAPSL, int(on))

    def close(self) -> None:
        with contextlib.suppress(OSError):  # of a device that was pulled out, both fail
            self._device.ungrab()
        with contextlib.suppress(OSError):
            self._device.close()


def open_keyboard(path: Path) -> EventNode | RecordedStream:
    """Open whatever stands at ``path``.

    Raises:
        DeviceLost: nothing is there, or nothing that a gun could be.
        PermissionError: no access; for a moment this is normal, until the system has set up a new node.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISFIFO(mode):
            return RecordedStream(path)
        if stat.S_ISCHR(mode):
            return EventNode(path)
    except PermissionError:
        raise
    except OSError as error:
        raise DeviceLost(
            f"no gun at {path} ({error.strerror}): check plug and cable, and compare the setting with "
            "'ls -l /dev/input/by-id'"
        ) from None
    raise DeviceLost(f"{path} is no input device: compare the setting with 'ls -l /dev/input/by-id'")
