"""One lane from payload to announcement, over a real journal; voice and screen are observed at their interfaces."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from vectors import ROOT

from drivers.simulated import id_cards
from gate.app.demo.people import healthy
from gate.app.judge import Judge
from gate.app.service import LaneService
from gate.clock import SystemClock
from gate.errors import StatusUnavailable
from gate.journal.store import Journal
from gate.lane import LaneState
from gate.model import (
    Announcement,
    Checkpoint,
    Direction,
    Moment,
    Notice,
    NoticeKind,
    Outcome,
    PassageResult,
    PayloadKind,
    Reading,
    Reason,
    Records,
)
from gate.presentation_id import new_presentation_id
from gate.pseudonym import PseudonymKey
from gate.rules import ruleset
from gate.rules.eu_rules import EuRules
from gate.trust.anchors import Anchors
from voice import phrases

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from gate.kiosk.state import StatusFlag

CATALOGUE = phrases.load(("zh-CN",))
RULES = ruleset.load((ROOT / "config/rules/station-48h.json").read_bytes())
HERE = Checkpoint("c", "station", "1", Direction.IN, attended=True)
WAIT_S = 20


class Slot:
    orders = ()

    def at(self, moment: Moment) -> ruleset.RuleSet | None:
        return RULES if RULES.valid_from <= moment.at else None


@dataclass
class Observed:
    """What a person in front of the gate would see and hear, in order."""

    events: list[tuple[str, str]] = field(default_factory=list)
    lamps: dict[str, bool] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, reason: Reason) -> asyncio.Future[float | None]:
        self._note("said", reason)
        heard: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()
        heard.set_result(time.monotonic())
        return heard

    def show(self, announcement: Announcement) -> None:
        self._note("shown", f"{announcement.outcome.value} {announcement.reason.value}")

    def deciding(self) -> None:
        self._note("shown", "deciding")

    def set_status(self, flag: StatusFlag, *, on: bool) -> None:
        self.lamps[flag.value] = on

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


class Source:
    """A source of records that is as slow or as broken as the test says."""

    def __init__(self, answer: Callable[[], Awaitable[Records | None]]) -> None:
        self._answer = answer

    async def records(self, holder: bytes) -> Records | None:
        assert len(holder) == 16
        return await self._answer()


async def all_well() -> Records | None:
    return healthy(datetime.now(UTC))


@dataclass
class Rig:
    service: LaneService
    observed: Observed
    journal: Journal
    path: Path

    def rows(self) -> list[tuple[str, str, str | None]]:
        db = sqlite3.connect(self.path)
        try:
            return db.execute("SELECT outcome, reasons, withdrawn FROM passages ORDER BY seq").fetchall()
        finally:
            db.close()


def serve(
    folder: Path,
    scenario: Callable[[Rig], Awaitable[None]],
    answer: Callable[[], Awaitable[Records | None]] = all_well,
    commit_limit_s: float = 5.0,
) -> None:
    async def main() -> None:
        observed = Observed()
        journal = Journal(folder / "journal.sqlite")
        journal.open()
        judge = Judge(
            checkpoint=HERE,
            rules=Slot(),
            certificate_rules=EuRules(()),
            certificate_country="CN",
            value_sets={},
            anchors=Anchors(),
            status=Source(answer),
            status_deadline_s=0.2,
            key=PseudonymKey(bytes(32)),
        )
        service = LaneService(
            judge=judge,
            journal=journal,
            commit_limit_s=commit_limit_s,
            voice=observed,
            screen=observed,
            texts=CATALOGUE.texts,
            clock=SystemClock(),
            marks=(),
        )
        lane = asyncio.create_task(service.run())
        try:
            await scenario(Rig(service, observed, journal, folder / "journal.sqlite"))
        finally:
            lane.cancel()
            journal.close()

    asyncio.run(main())


def card() -> Reading:
    return Reading("id-reader", PayloadKind.RESIDENT_ID_BLOCK, id_cards.citizen(1), time.monotonic())


def code(text: bytes) -> Reading:
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


def test_a_pass_is_on_disk_before_it_is_shown_or_spoken(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        at_announcement: list[list[tuple[str, str, str | None]]] = []
        say = rig.observed.say

        def say_and_look(reason: Reason) -> asyncio.Future[float | None]:
            at_announcement.append(rig.rows())
            return say(reason)

        rig.observed.say = say_and_look  # type: ignore[method-assign]  # looks at the disk at that very moment
        rig.service.take(card())
        assert await rig.observed.until("said") == ["green_code"]
        assert at_announcement == [[("pass", '["green_code"]', None)]]
        assert [detail for kind, detail in rig.observed.events if kind == "shown"] == ["deciding", "pass green_code"]

    serve(tmp_path, scenario)


def test_nobody_is_let_in_on_a_record_that_can_not_be_written(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        with disk_that_hangs(rig.path):
            rig.service.take(card())
            assert await rig.observed.until("said") == ["record_failed"]
            assert rig.observed.lit("record_failed")
            assert ("shown", "refer record_failed") in rig.observed.events
            assert rig.service.lane.state is LaneState.IDLE, "nothing is released"
        rig.service.take(card())
        assert await rig.observed.until("said", 2) == ["record_failed", "green_code"], "the next person is served"
        assert not rig.observed.lit("record_failed")
        assert [row for row in rig.rows() if row[0] == "pass" and row[2] is None] == [("pass", '["green_code"]', None)]

    serve(tmp_path, scenario)


def test_a_pass_that_lands_on_disk_too_late_is_withdrawn(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        with disk_that_hangs(rig.path):
            rig.service.take(card())
            assert await rig.observed.until("said") == ["record_failed"]
        rig.service.take(code(b"hello"))  # rows are written in order: once this one is there, so is the one before
        await rig.observed.until("said", 2)
        await asyncio.wrap_future(rig.journal.complete(new_presentation_id(), PassageResult.PASSED))
        assert rig.rows()[0] == ("pass", '["green_code"]', "not committed in time")

    serve(tmp_path, scenario, commit_limit_s=0.02)


def test_a_refusal_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        with disk_that_hangs(rig.path):
            rig.service.take(code(b"hello"))
            assert await rig.observed.until("said") == ["code_unrecognised"]

    serve(tmp_path, scenario)


@pytest.mark.parametrize("broken", ["never answers", "says it can't"])
def test_a_source_that_is_broken_or_slow_refers(broken: str, tmp_path: Path) -> None:
    async def answer() -> Records | None:
        if broken == "never answers":
            await asyncio.Event().wait()
        raise StatusUnavailable(broken)

    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        assert await rig.observed.until("said") == ["status_unavailable"]

    serve(tmp_path, scenario, answer)


def test_one_person_at_a_time(tmp_path: Path) -> None:
    release = asyncio.Event()

    async def answer() -> Records | None:
        await release.wait()
        return await all_well()

    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        await rig.observed.until("shown")
        rig.service.take(code(b"pushing in"))
        assert await rig.observed.until("said") == ["one_at_a_time"]
        release.set()
        assert await rig.observed.until("said", 2) == ["one_at_a_time", "green_code"]
        assert rig.service.lane.turned_away == 1
        assert len(rig.rows()) == 1, "who pushed in was not judged"

    serve(tmp_path, scenario, answer)


def test_the_next_person_may_come_right_after_a_release(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        for count in range(1, 6):
            rig.service.take(card())
            await rig.observed.until("said", count)
        assert await rig.observed.until("said", 5) == ["green_code"] * 5

    serve(tmp_path, scenario)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.CODE_UNREADABLE),
        (b"x" * 100_000, Reason.CODE_UNREADABLE),
        (b"HC1:" + b"6BF" * 900, Reason.CODE_UNREADABLE),
        (b"\xff\xfe\x00", Reason.CODE_UNRECOGNISED),
        (b"%s%n$(reboot)\n\x1b[2J", Reason.CODE_UNRECOGNISED),
        (b"999999199001010016", Reason.BARE_NUMBER),
    ],
)
def test_whatever_a_code_holds_somebody_gets_an_answer(data: bytes, reason: Reason, tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(code(data))
        assert await rig.observed.until("said") == [reason.value]
        rig.service.take(card())
        assert (await rig.observed.until("said", 2))[1] == "green_code"

    serve(tmp_path, scenario)


def test_a_card_that_makes_no_sense_is_referred(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(Reading("id-reader", PayloadKind.RESIDENT_ID_BLOCK, bytes(256), time.monotonic()))
        assert await rig.observed.until("said") == ["document_invalid"]

    serve(tmp_path, scenario)


def test_what_devices_have_to_say_is_heard_and_shown(tmp_path: Path) -> None:
    def notice(kind: NoticeKind) -> Notice:
        return Notice("id-reader", kind, "detail", time.monotonic())

    async def scenario(rig: Rig) -> None:
        rig.service.take(notice(NoticeKind.OFFLINE))
        assert rig.observed.lit("reader_offline")
        rig.service.take(notice(NoticeKind.ONLINE))
        assert not rig.observed.lit("reader_offline")
        rig.service.take(notice(NoticeKind.PRESENT_AGAIN))
        rig.service.take(notice(NoticeKind.READER_UNSERVICEABLE))
        assert await rig.observed.until("said", 2) == ["present_again", "reader_unserviceable"]

    serve(tmp_path, scenario)


def test_retry_and_refer_are_shown_as_such(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(code(b"hello"))
        await rig.observed.until("said")
        assert rig.observed.events[-2] == ("shown", f"{Outcome.RETRY.value} code_unrecognised")

    serve(tmp_path, scenario)
