"""An LCUS relay board behind a second USB serial adapter of QEMU's."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hil.devices.wire import Wire

from drivers.lcus_frames import OFF, ON, Splitter

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pulse:
    """A relay was on for some time; ``seconds`` by the host's clock, which the guest's runs beside."""

    channel: int
    began: float
    seconds: float


class Relay:
    """One board; its relays fall off when it is pulled out."""

    def __init__(self, path: Path) -> None:
        self.pulses: list[Pulse] = []
        """Every pulse that is over, in order."""
        self._on: dict[int, float] = {}
        self._splitter = Splitter()
        self._changed = threading.Condition()
        self._wire = Wire(path, self._hear)
        self.plug = self._wire.plug

    @property
    def on(self) -> frozenset[int]:
        """The channels that are on now."""
        with self._changed:
            return frozenset(self._on)

    def unplug(self) -> None:
        """Pull it out; harmless when it is."""
        self._wire.unplug()
        with self._changed:
            for channel in list(self._on):
                self._switch(channel, on=False)
            self._splitter = Splitter()

    def wait_for(self, pulses: int, seconds: float) -> list[Pulse]:
        """Wait until there were so many pulses; gives all there were, fewer where the time is over first."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.pulses) >= pulses, seconds)
            return list(self.pulses)

    def _hear(self, data: bytes) -> None:
        with self._changed:
            for frame in self._splitter.feed(data):
                if frame.state in (OFF, ON):
                    self._switch(frame.channel, on=frame.state == ON)

    def _switch(self, channel: int, *, on: bool) -> None:
        now = time.monotonic()
        if on:
            self._on.setdefault(channel, now)
        elif (began := self._on.pop(channel, None)) is not None:
            self.pulses.append(Pulse(channel, began, now - began))
            self._changed.notify_all()
