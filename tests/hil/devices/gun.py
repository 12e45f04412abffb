"""A keyboard-wedge gun: what it types goes to QEMU's USB keyboard as key events over QMP."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from drivers import keymap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIGNS: Final = {
    "-": "minus",
    "=": "equal",
    "[": "bracket_left",
    "]": "bracket_right",
    "\\": "backslash",
    ";": "semicolon",
    "'": "apostrophe",
    "`": "grave_accent",
    ",": "comma",
    ".": "dot",
    "/": "slash",
    " ": "spc",
}
"""What a key types without Shift -> QEMU's name of it; letters and digits are their own."""

Event = dict[str, Any]


def key(name: str, *, down: bool) -> Event:
    """One key going down or up, as ``input-send-event`` wants it."""
    return {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": name}}}


def strokes(text: str, *, end: str | None = "ret") -> Iterator[list[Event]]:
    """What to send for a text of printable ASCII, one HID report after the other; ``end`` is the last key.

    Raises:
        KeyError: no key types a character.
    """
    for char in text:
        number, shift = keymap.stroke(char)
        plain = keymap.character(number, shift=False, caps_lock=False) or ""
        name = _SIGNS.get(plain, plain)
        shifts = [key("shift", down=True)] if shift else []
        yield [*shifts, key(name, down=True)]
        yield [key(name, down=False), *([key("shift", down=False)] if shift else [])]
    if end is not None:
        yield [key(end, down=True)]
        yield [key(end, down=False)]


class Gun:
    """Types into the machine.

    Args:
        send: carries out ``input-send-event`` with these events.
        pause_s: between two reports. QEMU's keyboard holds sixteen key events that the guest has not fetched yet.
    """

    def __init__(self, send: Callable[[list[Event]], object], *, pause_s: float = 0.02) -> None:
        self._send = send
        self._pause_s = pause_s

    def type(self, text: str, *, end: str | None = "ret") -> None:
        """Read one code."""
        for events in strokes(text, end=end):
            self._send(events)
            time.sleep(self._pause_s)
