"""A desk at which a driver runs: what it emits is taken one by one, with a deadline."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from gate.model import Notice, NoticeKind, PayloadKind, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from drivers import Driver
    from gate.model import ReaderEvent

DEADLINE = 30.0
"""Seconds; far more than anything needs, so that a busy machine fails no test."""


class Desk:
    """A running driver and what it has emitted."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._events: asyncio.Queue[ReaderEvent] = asyncio.Queue()
        self.task = asyncio.create_task(driver.run(self._events.put_nowait))

    async def next(self) -> ReaderEvent:
        """The next event; raises what ended the driver where it ended instead."""
        getting = asyncio.create_task(self._events.get())
        done, _ = await asyncio.wait({getting, self.task}, timeout=DEADLINE, return_when=asyncio.FIRST_COMPLETED)
        if getting in done:
            return getting.result()
        getting.cancel()
        if self.task in done:
            self.task.result()
        raise AssertionError("nothing came from the driver")

    async def code(self) -> bytes:
        event = await self.next()
        assert isinstance(event, Reading), event
        assert event.kind is PayloadKind.CODE_TEXT
        assert event.reader == self.driver.name
        return event.data

    async def notice(self) -> NoticeKind:
        event = await self.next()
        assert isinstance(event, Notice), event
        return event.kind


@contextlib.asynccontextmanager
async def at_desk(driver: Driver) -> AsyncIterator[Desk]:
    """Run ``driver``; at the end it is cancelled and has closed its device."""
    desk = Desk(driver)
    try:
        yield desk
    finally:
        desk.task.cancel()
        await asyncio.wait({desk.task})
