"""A running gate's link with its fleet: rows go out, heartbeats too, commands come in."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gate.app.fleet.heart import Heart
from gate.app.fleet.inventory import inventory
from gate.app.fleet.key import load_key
from gate.app.fleet.session import Session, Tokens
from gate.app.logs import line
from gate.errors import ConfigError
from gate.journal.uploader import Uploader
from gate.net.client import Client
from gate.wire.heartbeat import EVERY_S, MOST_OFTEN_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.app.fleet.commands import Able
    from gate.app.fleet.vitals import Vitals
    from gate.config import FleetConfig, GateConfig
    from gate.journal.store import Journal
    from gate.model import Moment

BOOT_S: Final = 180.0
"""A gate that starts so soon after its machine was switched on: with it, perhaps, every gate of a city."""

log = logging.getLogger("gate.fleet")


class Contact(Protocol):
    """Somebody who wants to know when the fleet has answered; the lease does."""

    def contact(self, moment: Moment) -> None: ...


@dataclass(frozen=True, slots=True)
class Link:
    """Everything of the fleet's in one gate."""

    uploader: Uploader
    heart: Heart
    after_s: float
    """From the start until the fleet is first asked for anything."""

    async def run(self) -> None:
        """Keep the fleet informed until cancelled."""
        await asyncio.sleep(self.after_s)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._upload())
            group.create_task(self.heart.run())

    async def _upload(self) -> None:
        self.uploader.start()
        try:
            await asyncio.wrap_future(self.uploader.ended)
        finally:
            self.uploader.stop()


def first_after_s(uptime_s: float, draw: Callable[[], float]) -> float:
    """How long a gate that starts leaves the fleet in peace.

    After a power cut a whole city's gates start as one, and each asks four questions before its first heartbeat is
    answered. They come as they come later, over a minute. A gate that alone was started anew is soon seen again.

    Args:
        uptime_s: of the machine.
        draw: as for ``Pace``.
    """
    return draw() * (EVERY_S if uptime_s < BOOT_S else MOST_OFTEN_S)


def tokens_of(fleet: FleetConfig | None) -> Tokens | None:
    """What the gate proves itself by in its fleet and at the city's gateway; None: it can't, and the log says why."""
    try:
        return None if fleet is None else Tokens(fleet.url, fleet.device, load_key(fleet.key))
    except ConfigError as fault:
        log.error(line("fleet-off", why=str(fault)))
        return None


def fleet(
    config: GateConfig,
    tokens: Tokens | None,
    journal: Journal,
    vitals: Vitals,
    able: Able,
    lease: Contact | None,
) -> Link | None:
    """The link that a configuration asks for, if any; nothing goes out yet.

    Without a key or a server that can be believed people are served all the same, and the log says what to do.

    Args:
        config: all of it.
        tokens: of ``tokens_of``.
        journal: opened.
        vitals: how the gate is.
        able: what it may have of this gate.
        lease: renewed whenever the fleet has answered.
    """
    if config.fleet is None or tokens is None:
        return None

    known = config.fleet
    try:
        trust = known.trust()
        upload, beats = (Session(Client(known.url, trust), tokens) for _ in range(2))  # neither waits for the other
    except ConfigError as fault:
        log.error(line("fleet-off", why=str(fault)))
        return None

    def contact() -> None:
        if lease is not None:
            lease.contact(vitals.clock.moment())
        if vitals.settings is not None:
            vitals.settings.heard()

    base = None if vitals.settings is None else vitals.settings.base
    heart = Heart(beats, known.device, vitals, lambda: inventory(config, known, base), able, contact)
    uploader = Uploader(
        config.journal.path,
        journal,
        device=known.device,
        fleet=upload,
        contact=contact,
        tell=_tell,
        draw=random.random,
    )
    return Link(uploader, heart, first_after_s(time.clock_gettime(time.CLOCK_BOOTTIME), random.random))


def _tell(trouble: str | None) -> None:
    if trouble is None:
        log.info(line("upload-works"))
    else:
        log.warning(line("upload-waits", why=trouble))
