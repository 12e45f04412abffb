"""One device, put together (``gate.app.build``) and ready to run (``gate.app.run``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.app.personal import LEASE_OVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers import Driver
    from drivers.barrier import Barrier
    from gate.app.clock_watch import ClockWatch
    from gate.app.fleet.link import Link
    from gate.app.fleet.vitals import Vitals
    from gate.app.personal import Personal
    from gate.app.service import LaneService
    from gate.app.settings.slot import SettingsSlot
    from gate.app.trust_slot import TrustSlot
    from gate.journal.store import Journal
    from gate.kiosk.server import KioskServer
    from gate.lease import Lease
    from voice.speaker import Speaker


@dataclass(frozen=True, slots=True)
class Gate:
    """Everything of a gate that runs, or has to be closed."""

    service: LaneService
    read_again: Callable[[], None]
    """Looks for new rules and trust."""
    trust: TrustSlot
    kiosk: KioskServer
    journal: Journal
    speaker: Speaker
    drivers: tuple[Driver, ...]
    barrier: Barrier | None
    clock_watch: ClockWatch | None
    vitals: Vitals
    fleet: Link | None
    """None: nothing goes out."""
    lease: Lease | None
    """None: there is no fleet that could be missed."""
    personal: Personal
    settings: SettingsSlot | None
    """None: there is no fleet that could set anything."""

    @property
    def quiet_s(self) -> float:
        """For how long nobody was served."""
        return self.service.quiet_s

    @property
    def works(self) -> frozenset[str]:
        """The names of the devices that work."""
        watched = (self.vitals.devices, *(() if self.vitals.barrier is None else (self.vitals.barrier,)))
        return frozenset(part.name for devices in watched for part in devices.now() if part.gone_s is None)

    def drop_people(self) -> None:
        """The lease is over."""
        self.personal.drop()
        self.service.mark(LEASE_OVER)

    def close(self) -> None:
        """Put everything on disk, and let go of it."""
        self.journal.close()
        self.personal.close()
