"""A lane over a real journal, with voice and screen observed at their interfaces: for tests of ``LaneService``."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from vectors import ROOT

from drivers.simulated import id_cards
from gate.app.demo.people import healthy
from gate.app.judge import Judge
from gate.app.service import LaneService
from gate.app.thermometer import NO_THERMOMETER
from gate.clock import SystemClock
from gate.credentials.trusted import Trusted
from gate.journal.store import Journal
from gate.model import (
    Announcement,
    Checkpoint,
    Direction,
    Moment,
    PassageResult,
    Past,
    PayloadKind,
    Reading,
    Reason,
    Records,
)
from gate.presentation_id import new_presentation_id
from gate.pseudonym import PseudonymKey
from gate.rules import ruleset
from gate.rules.eu_rules import EuRules
from gate.status.gateway import NoGateway
from gate.status.merged import MergedSources
from gate.status.source import Found
from voice import phrases

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from drivers.barrier import Barrier
    from gate.app.history import History
    from gate.app.thermometer import MeasuresPeople
    from gate.clock import Clock
    from gate.kiosk.state import StatusFlag
    from gate.rules.orders import Order
    from gate.status.source import CodeGateway, StatusSource

CATALOGUE = phrases.load(("zh-CN", "en"))
HERE = Checkpoint("c", "station", "1", Direction.IN, attended=True)
KEY = PseudonymKey(bytes(32))
WAIT_S = 20
NOBODY_TRUSTED = Trusted()
NO_GATEWAY = NoGateway()


class Slot:
    """Rules that are held: one of the sets that come with the gate."""

    def __init__(self, name: str, refresh_by: datetime | None, orders: tuple[Order, ...] = ()) -> None:
        self.orders = orders
        self._rules = ruleset.load((ROOT / "config" / "rules" / f"{name}.json").read_bytes())
        if refresh_by is not None:
            self._rules = replace(self._rules, refresh_by=refresh_by)

    def at(self, moment: Moment) -> ruleset.RuleSet | None:
        return self._rules if self._rules.valid_from <= moment.at else None


@dataclass
class Observed:
    """What a person in front of the gate would see and hear, in order."""

    events: list[tuple[str, str]] = field(default_factory=list)
    lamps: dict[str, bool] = field(default_factory=dict)
    advice: list[str | None] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, reason: Reason, advice: Reason | None = None) -> asyncio.Future[float | None]:
        self._note("said", reason if advice is None else f"{reason} {advice}")
        heard: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()
        heard.set_result(time.monotonic())
        return heard

    def show(self, announcement: Announcement) -> None:
        self._note("shown", f"{announcement.outcome.value} {announcement.reason.value}")
        self.advice.append(announcement.advice.get("zh-CN"))

    def deciding(self) -> None:
        self._note("shown", "deciding")

    def set_status(self, flag: StatusFlag, *, on: bool) -> None:
        self.lamps[flag.value] = on
        self.changed.set()

    def lit(self, flag: str) -> bool:
        return self.lamps[flag]

    def _note(self, what: str, detail: str) -> None:
        self.events.append((what, detail))
        self.changed.set()

    async def until(self, what: str, count: int = 1) -> list[str]:
        """Wait until that was observed so often."""
        async with asyncio.timeout(WAIT_S):
            while len(found := [detail for kind, detail in self.events if kind == what]) < count:
                self.changed.clear()
                await self.changed.wait()
        return found


class NothingHappened:
    """A gate that has let nobody through so far."""

    def past(self, holder: bytes | None, zone: str, code: bytes | None) -> Future[Past]:
        del holder, zone, code
        found: Future[Past] = Future()
        found.set_result(Past())
        return found


@dataclass
class Believing:
    """Whom the gate believes; a test may change it."""

    current: Trusted


class Source:
    """A source of records that is as slow or as broken as the test says."""

    def __init__(self, answer: Callable[[bytes], Awaitable[Records | None]]) -> None:
        self._answer = answer

    async def find(self, holders: Sequence[bytes]) -> Found:
        assert all(len(holder) == 16 for holder in holders)
        return Found(holders[0], await self._answer(holders[0]))


async def all_well(_: bytes) -> Records | None:
    """Everybody is in order."""
    return healthy(datetime.now(UTC))


@dataclass
class Rig:
    """A lane at work, and everything that may be looked at."""

    service: LaneService
    observed: Observed
    journal: Journal
    path: Path

    async def settled(self) -> None:
        """Wait until every row handed over so far is written: the journal keeps their order."""
        await asyncio.wrap_future(self.journal.complete(new_presentation_id(), PassageResult.PASSED))

    def look(self, columns: str) -> list[tuple[Any, ...]]:
        """Some columns of every row, in order."""
        db = sqlite3.connect(self.path)
        try:
            return db.execute(f"SELECT {columns} FROM passages ORDER BY seq").fetchall()  # noqa: S608 - of a test
        finally:
            db.close()

    def rows(self) -> list[tuple[str, str, str | None]]:
        """Outcome, reasons and withdrawal of every row, in order."""
        return self.look("outcome, reasons, withdrawn")


def serve(  # noqa: PLR0913 - what a scenario may want otherwise
    folder: Path,
    scenario: Callable[[Rig], Awaitable[None]],
    answer: Callable[[bytes], Awaitable[Records | None]] = all_well,
    commit_limit_s: float = 5.0,
    *,
    rules: str = "station-48h",
    place: Checkpoint = HERE,
    directions: Mapping[str, Direction] = MappingProxyType({}),
    history: History | None = None,
    refresh_by: datetime | None = None,
    trusted: Trusted = NOBODY_TRUSTED,
    gateway: CodeGateway = NO_GATEWAY,
    permits: StatusSource | None = None,
    status: StatusSource | None = None,
    status_deadline_s: float = 0.2,
    orders: tuple[Order, ...] = (),
    clock: Clock | None = None,
    thermometer: MeasuresPeople = NO_THERMOMETER,
    barrier: Callable[[], Barrier] | None = None,
) -> None:
    """Run one lane through a scenario, under one of the rule sets that come with the gate."""

    async def main() -> None:
        observed = Observed()
        journal = Journal(folder / "journal.sqlite")
        journal.open()
        judge = Judge(
            checkpoint=place,
            directions=directions,
            rules=Slot(rules, refresh_by, orders),
            certificate_rules=EuRules(()),
            certificate_country="CN",
            trust=Believing(trusted),
            status=status or (Source(answer) if permits is None else MergedSources(Source(answer), permits)),
            gateway=gateway,
            history=history or journal,
            status_deadline_s=status_deadline_s,
            key=KEY,
            thermometer=thermometer,
        )
        service = LaneService(
            judge=judge,
            journal=journal,
            commit_limit_s=commit_limit_s,
            voice=observed,
            screen=observed,
            texts=CATALOGUE.texts,
            clock=clock or SystemClock(),
            marks=(),
            barrier=None if barrier is None else barrier(),
        )
        lane = asyncio.create_task(service.run())
        try:
            await scenario(Rig(service, observed, journal, folder / "journal.sqlite"))
        finally:
            lane.cancel()
            journal.close()

    asyncio.run(main())


def card(sequence: int = 1, **fields: str) -> Reading:
    """A citizen's card on the reader."""
    return Reading("id-reader", PayloadKind.RESIDENT_ID_BLOCK, id_cards.citizen(sequence, **fields), time.monotonic())


def code(text: bytes) -> Reading:
    """A code at the gun."""
    return Reading("gun", PayloadKind.CODE_TEXT, text, time.monotonic())


@contextmanager
def disk_that_hangs(path: Path) -> Iterator[None]:
    """Somebody else holds SQLite's write lock, as a backup or a dying card would."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        db.execute("ROLLBACK")
        db.close()
