"""A gun at the other end of the wire: types codes as real keyboard events.

Where the machine can make input devices (``/dev/uinput``), the gun is one, and ``path`` becomes a link to its event
node. Elsewhere ``path`` becomes a FIFO that carries the same records (``drivers.keyboard_node``).
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import os
import struct
import termios
import time
from typing import TYPE_CHECKING, Protocol

from drivers import keymap
from drivers.input_events import (
    DOWN,
    EV_KEY,
    EV_MSC,
    EV_SYN,
    MSC_SCAN,
    SYN_DROPPED,
    SYN_REPORT,
    UP,
    KeyEvent,
    pack,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_UINPUT = "/dev/uinput"
_REPORT = KeyEvent(EV_SYN, SYN_REPORT, 0)
_DROPPED = (KeyEvent(EV_SYN, SYN_DROPPED, 0), _REPORT)
_HID_USAGES_OF_KEYS = 0x70000
_LARGEST_PIPE = 1 << 20
_ROOM = _LARGEST_PIPE // 2
"""Bytes that surely fit: a FIFO is made of pages, and those may be half empty."""


def key_events(key: int, *, down: bool) -> tuple[KeyEvent, ...]:
    """What the kernel reports when one key goes down or up.

    The scan code is not the key's real one (a table of its own that no reader needs), only of its form.
    """
    return (
        KeyEvent(EV_MSC, MSC_SCAN, _HID_USAGES_OF_KEYS + key),
        KeyEvent(EV_KEY, key, DOWN if down else UP),
        _REPORT,
    )


def keystrokes(text: str, *, encoding: str = "utf-8", caps_lock: bool = False) -> Iterator[tuple[KeyEvent, ...]]:
    """The events of each character of ``text``, as a gun set to the US layout types it.

    Printable ASCII by its keys; every other byte of ``encoding`` as Alt and its number, with a leading 0.
    ``caps_lock``: the lamp is on, and the gun makes up for it.
    """
    for char in text:
        if char.isascii() and char.isprintable():
            key, shift = keymap.stroke(char)
            yield _press(key, shift=shift != (caps_lock and char.isalpha()))
        else:
            for byte in char.encode(encoding):
                yield alt_code(f"0{byte:03}")


def _press(key: int, *, shift: bool = False) -> tuple[KeyEvent, ...]:
    events = key_events(key, down=True) + key_events(key, down=False)
    if shift:
        events = key_events(keymap.KEY_LEFTSHIFT, down=True) + events + key_events(keymap.KEY_LEFTSHIFT, down=False)
    return events


def alt_code(digits: str) -> tuple[KeyEvent, ...]:
    """The events of a character typed as Alt and its number on the keypad."""
    pressed = tuple(event for digit in digits for event in _press(keymap.keypad_key(digit)))
    return key_events(keymap.KEY_LEFTALT, down=True) + pressed + key_events(keymap.KEY_LEFTALT, down=False)


class _Wire(Protocol):
    """How events reach whoever reads the gun."""

    def send(self, events: Iterable[KeyEvent]) -> None: ...
    def close(self) -> None: ...


class _Fifo:
    """Events as records in a FIFO. Like the kernel's ring, it forgets what nobody reads, and says so afterwards."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
        self._path = path
        # Open for both, so that it can be opened before anybody reads, and stays open when the reader goes.
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, _LARGEST_PIPE)
        self._overflown = False

    def send(self, events: Iterable[KeyEvent]) -> None:
        records = pack((*_DROPPED, *events) if self._overflown else events, time.monotonic())
        (unread,) = struct.unpack("i", fcntl.ioctl(self._fd, termios.FIONREAD, bytes(4)))
        self._overflown = unread + len(records) > _ROOM
        if not self._overflown:
            os.write(self._fd, records)

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._fd)


class _Uinput:
    """Events through a keyboard that the kernel makes for us."""

    def __init__(self, path: Path) -> None:
        import evdev  # noqa: PLC0415 - only where a device is opened (DESIGN section 3)

        keys = range(1, max(keymap.MODIFIERS) + 1)
        self._device = evdev.UInput({EV_KEY: list(keys), EV_MSC: [MSC_SCAN]}, name="Simulated gun")
        self._link = path
        path.unlink(missing_ok=True)
        path.symlink_to(self._device.device.path)

    def send(self, events: Iterable[KeyEvent]) -> None:
        for event in events:
            self._device.write(*event)

    def close(self) -> None:
        self._link.unlink(missing_ok=True)
        self._device.close()


class SimulatedGun:
    """A keyboard-wedge gun.

    Args:
        path: where a reader finds it while it is plugged in.
        seconds_per_character: typing speed; guns manage one to four milliseconds. With 0 a code is sent in one go, so
            that a busy machine can't tear it apart.
        encoding: how it spells text beyond ASCII.
    """

    def __init__(self, path: Path, *, seconds_per_character: float = 0.0015, encoding: str = "utf-8") -> None:
        self.last_event_monotonic = 0.0
        """When the newest event was sent."""
        self._path = path
        self._pause = seconds_per_character
        self._encoding = encoding
        self._wire: _Wire | None = None

    def plug(self) -> None:
        """Plug it in; harmless when it is."""
        if self._wire is None:
            self._wire = _Uinput(self._path) if os.access(_UINPUT, os.W_OK) else _Fifo(self._path)

    def unplug(self) -> None:
        """Pull it out; harmless when it is not plugged in."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def send(self, events: Iterable[KeyEvent]) -> None:
        """Put events on the wire as they are; a gun that is not plugged in sends nothing."""
        if self._wire is not None:
            self._wire.send(events)
            self.last_event_monotonic = time.monotonic()

    def lose_events(self) -> None:
        """Have the reader told that it was too slow and that events were dropped."""
        self.send(_DROPPED)

    async def type(self, text: str, *, caps_lock: bool = False, terminator: int | None = keymap.KEY_ENTER) -> None:
        """Type one code at the gun's speed.

        ``terminator`` is the key that ends it, None for a gun that sends none.
        """
        strokes = list(keystrokes(text, encoding=self._encoding, caps_lock=caps_lock))
        if terminator is not None:
            strokes.append(_press(terminator))
        if not self._pause:
            strokes = [tuple(itertools.chain.from_iterable(strokes))]
        due = time.monotonic()
        for events in strokes:
            self.send(events)
            due += self._pause  # against the clock, so that what the system sleeps too long does not add up
            await asyncio.sleep(due - time.monotonic())
