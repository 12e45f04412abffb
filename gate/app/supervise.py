"""Keeps devices open: a lost one is opened again with back-off and jitter, and an outage is logged once.

``DeviceLost`` is the only end that a driver may come to; any other one is a bug and ends the process, which systemd
starts again.

*An outage* begins when a device is lost and is over when it works again: one line each, however often it was tried
meanwhile. One that is lost again sooner than ``STEADY_S`` after it came back is *unsteady* (a loose plug, too little
power): that is one outage, however often it comes and goes, and it is over once the device has stayed so long. Those
who use the device are told of every change, since a person can be served whenever it works.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import TYPE_CHECKING, Final

from gate.app.logs import line
from gate.errors import DeviceLost
from gate.model import Notice, NoticeKind, ReaderEvent

if TYPE_CHECKING:
    from drivers import Driver, Emit

FIRST_WAIT_S = 0.25
"""About as long as udev takes for names and permissions of what was plugged in."""
LONGEST_WAIT_S = 5.0
"""Somebody who has put a plug back waits no longer for the device; a try costs next to nothing."""
STEADY_S = 5.0
"""A device that has stayed for so long is taken to stay."""

LOGGED_ALREADY: Final = frozenset({NoticeKind.ONLINE, NoticeKind.OFFLINE})
"""Notices whose line is written here, or left out on purpose: whoever takes them writes none."""

log = logging.getLogger("gate.devices")


async def supervise(driver: Driver, emit: Emit, what: str = "reader") -> None:
    """Run one driver for ever; each loss becomes a ``Notice(OFFLINE)``, and it tells itself when it works again.

    ``what`` kind of device it is, for the log.

    Raises:
        RuntimeError: the driver came to an end that none may come to.
    """
    outages = _Outages(driver.name, what)

    def pass_on(event: ReaderEvent) -> None:
        if isinstance(event, Notice) and event.kind is NoticeKind.ONLINE:
            outages.works(event)
        emit(event)

    try:
        while True:
            lost = await _until_lost(driver, pass_on)
            if outages.lost(lost):
                emit(Notice(driver.name, NoticeKind.OFFLINE, str(lost), time.monotonic()))
            await asyncio.sleep(outages.pause())
    finally:
        outages.close()


async def _until_lost(driver: Driver, emit: Emit) -> DeviceLost:
    """Run the driver until its device is lost; gives the loss."""
    task = asyncio.current_task()
    try:
        await driver.run(emit)
    except DeviceLost as lost:
        return lost
    except asyncio.CancelledError as end:
        if task is not None and task.cancelling():
            raise
        # A task group takes a task that cancels itself for one that was told to stop, and would go on without it.
        raise RuntimeError(f"{driver.name}: the driver cancelled itself") from end
    raise RuntimeError(f"{driver.name}: the driver ended without a loss")


class _Outages:
    """The outages of one device: what the log says of them, and how long to wait before the next try."""

    def __init__(self, name: str, what: str) -> None:
        self._name = name
        self._what = what
        self._out = False
        """Whether the newest line says that it is lost."""
        self._unsteady = False
        self._told = False
        """Whether those who use it know that it is lost."""
        self._returned = float("-inf")
        self._wait = FIRST_WAIT_S
        self._steady: asyncio.TimerHandle | None = None

    def works(self, notice: Notice) -> None:
        """It works, or does so again."""
        self._told = False
        if self._unsteady:
            if self._steady is None:
                self._steady = asyncio.get_running_loop().call_later(STEADY_S, self._stays, notice)
            return
        if self._out:
            self._returned = time.monotonic()
        log.info(self._line("back" if self._out else "online", detail=notice.detail))
        self._out, self._wait = False, FIRST_WAIT_S

    def lost(self, lost: DeviceLost) -> bool:
        """It is lost, or still is; whether those who use it don't know that yet."""
        self.close()
        if not self._out:
            self._unsteady = time.monotonic() - self._returned < STEADY_S
            log.warning(self._line("unsteady" if self._unsteady else "lost", why=str(lost)))
            self._out = True
        news, self._told = not self._told, True
        return news

    def pause(self) -> float:
        """Seconds until the next try; longer each time.

        With jitter: twenty readers on one hub that lost power must not all come back in the same instant.
        """
        wait, self._wait = self._wait, min(self._wait * 2, LONGEST_WAIT_S)
        return random.uniform(wait / 2, wait)  # noqa: S311 - spreads load, guards nothing

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._steady is not None:
            self._steady.cancel()
            self._steady = None

    def _stays(self, notice: Notice) -> None:
        self._steady, self._unsteady = None, False
        self.works(notice)
        self._returned = float("-inf")  # it has been there for long enough

    def _line(self, event: str, **values: str) -> str:
        return line(f"{self._what}-{event}", **{self._what: self._name}, **values)
