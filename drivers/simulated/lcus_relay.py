"""An LCUS relay board on a real pseudo-terminal, as deaf to everything but its four-byte commands as the real one.

It lives on the event loop of whoever uses it. Relays keep their state for as long as the board has power, whoever
opens or closes the port; pulling it out takes the power away.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from typing import TYPE_CHECKING, Self

from drivers.lcus_frames import OFF, ON, Frame, Splitter, wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class SimulatedLcusRelay:
    """One board. ``plug`` it in, ``unplug`` it; or use it as a context manager.

    Args:
        link: where the port's name is to appear; its folder exists.
        changed: called with channel and state whenever a relay switches.
        channels: how many relays it has.
        answers: it repeats each command that it carried out, as some boards do.
    """

    def __init__(
        self,
        link: Path,
        changed: Callable[[int, bool], None] | None = None,
        *,
        channels: int = 2,
        answers: bool = False,
    ) -> None:
        self.on: set[int] = set()
        """The channels that are switched on now."""
        self.commands: list[Frame] = []
        """Everything that it was told, in order."""
        self.stuck = False
        """Its relays do nothing any more, and it says so where it answers."""
        self._link = link
        self._changed = changed
        self._channels = range(1, channels + 1)
        self._answers = answers
        self._splitter = Splitter()
        self._ends: tuple[int, int] | None = None

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
        """Plug it in; harmless when it is."""
        if self._ends is not None:
            return
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._ends = master, slave
        self._splitter = Splitter()
        fresh = self._link.with_name(self._link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(slave))
        fresh.replace(self._link)
        asyncio.get_running_loop().add_reader(master, self._hear)

    def unplug(self) -> None:
        """Pull it out: its relays fall off. Harmless when it is not plugged in."""
        if self._ends is None:
            return
        master, slave = self._ends
        self._ends = None
        asyncio.get_running_loop().remove_reader(master)
        self._link.unlink(missing_ok=True)
        os.close(master)
        os.close(slave)
        for channel in sorted(self.on):
            self._switch(channel, on=False)

    def say(self, data: bytes) -> None:
        """Send any bytes to whoever has the port open."""
        if self._ends is not None:
            os.write(self._ends[0], data)

    def _hear(self) -> None:
        if self._ends is None:
            return
        with contextlib.suppress(BlockingIOError):
            for frame in self._splitter.feed(os.read(self._ends[0], 4096)):
                self.commands.append(frame)
                if frame.channel in self._channels and frame.state in (OFF, ON):
                    self._obey(frame)

    def _obey(self, frame: Frame) -> None:
        if not self.stuck:
            self._switch(frame.channel, on=frame.state == ON)
        if self._answers:
            self.say(wire(Frame(frame.channel, ON if frame.channel in self.on else OFF)))

    def _switch(self, channel: int, *, on: bool) -> None:
        if on == (channel in self.on):
            return
        (self.on.add if on else self.on.discard)(channel)
        if self._changed is not None:
            self._changed(channel, on)
