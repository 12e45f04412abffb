"""Linux input events: what a keyboard's node (``/dev/input/event*``) says, record by record.

A record is the kernel's ``struct input_event``: seconds, microseconds, type, code, value; 24 bytes on 64-bit systems.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

RECORD = struct.Struct("llHHi")

EV_SYN = 0x00
EV_KEY = 0x01
EV_MSC = 0x04

SYN_REPORT = 0
SYN_DROPPED = 3
MSC_SCAN = 4

UP = 0
DOWN = 1


class KeyEvent(NamedTuple):
    """One input event without its time; ``type`` says what ``code`` and ``value`` mean."""

    type: int
    code: int
    value: int


class Records:
    """Cuts the bytes of a node into records, at whatever places they were cut in transit."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[float, KeyEvent]]:
        """Take bytes; give every whole record as (time in seconds, event). Keeps less than one record."""
        data = self._rest + data
        whole = len(data) - len(data) % RECORD.size
        self._rest = data[whole:]
        return [
            (seconds + microseconds / 1e6, KeyEvent(kind, code, value))
            for seconds, microseconds, kind, code, value in RECORD.iter_unpack(data[:whole])
        ]


def pack(events: Iterable[KeyEvent], at: float) -> bytes:
    """Records of ``events``, all stamped ``at`` (seconds, not negative)."""
    seconds = int(at)
    microseconds = int((at - seconds) * 1e6)
    return b"".join(RECORD.pack(seconds, microseconds, *event) for event in events)
