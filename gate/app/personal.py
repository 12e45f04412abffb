"""What a gate knows about people besides its journal, and how it is let go when the lease on it is over."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gate.app.aside import aside
from gate.app.logs import line
from gate.kiosk.state import StatusFlag
from gate.lease import HOURS, NOTED_S, Lease
from gate.status import last_good
from gate.status.file import MissingStatus
from gate.status.gateway import NoGateway

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gate.app.recorder import HasLamps
    from gate.app.records import Sources
    from gate.config import GateConfig
    from gate.model import CodeReference
    from gate.pseudonym import PseudonymKey
    from gate.status.source import Found

LEASE_OVER: Final = "lease-over"
"""Mark of every record whose pseudonym is of a key that nobody has kept."""
LEASE: Final = "lease"
"""In the state directory."""
LOOK_S: Final = 5.0
"""How often a gate whose lease is over looks whether the fleet was heard."""
WHY: Final = "too long without a word from the fleet: what was known about people is erased"

log = logging.getLogger("gate.lease")


class Personal:
    """Everybody who is asked about people, as long as they may be asked: a ``StatusSource`` and a ``CodeGateway``.

    Args:
        key: of pseudonyms.
        sources: opened.
    """

    def __init__(self, key: PseudonymKey, sources: Sources) -> None:
        self._key = key
        self._sources = sources
        self._status = sources.status
        self._gateway = sources.gateway

    async def find(self, holders: Sequence[bytes]) -> Found:
        return await self._status.find(holders)

    async def resolve(self, reference: CodeReference) -> Sequence[Found]:
        return await self._gateway.resolve(reference)

    def drop(self) -> None:
        """Forget everybody, and the key: nobody is found any more."""
        self._status, self._gateway = MissingStatus(WHY), NoGateway()
        self._key.forget()
        self._sources.close_held()

    def close(self) -> None:
        """Let go of files and connections."""
        self._sources.close()


def lease_on(config: GateConfig, state: Path, signed: Callable[[], timedelta | None]) -> Lease | None:
    """The lease on what is known about people; None without a fleet, which then can't be missed.

    Args:
        config: the gate's.
        state: the state directory.
        signed: how long it is by what is signed.
    """
    if (fleet := config.fleet) is None:
        return None
    own, usual = timedelta(hours=fleet.lease_hours), timedelta(hours=HOURS)
    return Lease(state / LEASE, lambda: min(signed() or usual, own), lists(config))


def lists(config: GateConfig) -> list[Path]:
    """Files and folders with what a gate knows about people, and the key of their pseudonyms."""
    status = config.status
    copies = [] if status.file is None else [status.file.with_name(status.file.name + last_good.GOOD)]
    personal = (status.file, *copies, status.key, status.permits, status.exceptions, status.city)
    return [path for path in personal if path is not None]


async def watch(lease: Lease, drop: Callable[[], None], screen: HasLamps, restart: Callable[[], None]) -> None:
    """Keep the lease, until cancelled.

    Args:
        lease: as it was found at the start.
        drop: called at its end, as soon as it is known.
        screen: shows that it is over.
        restart: called when the fleet is heard again: what it gives back is read at a start.
    """
    dropped = False
    while True:
        try:
            await aside(lease.tick, "lease")
        except OSError as fault:
            log.error(line("lease-not-noted", why=fault.strerror or str(fault)))
        if lease.over and not dropped:
            dropped = True
            drop()
            screen.set_status(StatusFlag.LEASE_OVER, on=True)
            log.error(line("lease-over", hours=round(lease.spent_s / 3600, 1)))
        elif dropped and not lease.over:
            log.info(line("lease-renewed"))
            restart()
            return
        await asyncio.sleep(LOOK_S if dropped else NOTED_S)
