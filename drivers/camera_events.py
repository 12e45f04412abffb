"""From what a camera's process tells to what the gate is told; such a process is not believed in anything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from drivers.repeats import RepeatFilter
from gate.errors import ConfigError
from gate.model import Notice, NoticeKind, PayloadKind, Reading

if TYPE_CHECKING:
    from drivers import Emit
    from drivers.camera_wire import Frame

_REPEAT_MS = range(60_001)
_LONGEST_WAY = 5.0
"""Seconds from a picture to the gate; a time that lies further back, or ahead, is none."""


def check_repeat_ms(value: int) -> None:
    """Refuse a setting that is out of range.

    Raises:
        ConfigError: it is.
    """
    if value not in _REPEAT_MS:
        raise ConfigError(f"repeat_ms is {value}; write a number from 0 to {_REPEAT_MS[-1]}")


class CameraEvents:
    """What one camera has to say, until it is lost.

    Args:
        name: configured name of the reader.
        repeat_ms: the same code is new again after it was away for so long.
        emit: takes the events.
    """

    def __init__(self, name: str, repeat_ms: int, emit: Emit) -> None:
        self._name = name
        self._emit = emit
        self._repeats = RepeatFilter(repeat_ms / 1000)
        self._online = False

    def alive(self, detail: str) -> None:
        """The process has shown that it works; only the first time is news."""
        if not self._online:
            self._online = True
            self._emit(Notice(self._name, NoticeKind.ONLINE, detail, time.monotonic()))

    def code(self, frame: Frame) -> None:
        """A code was read; it is news unless it is the one that is being held up."""
        at = _believable(frame.at)
        if self._repeats.is_new(frame.data, at):
            self._emit(Reading(self._name, PayloadKind.CODE_TEXT, frame.data, at))

    def again(self, detail: str, at: float) -> None:
        """Somebody presented something that can't be read; ``detail`` is for the guard."""
        self._emit(Notice(self._name, NoticeKind.PRESENT_AGAIN, detail, _believable(at)))


def _believable(at: float) -> float:
    now = time.monotonic()
    return at if now - _LONGEST_WAY <= at <= now else now
