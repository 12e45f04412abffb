"""What a process that decodes pictures tells the gate, frame by frame through a pipe or a Unix socket.

Frame: kind (1 byte), time (8, IEEE 754 double, ``CLOCK_MONOTONIC`` seconds), length (4), data; big-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum

from gate.errors import ProtocolFault

MOST_DATA = 8192
"""Bytes; more than any code holds."""

_HEADER = struct.Struct(">BdI")


class Kind(IntEnum):
    """What a frame says."""

    IDLE = 0
    """Alive: a folder's process waits for a picture, a camera's has just decoded one; also sent as heartbeat."""
    STARTED = 1
    """A picture has come and is about to be decoded; not of a camera, to which they come all the time."""
    CODE = 2
    """``data``: the exact bytes of one code in it."""
    UNREADABLE = 3
    """``data``: UTF-8, why nothing could be read; one of our own sentences. Not of a camera either."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; ``at`` is when the picture was taken up."""

    kind: Kind
    at: float
    data: bytes = field(default=b"", repr=False)

    def to_bytes(self) -> bytes:
        return _HEADER.pack(self.kind, self.at, len(self.data)) + self.data


class Frames:
    """Cuts the bytes of the pipe or socket into frames, at whatever places they were cut in transit."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes; give every whole frame. Keeps less than one frame.

        Raises:
            ProtocolFault: no such kind, or a length beyond ``MOST_DATA``.
        """
        self._buffer += data
        frames = []
        while len(self._buffer) >= _HEADER.size:
            kind, at, length = _HEADER.unpack_from(self._buffer)
            if kind not in Kind.__members__.values() or length > MOST_DATA:
                raise ProtocolFault("the picture decoder sent no frame")
            end = _HEADER.size + length
            if len(self._buffer) < end:
                break
            frames.append(Frame(Kind(kind), at, bytes(self._buffer[_HEADER.size : end])))
            del self._buffer[:end]
        return frames
