"""Keeps devices open: a lost one is opened again with back-off and jitter, and an outage is logged once.

``DeviceLost`` is the only end that a driver may come to; any other exception is a bug and ends the process, which
systemd starts again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import TYPE_CHECKING

from gate.app.logs import line
from gate.errors import DeviceLost
from gate.model import Notice, NoticeKind, ReaderEvent

if TYPE_CHECKING:
    from drivers import Driver, Emit

FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 5.0

log = logging.getLogger("gate.devices")


async def supervise(driver: Driver, emit: Emit, what: str = "reader") -> None:
    """Run one driver for ever; tells of its outages as ``Notice(OFFLINE)`` and of its return as ``Notice(ONLINE)``.

    ``what`` kind of device it is, for the log.
    """
    outage = False
    wait = FIRST_WAIT_S

    def pass_on(event: ReaderEvent) -> None:
        nonlocal outage, wait
        if isinstance(event, Notice) and event.kind is NoticeKind.ONLINE:
            if outage:
                log.info(line(f"{what}-back", **{what: driver.name}))
            outage, wait = False, FIRST_WAIT_S
        emit(event)

    while True:
        try:
            await driver.run(pass_on)
        except DeviceLost as lost:
            if not outage:
                log.warning(line(f"{what}-lost", **{what: driver.name}, why=str(lost)))
                emit(Notice(driver.name, NoticeKind.OFFLINE, str(lost), time.monotonic()))
                outage = True
        # Jitter: twenty readers on one hub that lost power must not all come back in the same instant.
        await asyncio.sleep(random.uniform(wait / 2, wait))  # noqa: S311 - spreads load, guards nothing
        wait = min(wait * 2, LONGEST_WAIT_S)
