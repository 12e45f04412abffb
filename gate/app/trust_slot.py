"""Whom a gate believes: the signed bundle that was given last and is good; a bad one leaves the one before in place."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gate.app.aside import aside
from gate.app.files import read_bounded
from gate.app.logs import line
from gate.app.rule_slot import LAST_GOOD
from gate.credentials.trusted import Trusted
from gate.errors import TrustError
from gate.trust import bundle, floor, load
from gate.trust.copies import Copies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from gate.config import TrustConfig
    from gate.model import Moment
    from gate.trust.bundle import Bundle
    from gate.trust.floor import Floor

FLOOR: Final = "trust-floor"
"""File of the folder ``LAST_GOOD``."""

log = logging.getLogger("gate.trust")


def faults(config: TrustConfig, state: Path, moment: Moment) -> Iterator[str]:
    """What is wrong with the bundle that is given to a gate now, one sentence each; nothing is used or kept."""
    try:
        found = bundle.open_folder(config.bundle, read_bounded(config.root))
        floor.read(state / LAST_GOOD / FLOOR).check(found)
        load.load(found)
    except (OSError, TrustError) as fault:
        yield f"[trust] bundle: {fault}; until then the gate believes the last good one, or nobody"
        return
    if found.expired(moment):
        yield f"[trust] bundle: a newer one was due at {found.expires:%Y-%m-%d %H:%M} UTC; every record is marked"


@dataclass(frozen=True, slots=True)
class TrustState:
    """What is to be told about the bundle in use."""

    name: str | None = None
    """E.g. ``"trust@7"``; None: nobody is believed."""
    renew_by: datetime | None = None
    """When the first of its signatures wants to be renewed."""
    checked_at: datetime | None = None
    """When it was last found to be the newest; None: nobody knows."""


class TrustSlot:
    """Holds the one bundle that is believed; asked once for each presentation."""

    def __init__(self, config: TrustConfig, state: Path) -> None:
        self._config = config
        self._copies = Copies(state / LAST_GOOD)
        self._floor_file = state / LAST_GOOD / FLOOR
        self._floor = floor.NO_FLOOR
        self._written: Floor | None = None
        """The floor as it is on disk."""
        self._held: Bundle | None = None
        self._asked = asyncio.Event()
        self.current = Trusted()
        """What is believed now; without a bundle, nothing and nobody."""
        self.refresh()

    def ask(self) -> None:
        """Have the bundle read again soon; ``run`` does it."""
        self._asked.set()

    async def run(self) -> None:
        """Read the bundle again whenever asked to, until cancelled: many lists take seconds to read and to copy."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await aside(self.refresh, "trust")

    def refresh(self) -> None:
        """Read the configured bundle; one that is refused leaves what was held before, also across restarts."""
        try:
            pinned = read_bounded(self._config.root)
        except OSError as fault:
            log.error(line("trust-refused", why=f"the pinned root can't be read: {fault}", holds=self._name()))
            return
        if self._held is None:
            self._recall(pinned)
        try:
            found = bundle.open_folder(self._config.bundle, pinned)
            if self._held is None or found.digest != self._held.digest:
                self._floor.check(found)
                self._use(found)
        except TrustError as fault:
            log.error(line("trust-refused", why=str(fault), holds=self._name()))
        else:
            self._keep(found)
        log.info(line("trust-held", name=self._name(), renew_by=self._renew_by()))

    def _recall(self, pinned: bytes) -> None:
        """What was good before the restart: no older one is taken, and it stands in for a bad one."""
        kept = self._copies.newest(pinned)
        try:
            self._floor = self._written = floor.read(self._floor_file)
        except TrustError as fault:
            log.error(line("trust-floor-lost", why=str(fault)))
        if kept is None:
            return
        try:
            self._floor.check(kept)
            self._use(kept)
            self._floor = self._floor.raised(kept)
        except TrustError as fault:
            log.error(line("last-good-lost", copy="trust", why=str(fault)))

    def _use(self, found: Bundle) -> None:
        self.current, notes = load.load(found)
        self._held = replace(found, files={})  # which are in ``current``, as far as they are needed
        for note in notes:
            log.warning(line("trust-note", note=note))

    def _keep(self, found: Bundle) -> None:
        """A copy on disk before it is needed, and then the floor: a floor above every copy would leave nothing."""
        self._floor = self._floor.raised(found)
        try:
            self._copies.keep(found)
            if self._floor != self._written:
                self._floor.write(self._floor_file)
                self._written = self._floor
        except OSError as fault:
            log.warning(line("last-good-not-kept", copy="trust", why=str(fault)))

    @property
    def state(self) -> TrustState:
        """What is to be told about the bundle in use."""
        return TrustState(self._name(), None if self._held is None else self._held.expires)

    def _name(self) -> str | None:
        return None if self._held is None else f"trust@{self._held.version}"

    def _renew_by(self) -> str | None:
        return None if self._held is None else self._held.expires.isoformat()
