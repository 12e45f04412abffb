"""Frames of a GY-MCU90614 thermometer: bytes in, readings out; no port, no clock (PROTOCOLS 4.3).

::

    5A 5A | type | n | n bytes of data | sum        type 45: target hi lo, ambient hi lo, and in later versions more

Both are signed, in hundredths of a degree; ``sum`` is the low byte of the sum of everything before it. Byte 3 says how
long a frame is. Some versions put one more byte behind each frame, others more data in it: both are passed over.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

HEADER: Final = b"\x5a\x5a"
TEMPERATURES: Final = 0x45
CONTINUOUS: Final = bytes.fromhex("A5 45 EA")
"""The request to send frames for ever, ten to fourteen a second."""
LEAST_DATA: Final = 4
MOST_DATA: Final = 16
"""Far above anything documented; a bound on memory, and on how long a damaged length can hide good frames."""
_BEFORE_DATA: Final = 4


@dataclass(frozen=True, slots=True)
class Temperatures:
    """One frame whose sum holds, in hundredths of a degree Celsius."""

    target: int = field(repr=False)
    ambient: int


class Frames:
    """Finds the frames in a stream of bytes, whatever the chunks it comes in; keeps less than one frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def pending(self) -> bytes:
        """Bytes that may become a frame when more arrive."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[Temperatures]:
        """The frames that are complete now; after anything that is none the search goes on one byte later."""
        self._buffer += data
        found: list[Temperatures] = []
        at = 0
        while (at := self._buffer.find(HEADER, at)) >= 0:
            end = self._end(at)
            if end is None:
                at += 1
            elif end > len(self._buffer):
                break
            elif sum(self._buffer[at : end - 1]) & 0xFF != self._buffer[end - 1]:
                at += 1
            else:
                found.append(Temperatures(*struct.unpack_from(">hh", self._buffer, at + _BEFORE_DATA)))
                at = end
        del self._buffer[: at if at >= 0 else len(self._buffer) - self._buffer.endswith(HEADER[:1])]
        return found

    def _end(self, at: int) -> int | None:
        """Where the frame that begins at ``at`` ends, beyond what is there if it is cut off; None: it is no frame."""
        head = self._buffer[at : at + _BEFORE_DATA]
        if len(head) > len(HEADER) and head[2] != TEMPERATURES:
            return None
        if len(head) < _BEFORE_DATA:
            return len(self._buffer) + 1
        return at + _BEFORE_DATA + head[3] + 1 if LEAST_DATA <= head[3] <= MOST_DATA else None
