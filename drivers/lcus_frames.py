"""Frames of the LCUS relay boards: ``A0 channel state sum``, the sum over the three bytes before it (PROTOCOLS 5.1).

Most boards answer nothing; some repeat what they did in a frame of the same form.
"""

from __future__ import annotations

from typing import Final, NamedTuple

START: Final = 0xA0
SIZE: Final = 4
OFF: Final = 0
ON: Final = 1
CHANNELS: Final = 8
"""The largest board's."""


class Frame(NamedTuple):
    """One command, or a board's account of one."""

    channel: int
    """From 1."""
    state: int


def wire(frame: Frame) -> bytes:
    """The four bytes of a frame."""
    head = bytes((START, frame.channel, frame.state))
    return head + bytes((sum(head) & 0xFF,))


class Splitter:
    """Finds frames in a stream of bytes, whatever lies between them."""

    def __init__(self) -> None:
        self._pending = b""

    @property
    def pending(self) -> bytes:
        """The beginning of what may become a frame; never as long as one."""
        return self._pending

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now, in their order; one whose sum is wrong is none."""
        frames = []
        stream = self._pending + data
        start = stream.find(START)
        while 0 <= start <= len(stream) - SIZE:
            frame = Frame(stream[start + 1], stream[start + 2])
            good = stream.startswith(wire(frame), start)
            if good:
                frames.append(frame)
            start = stream.find(START, start + (SIZE if good else 1))
        self._pending = b"" if start < 0 else stream[start:]
        return frames
