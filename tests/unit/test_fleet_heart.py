"""What the fleet is told of a gate, and what it can tell the gate to do."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest
from passages import passage
from receiver import Receiver
from uploads import DEVICE, WAIT_S, enrolled, session

from gate.app.fleet import heart
from gate.app.fleet.commands import MOST_ASKED, Able, Commands
from gate.app.fleet.devices import Devices
from gate.app.fleet.heart import Heart
from gate.app.fleet.vitals import Vitals
from gate.app.trust_slot import TrustState
from gate.clock import SystemClock
from gate.errors import ConfigError
from gate.journal.store import Journal
from gate.kiosk.state import StatusFlag
from gate.model import Notice, NoticeKind
from gate.wire.commands import MOST_ANSWERED, Command, CommandKind, CommandOutcome, CommandResult
from gate.wire.inventory import Inventory, Place
from gate.wire.message import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from gate.app.fleet.commands import Questions
    from gate.app.rule_slot import RuleSlot
    from gate.app.trust_slot import TrustSlot
    from gate.kiosk.server import KioskServer

INVENTORY = Inventory(
    device=DEVICE,
    software="0",
    python="3",
    system="Debian",
    kernel="6",
    machine="x86_64",
    processors=2,
    memory_bytes=1,
    place=Place("c", "station", "z", "1"),
    parts=(),
    key_tier="file",  # type: ignore[arg-type]
)


@dataclass
class Screen:
    flags: tuple[StatusFlag, ...] = ()


@dataclass
class Rules:
    """Like a gate that was given none."""

    refreshed: int = 0

    def at(self, _: object) -> None:
        return None


@dataclass
class Trust:
    state: TrustState = field(default_factory=lambda: TrustState("trust@7", datetime(2121, 1, 1, tzinfo=UTC)))


class Site:
    """A gate's state and its heart, before a real server."""

    def __init__(self, receiver: Receiver, journal: Path) -> None:
        self.receiver = receiver
        self.screen, self.rules = Screen(), Rules()
        self.devices, self.barrier = Devices(("id-reader", "gun")), Devices(("barrier",))
        self.take = self.devices.noting(lambda _: None)
        self.vitals = Vitals(
            clock=SystemClock(),
            devices=self.devices,
            barrier=self.barrier,
            screen=cast("KioskServer", self.screen),
            rules=cast("RuleSlot", self.rules),
            trust=cast("TrustSlot", Trust()),
            journal=journal,
        )
        self.heart = self.beating({CommandKind.CHECK: lambda: ["the disk is full"] * 3})

    def beating(self, questions: Questions) -> Heart:
        return Heart(
            session(self.receiver.url, enrolled(self.receiver)),
            DEVICE,
            self.vitals,
            lambda: INVENTORY,
            Able({CommandKind.REFRESH: self._refresh}, questions),
            lambda: None,
        )

    def _refresh(self) -> None:
        self.rules.refreshed += 1

    def says(self, kind: NoticeKind, name: str = "id-reader") -> None:
        self.take(Notice(name, kind, "", time.monotonic()))

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not true():  # noqa: ASYNC110 - of another thread
                await asyncio.sleep(0.01)

    def beats(self) -> list[Any]:
        return self.receiver.store.heartbeats


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(heart, "MOST_OFTEN_S", 0.01)
    monkeypatch.setattr(heart, "LOOK_S", 0.01)
    journal = Journal(tmp_path / "journal.sqlite")
    journal.open()
    journal.record(passage()).result(WAIT_S)
    receiver = Receiver()
    yield Site(receiver, tmp_path / "journal.sqlite")
    receiver.close()
    journal.close()


