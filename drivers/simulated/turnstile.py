"""A turnstile with a tripod arm: what stands behind the relays and before the passage sensor.

A pulse lets one person through, who may or may not come; the arm stays released for as long as the turnstile's own
control holds it. Its sensor is a contact that chatters, as contacts do.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CHATTER_S = 0.002
INSIDE_S = 0.15
"""How long somebody keeps the sensor blocked."""


class SimulatedTurnstile:
    """One arm; to be used on the event loop.

    Args:
        sensor: told whenever the passage sensor's contact closes (True) or opens.
        released_s: how long the arm stays released.
        chatter: how often the contact opens again while it closes, and the other way round.
    """

    def __init__(self, sensor: Callable[[bool], None], *, released_s: float = 5.0, chatter: int = 3) -> None:
        self.pulses = 0
        self._sensor = sensor
        self._released_s = released_s
        self._chatter = chatter
        self._locks: asyncio.TimerHandle | None = None
        self._unlocked = asyncio.Event()

    @property
    def released(self) -> bool:
        """Whether the arm would turn for somebody."""
        return self._unlocked.is_set()

    def relay(self, *, closed: bool) -> None:
        """The contact of the relay that lets people through."""
        if not closed:
            return
        self.pulses += 1
        self._unlocked.set()
        if self._locks is not None:
            self._locks.cancel()
        self._locks = asyncio.get_running_loop().call_later(self._released_s, self._lock)

    async def walk(self) -> None:
        """Somebody waits for the arm to be released, and walks through."""
        await self._unlocked.wait()
        self._lock()
        await self.push_through()

    async def push_through(self) -> None:
        """Somebody walks through whether the arm is released or not."""
        await self.block()
        await asyncio.sleep(INSIDE_S)
        await self.clear()

    async def block(self) -> None:
        """Somebody, or something, is in the passage and stays there."""
        await self._change(closed=True)

    async def clear(self) -> None:
        """The passage is free again."""
        await self._change(closed=False)

    def _lock(self) -> None:
        self._unlocked.clear()
        if self._locks is not None:
            self._locks.cancel()
            self._locks = None

    async def _change(self, *, closed: bool) -> None:
        for _ in range(self._chatter):
            for state in (closed, not closed):
                self._sensor(state)
                await asyncio.sleep(CHATTER_S)
        self._sensor(closed)
