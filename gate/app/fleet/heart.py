"""The heartbeat: every minute, and at once where something changes; takes commands with the answer."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import TYPE_CHECKING, Final

import msgspec

from gate.app.aside import aside
from gate.app.fleet.commands import Able, Commands
from gate.app.logs import line
from gate.errors import NetworkFault, WireFault
from gate.wire import heartbeat, inventory
from gate.wire.commands import CommandKind
from gate.wire.heartbeat import EVERY_S, MOST_OFTEN_S, HeartbeatAnswer
from gate.wire.inventory import InventoryAnswer
from gate.wire.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.app.fleet.session import Session
    from gate.app.fleet.vitals import Vitals
    from gate.wire.inventory import Inventory

LOOK_S: Final = 1.0
"""From one look at what may have changed to the next."""
JITTER: Final = 0.1
"""Of the time between two heartbeats, to either side."""

log = logging.getLogger("gate.fleet")


class Heart:
    """Tells the fleet how the gate is; constructed and run on the event loop.

    Args:
        session: the way there, used for nothing else.
        device: the name that this gate has there.
        vitals: how the gate is.
        inventory: what it is made of.
        able: what the fleet may have of this gate, besides reporting.
        contact: called whenever the fleet has answered.
    """

    def __init__(
        self,
        session: Session,
        device: str,
        vitals: Vitals,
        inventory: Callable[[], Inventory],
        able: Able,
        contact: Callable[[], None],
    ) -> None:
        self._session = session
        self._device = device
        self._vitals = vitals
        self._inventory = inventory
        self._contact = contact
        self._commands = Commands(Able({**able.orders, CommandKind.REPORT: self.report}, able.questions))
        self._inventory_due = True
        self._pace = Pace(random.random)
        self._trouble = False

    def report(self) -> None:
        """Tell everything anew, soon."""
        self._inventory_due = True

    async def run(self) -> None:
        """Beat, and answer what the fleet asks, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._commands.answer())
            group.create_task(self._beats())

    async def _beats(self) -> None:
        while True:
            told = self._vitals.news()
            try:
                await self._beat()
            except (NetworkFault, WireFault) as fault:
                self._say(str(fault))
                asked = fault.asked_s if isinstance(fault, WireFault) else 0.0
                await asyncio.sleep(max(self._pace.failed(asked), MOST_OFTEN_S))
                continue
            self._say(None)
            self._pace.worked()
            await self._pause(told)

    async def _beat(self) -> None:
        outcomes = self._commands.untold
        beat = msgspec.structs.replace(self._vitals.now(self._device), outcomes=outcomes)
        answers: list[HeartbeatAnswer] = []
        about = self._inventory() if self._inventory_due else None

        def tell() -> None:
            if about is not None:
                self._session.ask(inventory.PATH, about, InventoryAnswer)
            answers.append(self._session.ask(heartbeat.PATH, self._vitals.with_disk(beat), HeartbeatAnswer))

        await aside(tell, "heartbeat")
        self._contact()
        if about is not None:
            self._inventory_due = False
        self._commands.told(outcomes)
        self._commands.take(answers[0].commands)

    async def _pause(self, told: object) -> None:
        """Wait for the next one's time, or for something to tell; never less than ``MOST_OFTEN_S``."""
        ends = time.monotonic() + EVERY_S * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load
        await asyncio.sleep(MOST_OFTEN_S)
        while time.monotonic() < ends and not self._due(told):  # noqa: ASYNC110 - much may change, and nothing of it tells
            await asyncio.sleep(LOOK_S)

    def _due(self, told: object) -> bool:
        return self._inventory_due or bool(self._commands.untold) or self._vitals.news() != told

    def _say(self, trouble: str | None) -> None:
        """One line an outage, and one for its end."""
        if (trouble is not None) == self._trouble:
            return
        self._trouble = trouble is not None
        if trouble is None:
            log.info(line("fleet-reached"))
        else:
            log.warning(line("fleet-not-reached", why=trouble))