def alive(site: Site, then: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run the heart for as long as something is looked at."""

    async def main() -> None:
        beating = asyncio.create_task(site.heart.run())
        try:
            await then()
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    asyncio.run(main())


def test_the_first_heartbeat_says_how_everything_is(site: Site) -> None:
    site.says(NoticeKind.ONLINE)
    site.screen.flags = (StatusFlag.TRUST_OVERDUE,)

    async def look() -> None:
        await site.until(lambda: bool(site.beats()))

    alive(site, look)
    beat = site.beats()[0]
    assert [(one.name, one.gone_s is None) for one in beat.readers] == [("id-reader", True), ("gun", False)]
    assert (beat.barrier.name, beat.barrier.gone_s is None) == ("barrier", False)
    assert beat.flags == ("trust_overdue",)
    assert (beat.rules, beat.trust.name) == (None, "trust@7")
    assert (beat.journal.unsent, beat.journal.dead_letters, beat.journal.watermark) == (1, 0, 0)
    assert beat.journal.oldest_unsent_s > 365 * 86_400, "the row is of 2021"
    assert 0 < beat.disk.free_bytes < beat.disk.total_bytes
    assert site.receiver.store.inventories == [INVENTORY]


def test_a_change_that_is_worth_it_is_told_at_once_and_nothing_else(site: Site) -> None:
    async def look() -> None:
        await site.until(lambda: len(site.beats()) == 1)
        site.says(NoticeKind.ONLINE)
        await site.until(lambda: len(site.beats()) == 2)
        site.says(NoticeKind.ONLINE)
        site.says(NoticeKind.PRESENT_AGAIN)
        site.screen.flags = (StatusFlag.SOUND_OFF,)
        await site.until(lambda: len(site.beats()) == 3)
        site.says(NoticeKind.READER_UNSERVICEABLE)
        await site.until(lambda: len(site.beats()) == 4)

    alive(site, look)
    assert [one.readers[0].gone_s is None for one in site.beats()[:4]] == [False, True, True, False]
    assert site.beats()[2].flags == ("sound_off",)


def test_a_command_is_carried_out_once_and_told_until_the_fleet_knows(site: Site) -> None:
    store = site.receiver.store
    for number, kind in enumerate(["refresh", "report", "reboot", "dance"]):
        store.commands[f"command-{number}"] = Command(f"command-{number}", kind, 60)
    store.commands["command-9"] = Command("command-9", "refresh", 0)

    async def look() -> None:
        await site.until(lambda: len(store.outcomes) >= 5 and len(store.inventories) == 2)

    alive(site, look)
    assert {one.id: one.result for one in store.outcomes} == {
        "command-0": CommandResult.DONE,
        "command-1": CommandResult.DONE,
        "command-2": CommandResult.NOT_SUPPORTED,
        "command-3": CommandResult.NOT_SUPPORTED,
        "command-9": CommandResult.EXPIRED,
    }
    assert site.rules.refreshed == 1
    assert store.commands == {}


def test_a_server_that_is_away_is_told_of_once_and_the_beat_goes_on(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    key = site.receiver.store.keys.pop(DEVICE)
    caplog.set_level("INFO", "gate.fleet")

    async def look() -> None:
        await site.until(lambda: "fleet-not-reached" in caplog.text)
        site.receiver.store.keys[DEVICE] = key
        await site.until(lambda: "fleet-reached" in caplog.text)

    alive(site, look)
    assert [record.getMessage().split()[0] for record in caplog.records] == ["fleet-not-reached", "fleet-reached"]
    assert "no gate of this name is enrolled" in caplog.text


def test_a_question_is_answered_line_by_line(site: Site) -> None:
    store = site.receiver.store
    store.commands["command-1"] = Command("command-1", "check", 60)

    async def look() -> None:
        await site.until(lambda: bool(store.outcomes))

    alive(site, look)
    assert store.outcomes == [CommandOutcome("command-1", CommandResult.DONE, lines=("the disk is full",) * 3)]


def test_the_beat_goes_on_while_a_question_is_answered(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "EVERY_S", 0.01)
    store, answers, asked = site.receiver.store, threading.Event(), []

    def check() -> list[str]:
        asked.append("check")
        answers.wait(WAIT_S)
        return ["the reader is gone"]

    site.heart = site.beating({CommandKind.CHECK: check})
    store.commands["command-1"] = Command("command-1", "check", 60)

    async def look() -> None:
        await site.until(lambda: bool(asked))
        before = len(site.beats())
        store.commands["command-2"] = Command("command-2", "refresh", 60)
        await site.until(lambda: len(site.beats()) > before + 3 and site.rules.refreshed == 1)
        assert [one.id for one in store.outcomes] == ["command-2"]
        answers.set()
        await site.until(lambda: not store.commands)

    alive(site, look)
    assert asked == ["check"], "it was handed over with each answer, and asked once"
    assert store.outcomes[-1] == CommandOutcome("command-1", CommandResult.DONE, lines=("the reader is gone",))


def taken(commands: Commands, *orders: Command) -> tuple[CommandOutcome, ...]:
    """What is to be told when everything is done and answered."""

    async def work() -> None:
        commands.take(orders)
        if not commands._asked:
            return
        answering = asyncio.create_task(commands.answer())
        async with asyncio.timeout(WAIT_S):
            while commands._asked:  # noqa: ASYNC110 - as in ``until``
                await asyncio.sleep(0.01)
        answering.cancel()

    asyncio.run(work())
    return commands.untold


def test_no_more_questions_wait_than_are_meant_to() -> None:
    commands = Commands(Able({}, {CommandKind.CHECK: list}))
    found = taken(commands, *(Command(f"command-{number}", "check", 60) for number in range(100)))
    assert [one.id for one in found] == [f"command-{number}" for number in range(MOST_ASKED)]
    found = taken(commands, *(Command(f"command-{number}", "check", 60) for number in range(100)))
    assert len(found) == 2 * MOST_ASKED, "those that were left are handed over again"


def test_an_answer_and_a_heartbeat_with_answers_stay_small() -> None:
    commands = Commands(Able({}, {CommandKind.LOG: lambda: ["…" * 10_000] * 10_000}))
    found = taken(commands, *(Command(f"command-{number}", "log", 60) for number in range(9)))
    assert [one.id for one in found] == ["command-0", "command-1"], "the others come with the next heartbeats"
    for one in found:
        assert 0 < len("".join(one.lines).encode()) <= MOST_ANSWERED
        assert decode(encode(one), CommandOutcome) == one, "the contract has room for it"
    commands.told(found)
    assert [one.id for one in commands.untold] == ["command-2", "command-3"]
    while commands.untold:
        commands.told(commands.untold)
    again = taken(commands, Command("command-0", "log", 60))
    assert again == (CommandOutcome("command-0", CommandResult.DONE),), "asked once, answered once"


def test_a_question_that_can_not_be_answered_says_why() -> None:
    def fails() -> list[str]:
        raise ConfigError("the disk can't be read")

    (outcome,) = taken(Commands(Able({}, {CommandKind.CHECK: fails})), Command("command-1", "check", 60))
    assert outcome == CommandOutcome("command-1", CommandResult.FAILED, "the disk can't be read")


def test_a_command_that_fails_says_why() -> None:
    def fails() -> None:
        raise ConfigError("there is no server to ask")

    commands = Commands(Able({CommandKind.REFRESH: fails}, {}))
    taken(commands, Command("command-1", "refresh", 60))
    outcome = CommandOutcome("command-1", CommandResult.FAILED, "there is no server to ask")
    assert list(commands.untold) == [outcome]
    commands.told([outcome])
    assert list(commands.untold) == []
    taken(commands, Command("command-1", "refresh", 60))
    assert list(commands.untold) == [outcome], "the fleet has not understood, so it is told again"
