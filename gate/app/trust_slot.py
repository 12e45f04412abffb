"""Whom a gate believes: the newest signed bundle that is good; a bad one, or no network, leaves the one before.

A bundle is believed in this order: verified whole, not older than one before, in use, on disk in the place that the one
before is not in, and then the floor rises. Whatever breaks off in between leaves the gate with a bundle that is whole.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gate.app.aside import aside
from gate.app.logs import line
from gate.app.rule_files import LAST_GOOD
from gate.app.trust_source import source_of
from gate.credentials.trusted import Trusted
from gate.errors import ConfigError, NetworkFault, TrustError
from gate.files import read_bounded
from gate.trust import bundle, floor, load, settings
from gate.trust.copies import Copies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gate.clock import Clock
    from gate.config import TrustConfig
    from gate.model import Moment
    from gate.trust.bundle import Bundle
    from gate.trust.floor import Floor

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
FLOOR: Final = "trust-floor"
"""File of the folder ``LAST_GOOD``."""

log = logging.getLogger("gate.trust")


def held(config: TrustConfig, state: Path, device: str | None = None) -> Bundle:
    """The bundle that a gate would use if it started now; nothing is fetched, used or kept.

    Raises:
        OSError, TrustError: there is none, or it is refused.
    """
    pinned = read_bounded(config.root)
    if config.bundle is not None:
        return bundle.open_folder(config.bundle, pinned, settings.wanted(device))
    found = Copies(state / LAST_GOOD, wanted=settings.wanted(device)).newest(pinned)
    if found is None:
        raise TrustError("nothing was fetched yet")
    return found


def faults(config: TrustConfig, state: Path, clock: Clock, device: str | None = None) -> Iterator[str]:
    """What is wrong with the bundle that a gate has now, one sentence each; nothing is fetched, used or kept."""
    try:
        source_of(config, state, clock, device)
        found = held(config, state, device)
        floor.read(state / LAST_GOOD / FLOOR).check(found)
        load.load(found)
    except ConfigError as fault:
        yield str(fault)
        return
    except (OSError, TrustError) as fault:
        yield f"[trust] bundle: {fault}; until then the gate believes the last good one, or nobody"
        return
    if found.expired(clock.moment()):
        yield f"[trust] bundle: a newer one was due at {found.expires:%Y-%m-%d %H:%M} UTC; every record is marked"


@dataclass(frozen=True, slots=True)
class TrustState:
    """What is to be told about the bundle in use."""

    name: str | None = None
    """E.g. ``"trust@7"``; None: nobody is believed."""
    renew_by: datetime | None = None
    """When the first of its signatures wants to be renewed."""
    checked_at: datetime | None = None
    """When it was last found to be the newest."""
    fault: str | None = None
    """Why the last attempt to find out was in vain; None: it was not."""

    def fresh(self, moment: Moment) -> bool:
        """Whether this is known to be all there is: everything was fetched and verified, and within its time."""
        checked = self.checked_at is not None and self.fault is None
        return checked and moment.trusted and self.renew_by is not None and moment.at < self.renew_by


class TrustSlot:
    """Holds the one bundle that is believed; asked once for each presentation.

    Args:
        config: where bundles come from.
        state: the gate's folder for what it writes.
        clock: its floor rises with what bundles say about when they were signed.
        on_taken: told of each bundle that is taken, in whatever thread that happens.
        device: the gate's name in its fleet.

    Raises:
        ConfigError: the configuration names no source that can be asked.
    """

    def __init__(
        self,
        config: TrustConfig,
        state: Path,
        clock: Clock,
        on_taken: Callable[[Bundle], object] | None = None,
        device: str | None = None,
    ) -> None:
        self._config = config
        self._source = source_of(config, state, clock, device)
        self._clock = clock
        self._on_taken = on_taken
        self._folder = state / LAST_GOOD
        self._copies = Copies(self._folder, wanted=settings.wanted(device))
        self._floor_file = state / LAST_GOOD / FLOOR
        self._floor = floor.NO_FLOOR
        self._written: Floor | None = None
        """The floor as it is on disk."""
        self._held: Bundle | None = None
        self._checked_at: datetime | None = None
        self._fault: str | None = None
        self._behind = False
        """What is held is older than something that was used before."""
        self._asked = asyncio.Event()
        self.current = Trusted()
        """What is believed now; without a bundle, nothing and nobody."""
        if config.bundle is not None:
            self.refresh()
        elif (pinned := self._pinned()) is not None:
            self._recall(pinned)  # nobody waits for the network

    def ask(self) -> None:
        """Have the bundle read or fetched again soon; ``run`` does it."""
        self._asked.set()

    async def run(self) -> None:
        """Refresh when asked to, and when it is time, until cancelled: many lists take seconds to read and to copy."""
        wait_s = self._source.first_wait_s(empty_handed=self._held is None)
        while True:
            try:
                async with asyncio.timeout(wait_s):
                    await self._asked.wait()
            except TimeoutError:
                pass
            self._asked.clear()
            await aside(self.refresh, "trust")
            wait_s = self._source.wait_s()

    def refresh(self) -> None:
        """Take the newest bundle; one that is refused leaves what was held before, also across restarts."""
        if (pinned := self._pinned()) is None:
            return
        if self._held is None:
            self._recall(pinned)
        try:
            found = self._source.newest(pinned, self._copies.place)
            self._floor.check(found)
            if self._held is None or found.digest != self._held.digest or self._behind:
                self._use(found)
                self._behind = False
        except (TrustError, OSError) as fault:
            self._in_vain(logging.ERROR, "trust-refused", str(fault))
        except NetworkFault as fault:
            self._in_vain(logging.WARNING, "trust-not-reached", str(fault))
        else:
            self._keep(found)
            self._checked_at, self._fault = self._clock.moment().at, None
        log.info(line("trust-held", name=self._name(), renew_by=self._renew_by(), newest=self._fault is None))

    def _in_vain(self, level: int, event: str, why: str) -> None:
        """Said once for as long as it lasts: a network may be away for months."""
        if why != self._fault:
            log.log(level, line(event, why=why, holds=self._name()))
        self._fault = why

    def _pinned(self) -> bytes | None:
        try:
            return read_bounded(self._config.root)
        except OSError as fault:
            log.error(line("trust-refused", why=f"the pinned root can't be read: {fault}", holds=self._name()))
            return None

    def _recall(self, pinned: bytes) -> None:
        """What was good before the restart: no older one is taken, and it stands in for a bad one."""
        kept = self._copies.newest(pinned)
        if kept is None:  # from before this gate had its name in the fleet, and a file of the settings of its own
            kept = Copies(self._folder, wanted=settings.wanted(None)).newest(pinned)
            self._behind = kept is not None  # so that the same one is read again, with that file
        try:
            self._floor = self._written = floor.read(self._floor_file)
        except TrustError as fault:
            log.error(line("trust-floor-lost", why=str(fault)))
        self._raise_clock()
        if kept is None:
            return
        try:
            self._use(kept)
        except TrustError as fault:
            log.error(line("last-good-lost", copy="trust", why=str(fault)))
            return
        try:
            self._floor.check(kept)
        except TrustError as fault:
            self._stand_in(str(fault))
            return
        self._floor = self._floor.raised(kept)
        self._raise_clock()

    def _stand_in(self, why: str) -> None:
        """The newer copy was lost: the older one, which this gate has used itself, is better than to believe nobody.

        Every record says so, and nothing else that is as old is taken.
        """
        self._behind = True
        self.current = replace(self.current, renew_by=LONG_AGO)
        self._fault = why
        log.error(line("last-good-older", copy="trust", holds=self._name(), why=why))

    def _use(self, found: Bundle) -> None:
        self.current, notes = load.load(found)
        self._held = replace(found, files={}, others={})  # which are in ``current``, as far as they are needed
        for note in notes:
            log.warning(line("trust-note", note=note))
        if self._on_taken is not None:
            self._on_taken(found)

    def _keep(self, found: Bundle) -> None:
        """A copy on disk before it is needed, and then the floor: a floor above every copy would leave nothing."""
        self._floor = self._floor.raised(found)
        self._raise_clock()
        try:
            self._copies.keep(found)
            if self._floor != self._written:
                self._floor.write(self._floor_file)
                self._written = self._floor
        except OSError as fault:
            log.warning(line("last-good-not-kept", copy="trust", why=str(fault)))

    def _raise_clock(self) -> None:
        if self._floor.time is not None:
            self._clock.raise_floor(self._floor.time)

    @property
    def state(self) -> TrustState:
        """What is to be told about the bundle in use."""
        expires = None if self._held is None else self._held.expires
        return TrustState(self._name(), expires, self._checked_at, self._fault)

    def _name(self) -> str | None:
        return None if self._held is None else f"trust@{self._held.version}"

    def _renew_by(self) -> str | None:
        return None if self._held is None else self._held.expires.isoformat()
