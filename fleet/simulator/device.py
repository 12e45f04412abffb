"""One simulated gate: everything of a real one that has to do with its fleet, and people who pass at random."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gate.app.aside import aside
from gate.app.build import rules_of
from gate.app.enrol.work import Device as Enrolling
from gate.app.enrol.work import accept, carry_out
from gate.app.fleet.commands import Able
from gate.app.fleet.devices import Devices
from gate.app.fleet.kept import Kept
from gate.app.fleet.link import fleet, tokens_of
from gate.app.fleet.vitals import Vitals
from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock
from gate.config import (
    GateConfig,
    JournalConfig,
    RulesConfig,
    StatusConfig,
    TrustConfig,
    TrustServerConfig,
)
from gate.config_bind import Roots
from gate.errors import ConfigError, NetworkFault, WireFault
from gate.journal import outbox
from gate.journal.database import open_to_read
from gate.journal.passages import Passage
from gate.journal.store import Journal
from gate.model import Checkpoint, Decision, Direction, Notice, NoticeKind, Outcome, Reason
from gate.presentation_id import new_presentation_id
from gate.wire.commands import CommandKind
from gate.wire.pace import Pace

if TYPE_CHECKING:
    from pathlib import Path

    from gate.app.rule_slot import RuleSlot
    from gate.config import FleetConfig
    from gate.model import Moment

READERS: Final = ("id-reader", "gun")
_BOARD: Final = "simulated"
_RESULTS: Final = ((Outcome.PASS, Reason.GREEN_CODE),) * 19 + ((Outcome.REFER, Reason.CODE_NOT_GREEN),)


@dataclass(frozen=True, slots=True)
class Where:
    """What all gates of one rehearsal share."""

    folder: Path
    """A folder for each gate is made in it."""
    root: Path
    """The pinned root."""
    rules_url: str
    """As in ``[trust.server]``; may have ``{ring}`` in it."""
    every_minutes: int = 15
    """Between two looks for new rules."""


def configuration(name: str, where: Where, enrolled: FleetConfig | None = None) -> GateConfig:
    """What stands in a gate's ``gate.toml``."""
    ca_file, pins = (None, ()) if enrolled is None else (enrolled.ca_file, enrolled.pins)
    return GateConfig(
        checkpoint=Checkpoint(name, "station", "1", Direction.IN, attended=True),
        rules=RulesConfig(where.root, from_bundle=True),
        trust=TrustConfig(where.root, server=TrustServerConfig(where.rules_url, ca_file, pins, where.every_minutes)),
        status=StatusConfig(where.folder / name / "key"),
        journal=JournalConfig(where.folder / name / "journal.db"),
        fleet=enrolled,
    )


class Dark:
    """No screen, on which nothing is wrong."""

    flags: Final = ()


class Device:
    """A gate that becomes one by its claim.

    Args:
        name: in its fleet.
        claim: as text.
        serial: that the claim is for.
        where: what it shares with the others.
    """

    def __init__(self, name: str, claim: str, serial: str, where: Where) -> None:
        self.name = name
        self._claim = claim
        self._serial = serial
        self._where = where
        self._kept = Kept(where.folder / name)
        self._path = where.folder / name / "journal.db"
        self._clock = SystemClock()
        self._rules: RuleSlot
        self._trust: TrustSlot
        self.recorded = 0
        """Passages, in this run."""
        self.answers = 0
        """Of the fleet, in this run."""

    async def enrol(self) -> None:
        """Become a gate; tried again, as whoever mounts it would, until the fleet has answered.

        Raises:
            NotEnrolled: the fleet refuses.
            ConfigError: the root or the disk is of no use.
        """
        pace = Pace(random.random)
        while True:
            try:
                await aside(self._enrol, "enrol")
            except (NetworkFault, WireFault) as fault:
                asked = fault.asked_s if isinstance(fault, WireFault) else 0.0
                await asyncio.sleep(pace.failed(asked))
            else:
                return

    async def run(self, passages_a_minute: float, people_go_home: asyncio.Event) -> None:
        """Be at work until cancelled; once people have gone home nobody passes any more."""
        config, journal = self._config(), Journal(self._path)
        try:
            await aside(lambda: self._open(config, journal), "open")
            await self._work(config, journal, passages_a_minute, people_go_home)
        finally:
            journal.close()

    def contact(self, moment: Moment) -> None:
        """The fleet has answered."""
        del moment
        self.answers += 1

    @property
    def believes(self) -> str | None:
        """Which bundle, e.g. ``trust@7``."""
        return self._trust.state.name

    def counts(self) -> outbox.Counts:
        """How its outbox stands; also when it is not at work."""
        with closing(open_to_read(self._path)) as db:
            return outbox.counts(db)

    def _enrol(self) -> None:
        (self._where.folder / self.name).mkdir(parents=True, exist_ok=True)
        device = Enrolling(self._serial, _BOARD, self._where.root.read_bytes())
        carry_out(self._claim, accept(self._claim, device).claim, device, self._kept)

    def _config(self) -> GateConfig:
        enrolled = self._kept.fleet()
        if enrolled is None:
            raise ConfigError(f"{self.name} is not enrolled")
        return configuration(self.name, self._where, enrolled)

    def _open(self, config: GateConfig, journal: Journal) -> None:
        """What takes a disk a while."""
        folder = self._where.folder / self.name
        journal.open()
        self._rules, take = rules_of(config, Roots(folder, folder), self._clock)
        self._trust = TrustSlot(config.trust, folder, self._clock, take, self.name)

    async def _work(
        self, config: GateConfig, journal: Journal, passages_a_minute: float, people_go_home: asyncio.Event
    ) -> None:
        devices, rules, trust = Devices(READERS), self._rules, self._trust
        for reader in READERS:
            devices.noting(lambda _: None)(Notice(reader, NoticeKind.ONLINE, "", time.monotonic()))
        vitals = Vitals(self._clock, devices, None, Dark(), rules, trust, self._path)
        link = fleet(config, tokens_of(config.fleet), journal, vitals, Able({CommandKind.REFRESH: trust.ask}, {}), self)
        if link is None:
            raise ConfigError(f"{self.name}: the fleet can't be asked; the log says why")
        async with asyncio.TaskGroup() as group:
            group.create_task(trust.run())
            group.create_task(link.run())
            group.create_task(self._people(journal, passages_a_minute, people_go_home))

    async def _people(self, journal: Journal, a_minute: float, go_home: asyncio.Event) -> None:
        while a_minute > 0:
            await asyncio.sleep(random.expovariate(a_minute / 60))
            if go_home.is_set():
                return
            await asyncio.wrap_future(journal.record(_passage()))
            self.recorded += 1


def _passage() -> Passage:
    outcome, reason = random.choice(_RESULTS)  # noqa: S311 - the same
    return Passage(
        id=new_presentation_id(),
        at=datetime.now(UTC),
        clock_trusted=True,
        reader=READERS[0],
        direction=Direction.IN,
        zone="public",
        credential="resident_id",
        assurance=4,
        holder=secrets.token_bytes(16),
        code=None,
        permit=None,
        decision=Decision(outcome, (reason,)),
    )
