"""What the contract asks of a device at the other end of a driver's wire (``contract``)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from desk import DEADLINE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FAST: Final = 100.0
"""Times the speed of a real wire."""
CODE: Final = "HC1:SECRETOFSOMEBODY" + "7" * 80


class Rig(Protocol):
    """A device; it is not plugged in at first, and it is online again each time after ``plug``."""

    driver: ClassVar[str]
    """Its name in ``drivers.DRIVERS``."""
    row: ClassVar[str]
    """What the table calls it: the driver, and the variant where there are several."""
    shared: ClassVar[str]
    """Why a second opening is not refused; empty where it is."""
    settings: Mapping[str, object]
    secrets: tuple[bytes, ...]
    """Parts of what is presented that no log may show."""

    def __init__(self, folder: Path) -> None: ...

    def plug(self) -> None: ...

    def lose(self) -> None:
        """Take the device away, whatever it is doing; harmless when it is gone."""

    async def present(self) -> None:
        """Present something whole, each time something else; gives one reading."""

    async def begin(self) -> None:
        """Have half of something arrive; the rest never comes."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens in a device's own thread."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - a thread can't set an asyncio.Event
            await asyncio.sleep(0.005)
