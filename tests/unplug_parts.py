"""What can be pulled out of a gate; those that read nothing are here, the readers in ``unplug_readers``."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final

from drivers.simulated.gymcu90614 import PtyThermometer
from drivers.simulated.lcus_relay import SimulatedLcusRelay

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

WARM: Final = 3640
"""Hundredths of a degree; whoever stands before the thermometer is well."""


class Amid(StrEnum):
    """How far a reader has come with somebody when it is pulled out."""

    FOUND = "found, not read"
    MIDWAY = "in the middle"


class Part:
    """One device; plugged out at first.

    Args:
        path: where the gate looks for it.
    """

    name: ClassVar[str]
    what: ClassVar[str] = "reader"
    """The kind of device, as the log calls it."""
    reads: ClassVar[bool] = True
    """Whether people can present something here."""
    surely: ClassVar[frozenset[Amid]] = frozenset(Amid)
    """When the gate surely knows that somebody was there; else what had arrived may be gone with the device."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def plug(self) -> None:
        raise NotImplementedError

    async def pull(self) -> None:
        raise NotImplementedError

    async def pull_amid(self, amid: Amid, random: Random) -> None:
        """Have somebody present, and pull the device out while that is being read; the person leaves."""
        raise NotImplementedError

    async def present(self, *, good: bool) -> None:
        """Somebody presents; whoever is good is let in by a gate that is whole."""
        raise NotImplementedError

    async def leave(self) -> None:
        """The person takes along what lay there."""

    async def replace(self) -> None:
        """Have something else stand in its place; by ``pull`` it goes."""
        await self.pull()
        self.path.write_bytes(b"something else")


class Barrier(Part):
    name = "barrier"
    what = "barrier"
    reads = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.board = SimulatedLcusRelay(path)

    async def plug(self) -> None:
        self.path.unlink(missing_ok=True)
        self.board.plug()

    async def pull(self) -> None:
        self.board.unplug()
        self.path.unlink(missing_ok=True)


class Thermometer(Part):
    name = "thermometer"
    reads = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._module = PtyThermometer(path)
        self._module.target = WARM

    async def plug(self) -> None:
        self.path.unlink(missing_ok=True)
        if self._module._thread is None:
            self._module.plug()

    async def pull(self) -> None:
        await asyncio.to_thread(self._module.unplug)
        self.path.unlink(missing_ok=True)
