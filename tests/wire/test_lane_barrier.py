"""A lane with a barrier: from the card to the arm that turns, over a real journal and simulated wires."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from barrier_rig import FIRE, GREEN, RED, RELAYS, TAMPER, WAIT_S, Site
from children import BIRTH, CHILD, PARENT, PARK, family
from lane_rig import Rig, card, code, disk_that_hangs, serve

from drivers.gpio_panel import PanelSettings
from gate.app.supervise import supervise
from gate.lane import LaneState
from gate.model import Decision, Direction, NoticeKind, Outcome, Reason, TestResult

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from drivers.barrier import Barrier
    from gate.model import ReaderEvent


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a file or the lane, which tell nobody, are so."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


class Entrance:
    """A lane and its barrier, both at work."""

    def __init__(self, rig: Rig, site: Site) -> None:
        self.rig = rig
        self.site = site

    async def hears(self, *expected: str) -> None:
        """Everything that was said so far."""
        assert await self.rig.observed.until("said", len(expected)) == list(expected)

    def became(self) -> list[tuple[str, str | None]]:
        """Outcome of every row, and what the barrier saw."""
        db = sqlite3.connect(self.rig.path)
        try:
            return db.execute("SELECT outcome, passage FROM passages ORDER BY seq").fetchall()
        finally:
            db.close()

    async def becomes(self, *expected: tuple[str, str | None]) -> None:
        """Wait until the rows say that."""
        await eventually(lambda: self.became() == list(expected))

    async def idle(self) -> None:
        """Wait until the lane is."""
        await eventually(lambda: self.rig.service.lane.state is LaneState.IDLE)

    def take(self, notice: ReaderEvent) -> None:
        self.rig.service.releases.take(notice)
        self.site.take(notice)


def serve_with_barrier(
    folder: Path,
    scenario: Callable[[Entrance], Awaitable[None]],
    kind: str = "gpio",
    *,
    lane: dict[str, Any] | None = None,
    **settings: Any,
) -> None:
    sites: list[Site] = []

    def barrier() -> Barrier:
        sites.append(Site(kind, folder, **settings))
        return sites[0].barrier

    async def with_barrier(rig: Rig) -> None:
        entrance = Entrance(rig, sites[0])
        kept_open = asyncio.create_task(supervise(sites[0].barrier, entrance.take, "barrier"))
        try:
            await sites[0].until(NoticeKind.ONLINE)
            await scenario(entrance)
        finally:
            kept_open.cancel()
            await asyncio.wait({kept_open})
            sites[0].board.unplug()

    serve(folder, with_barrier, barrier=barrier, **(lane or {}))


def test_a_pass_is_on_disk_before_the_barrier_opens(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        rows: list[list[tuple[str, str, str | None]]] = []
        said: list[int] = []
        switched = at.site.lines.switched

        def switched_and_look(pin: int, level: bool) -> None:
            if pin == RELAYS["gpio"][Direction.IN] and level:
                rows.append(at.rig.rows())
                said.append(len([kind for kind, _ in at.rig.observed.events if kind == "said"]))
            switched(pin, level)

        at.site.lines.switched = switched_and_look
        at.rig.service.take(card())
        await at.hears("green_code")
        assert rows == [[("pass", '["green_code"]', None)]]
        assert said == [0], "it opens, then it is said"

    serve_with_barrier(tmp_path, scenario)


def test_nobody_is_let_through_on_a_record_that_can_not_be_written(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        with disk_that_hangs(at.rig.path):
            at.rig.service.take(card())
            await at.hears("record_failed")
        await at.rig.settled()
        assert at.site.turnstile.pulses == 0

    serve_with_barrier(tmp_path, scenario)


@pytest.mark.parametrize("kind", ["lcus", "gpio"])
def test_whoever_walks_through_is_recorded_as_passed(kind: str, tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        at.rig.service.take(card())
        await at.site.turnstile.walk()
        await at.becomes(("pass", "passed"))
        await at.idle()
        assert at.site.turnstile.pulses == 1

    serve_with_barrier(tmp_path, scenario, kind)


def test_whoever_does_not_come_is_recorded_as_such_and_may_try_again(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        at.rig.service.take(card())
        await at.becomes(("pass", "not_taken"))
        await at.idle()
        at.rig.service.take(card())
        await at.site.turnstile.walk()
        await at.becomes(("pass", "not_taken"), ("pass", "passed"))

    serve_with_barrier(tmp_path, scenario)


def test_where_no_sensor_is_fitted_nobody_knows(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        at.rig.service.take(card())
        await at.hears("green_code")
        assert at.rig.service.lane.state is LaneState.RELEASED
        await at.idle()
        await at.rig.settled()
        assert at.became() == [("pass", None)]

    serve_with_barrier(tmp_path, scenario, panel=PanelSettings())


def test_without_a_sensor_the_next_one_waits_for_nobody_and_the_screen_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.app.release.RELEASE_S", 10 * WAIT_S)

    async def scenario(at: Entrance) -> None:
        for number in (1, 2):
            at.rig.service.take(card(number))
            await at.hears(*["green_code"] * number)
            await eventually(lambda: not at.rig.service.releases._open)
            assert at.site.turnstile.pulses == number
            assert at.rig.service.lane.state is LaneState.RELEASED

    serve_with_barrier(tmp_path, scenario, panel=PanelSettings(), within_ms=10_000)


def test_whoever_is_not_let_in_opens_nothing(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        at.rig.service.take(code(b"hello"))
        await at.hears("code_unrecognised")
        assert at.site.turnstile.pulses == 0
        assert (at.site.lines.high(GREEN), at.site.lines.high(RED)) == (False, True)
        at.rig.service.take(card())
        await at.hears("code_unrecognised", "green_code")
        assert (at.site.lines.high(GREEN), at.site.lines.high(RED)) == (True, False)

    serve_with_barrier(tmp_path, scenario)


def test_a_jammed_passage_refers_until_it_is_free(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        at.rig.service.take(card())
        await at.hears("green_code")
        await at.site.turnstile.block()
        await at.becomes(("pass", "jammed"))
        assert at.rig.observed.lit("barrier")
        await at.idle()
        at.rig.service.take(card())
        await at.hears("green_code", "barrier_fault")
        await at.site.turnstile.clear()
        await at.site.until(NoticeKind.ONLINE, 2)
        assert not at.rig.observed.lit("barrier")
        at.rig.service.take(card())
        await at.site.turnstile.walk()
        await at.becomes(("pass", "jammed"), ("refer", None), ("pass", "passed"))

    serve_with_barrier(tmp_path, scenario)


def test_while_the_barrier_is_unplugged_people_are_judged_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(at: Entrance) -> None:
        at.site.board.unplug()
        await at.site.until(NoticeKind.OFFLINE)
        assert at.rig.observed.lit("barrier")
        at.rig.service.take(card())
        await at.hears("barrier_fault")
        assert at.rig.service.lane.state is LaneState.IDLE
        at.rig.service.take(code(b"999999199001010016"))
        await at.hears("barrier_fault", "bare_number")
        await at.rig.settled()
        assert [row[0] for row in at.became()] == ["refer", "retry"], "the record says what was heard"
        at.site.board.plug()
        await at.site.until(NoticeKind.ONLINE, 2)
        assert not at.rig.observed.lit("barrier")
        at.rig.service.take(card())
        await at.site.turnstile.walk()
        await at.becomes(("refer", None), ("retry", None), ("pass", "passed"))

    serve_with_barrier(tmp_path, scenario, "lcus")
    assert sum(record.message.startswith("barrier-lost") for record in caplog.records) == 1


def test_a_barrier_that_fails_at_the_very_moment_lets_nobody_hear_a_pass(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        at.site.lines.broken.add(RELAYS["gpio"][Direction.IN])
        at.rig.service.take(card())
        await at.hears("barrier_fault")
        assert ("shown", "refer barrier_fault") in at.rig.observed.events
        await at.rig.settled()
        assert at.rig.rows() == [("pass", '["green_code"]', "the barrier did not open")]

    serve_with_barrier(tmp_path, scenario)


def test_the_next_one_may_present_while_the_arm_turns_and_has_a_turn_of_his_own(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        for count in (1, 2):
            at.rig.service.take(card(count))
            await at.rig.observed.until("said", count)
        at.rig.service.take(card(3))
        await at.hears("green_code", "green_code", "one_at_a_time")
        assert at.site.turnstile.pulses == 1, "one release at a time"
        await at.site.turnstile.walk()
        await at.site.turnstile.walk()
        await at.becomes(("pass", "passed"), ("pass", "passed"))
        await at.idle()
        assert at.site.turnstile.pulses == 2
        assert NoticeKind.UNRELEASED not in at.site.kinds()

    serve_with_barrier(tmp_path, scenario, within_ms=5000)


def test_whoever_waits_for_a_turn_that_can_not_come_is_told(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        for count in (1, 2):
            at.rig.service.take(card(count))
            await at.rig.observed.until("said", count)
        at.site.board.unplug()
        await at.hears("green_code", "green_code", "barrier_fault")
        await at.becomes(("pass", None), ("pass", "not_taken"))
        await at.idle()

    serve_with_barrier(tmp_path, scenario, "lcus", within_ms=5000)


def family_at(folder: Path, scenario: Callable[[Entrance], Awaitable[None]]) -> None:
    lane = {"answer": family(TestResult.NEGATIVE), "rules": "children", "place": PARK}
    serve_with_barrier(folder, scenario, lane=lane)


async def present_family(at: Entrance) -> None:
    at.rig.service.take(card(CHILD, birth=BIRTH))
    await at.hears("companion_needed")
    at.rig.service.take(card(PARENT))
    await at.hears("companion_needed", "green_code")


def test_a_child_and_its_companion_have_one_release_each(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        await present_family(at)
        await at.site.turnstile.walk()
        assert at.site.turnstile.pulses == 1
        await at.site.turnstile.walk()
        await at.becomes(("retry", None), ("pass", "passed"), ("pass", "passed"))
        assert at.site.turnstile.pulses == 2

    family_at(tmp_path, scenario)


def test_whoever_of_a_family_does_not_come_ends_it(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        await present_family(at)
        await at.becomes(("retry", None), ("pass", "not_taken"), ("pass", "not_taken"))
        await at.idle()
        assert at.site.turnstile.pulses == 1, "it does not open again for nobody"

    family_at(tmp_path, scenario)


def test_guards_see_how_the_barrier_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.app.release.ALARM_S", 0.05)

    async def scenario(at: Entrance) -> None:
        lamps = at.rig.observed
        assert not any(lamps.lit(flag) for flag in ("barrier", "fire_release"))
        at.site.lines.contact(FIRE, closed=False)
        await at.site.until(NoticeKind.FIRE_RELEASE)
        assert lamps.lit("fire_release")
        at.site.lines.contact(FIRE, closed=True)
        await at.site.until(NoticeKind.FIRE_OVER, 2)
        assert not lamps.lit("fire_release")
        for count in (1, 2):
            await at.site.turnstile.push_through()
            await at.site.until(NoticeKind.UNRELEASED, count)
        assert lamps.lit("barrier")
        await eventually(lambda: not lamps.lit("barrier"))
        at.site.lines.contact(TAMPER, closed=False)
        await at.site.until(NoticeKind.TAMPERED)
        assert lamps.lit("barrier")

    serve_with_barrier(tmp_path, scenario)


def test_nothing_looks_like_a_refusal_where_staff_are_called(tmp_path: Path) -> None:
    async def scenario(at: Entrance) -> None:
        decision = Decision(Outcome.REFER, (Reason.CODE_NOT_GREEN,), spoken=Reason.STAFF_CALLED, calls_staff=True)
        at.rig.service.releases.signal(decision)
        assert not at.site.lines.high(RED)
        at.rig.service.releases.signal(replace(decision, spoken=None))
        assert at.site.lines.high(RED)

    serve_with_barrier(tmp_path, scenario)


def test_what_the_barrier_saw_and_could_not_be_written_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(at: Entrance) -> None:
        at.rig.service.take(card())
        await at.hears("green_code")
        with disk_that_hangs(at.rig.path):
            await at.idle()
            await eventually(lambda: any(record.message.startswith("passage-not") for record in caplog.records))
        assert at.rig.observed.lit("record_failed")

    serve_with_barrier(tmp_path, scenario)
