"""Both kinds of barrier: an LCUS board on a pseudo-terminal and relays on gpiozero's simulated lines."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from barrier_rig import BUZZER, FIRE, GREEN, PASSAGE, RED, RELAYS, TAMPER, WAIT_S, Lines, Site, at_work

from drivers.barrier import Way
from drivers.barrier_gpio import GpioBarrier
from drivers.barrier_lcus import LcusBarrier
from drivers.gpio_panel import PanelSettings
from drivers.gpio_pins import Contact, Pins, lgpio_factory
from drivers.lcus_frames import Frame, wire
from gate.app.supervise import supervise
from gate.errors import ConfigError, DeviceLost
from gate.model import Direction, NoticeKind, Outcome, PassageResult

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

BOTH = pytest.mark.parametrize("kind", ["lcus", "gpio"])


def run(scenario: Callable[[Site], Awaitable[None]], kind: str, folder: Path, **settings: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(WAIT_S), at_work(kind, folder, **settings) as site:
            await scenario(site)

    asyncio.run(main())


@BOTH
def test_one_pulse_lets_one_person_through(kind: str, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        release = site.barrier.release(Direction.IN)
        await site.turnstile.walk()
        assert await release is PassageResult.PASSED
        assert site.turnstile.pulses == 1
        assert not site.energised(Direction.IN)
        again = site.barrier.release(Direction.IN)
        await site.turnstile.walk()
        assert await again is PassageResult.PASSED
        assert site.turnstile.pulses == 2
        assert site.kinds().count(NoticeKind.UNRELEASED) == 0

    run(scenario, kind, tmp_path)


@BOTH
def test_nobody_comes(kind: str, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        assert await site.barrier.release(Direction.IN) is PassageResult.NOT_TAKEN
        await site.turnstile.push_through()
        await site.until(NoticeKind.UNRELEASED)

    run(scenario, kind, tmp_path)


@BOTH
def test_a_jam_is_told_and_so_is_its_end(kind: str, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        release = site.barrier.release(Direction.IN)
        await site.turnstile.block()
        assert await release is PassageResult.JAMMED
        assert site.told[-1].kind is NoticeKind.READER_UNSERVICEABLE
        await site.turnstile.clear()
        await site.until(NoticeKind.ONLINE, 2)

    run(scenario, kind, tmp_path)


@BOTH
def test_without_a_sensor_nobody_knows(kind: str, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        assert await site.barrier.release(Direction.IN) is None
        assert site.turnstile.pulses == 1

    run(scenario, kind, tmp_path, panel=PanelSettings())


@BOTH
def test_a_way_that_is_fail_safe_is_locked_by_power(kind: str, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        await site.becomes(lambda: site.energised(Direction.OUT))
        release = site.barrier.release(Direction.OUT)
        await site.becomes(lambda: not site.energised(Direction.OUT))
        await site.becomes(lambda: site.energised(Direction.OUT))
        assert not site.energised(Direction.IN)
        await release

    run(scenario, kind, tmp_path)  # which also sees that it is without power in the end


@BOTH
@pytest.mark.parametrize("direction", Direction)
def test_whatever_ends_it_no_output_stays_on(kind: str, direction: Direction, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        release = site.barrier.release(direction)
        site.barrier.signal(Outcome.REFER)
        await site.stop()
        await site.all_off()
        assert await release is None
        with pytest.raises(DeviceLost, match="not open"):
            site.barrier.release(direction)
        site.barrier.signal(Outcome.PASS)

    run(scenario, kind, tmp_path)


@BOTH
def test_an_exception_in_the_gate_closes_it_as_well(kind: str, tmp_path: Path) -> None:
    async def main() -> None:
        site = Site(kind, tmp_path)

        def bug(_: object) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await site.barrier.run(bug)
        await site.all_off()
        site.board.unplug()

    asyncio.run(main())


@BOTH
def test_a_second_open_is_refused(kind: str, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        with pytest.raises(DeviceLost, match="in use"):
            await site.another().run(site.take)
        release = site.barrier.release(Direction.IN)
        await site.turnstile.walk()
        assert await release is PassageResult.PASSED, "the first one goes on"

    run(scenario, kind, tmp_path)


@BOTH
def test_a_loss_is_a_loss_and_nobody_is_let_through_any_more(kind: str, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        release = site.barrier.release(Direction.IN)
        if kind == "lcus":
            site.board.unplug()
        else:
            site.lines.broken.add(RELAYS["gpio"][Direction.IN])  # noticed when the pulse ends
        assert site.running is not None
        with pytest.raises(DeviceLost):
            await site.running
        assert await release is None
        with pytest.raises(DeviceLost):
            site.barrier.release(Direction.IN)

    run(scenario, kind, tmp_path)


@BOTH
def test_two_releases_at_once_are_a_bug(kind: str, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        site.barrier.release(Direction.IN)
        with pytest.raises(RuntimeError, match="one release"):
            site.barrier.release(Direction.IN)

    run(scenario, kind, tmp_path)


@BOTH
def test_the_housing_and_the_fire_alarm_are_heard(kind: str, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        assert site.kinds()[:2] == [NoticeKind.TAMPER_OVER, NoticeKind.FIRE_OVER], "told once at the start"
        site.lines.contact(TAMPER, closed=False)
        await site.until(NoticeKind.TAMPERED)
        site.lines.contact(TAMPER, closed=True)
        await site.until(NoticeKind.TAMPER_OVER, 2)
        release = site.barrier.release(Direction.IN)
        site.lines.contact(FIRE, closed=False)
        await site.until(NoticeKind.FIRE_RELEASE)
        assert await release is None, "nobody can say that it was not taken"
        site.lines.contact(FIRE, closed=True)
        await site.until(NoticeKind.FIRE_OVER, 2)

    run(scenario, kind, tmp_path)


@pytest.mark.parametrize(
    ("outcome", "lit", "dark", "beeps"),
    [(Outcome.PASS, GREEN, RED, 1), (Outcome.REFER, RED, GREEN, 2), (Outcome.RETRY, RED, GREEN, 1)],
)
def test_lamps_and_buzzer_say_pass_or_not_pass(
    outcome: Outcome, lit: int, dark: int, beeps: int, tmp_path: Path
) -> None:
    async def scenario(site: Site) -> None:
        site.barrier.signal(outcome)
        assert site.lines.high(lit)
        await site.becomes(lambda: site.lines.history(BUZZER).count(False) > beeps)
        assert site.lines.history(BUZZER).count(True) == beeps
        assert True not in site.lines.history(dark)

    run(scenario, "gpio", tmp_path)


def test_the_newest_signal_cuts_off_the_one_before(tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        site.barrier.signal(Outcome.PASS)
        site.barrier.signal(Outcome.REFER)
        assert (site.lines.high(GREEN), site.lines.high(RED)) == (False, True)

    run(scenario, "lcus", tmp_path)


def test_a_lamp_that_can_not_be_switched_is_a_loss(tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        site.lines.broken.add(GREEN)
        site.barrier.signal(Outcome.PASS)
        assert site.running is not None
        with pytest.raises(DeviceLost, match="GPIO can't be used"):
            site.barrier.release(Direction.IN)  # nothing opens any more, from that moment on
        with pytest.raises(DeviceLost, match="GPIO can't be used"):
            await site.running

    run(scenario, "lcus", tmp_path)


def test_a_board_that_takes_a_low_line_for_on(tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        assert site.lines.high(RELAYS["gpio"][Direction.IN])
        assert not site.lines.high(RELAYS["gpio"][Direction.OUT]), "locked by power"
        site.barrier.release(Direction.IN)
        assert not site.lines.high(RELAYS["gpio"][Direction.IN])
        await site.stop()
        assert site.lines.history(RELAYS["gpio"][Direction.IN])[-1], "off is high"
        site.lines.pin(RELAYS["gpio"][Direction.IN]).drive_low()  # at rest, for the rig
        site.lines.pin(RELAYS["gpio"][Direction.OUT]).drive_low()

    run(scenario, "gpio", tmp_path, active_low=True)


def test_a_passage_that_is_covered_from_the_start_is_told_as_a_jam(tmp_path: Path) -> None:
    async def main() -> None:
        site = Site("gpio", tmp_path)
        site.lines.closed.add(PASSAGE)
        running = asyncio.create_task(site.barrier.run(site.take))
        await site.until(NoticeKind.READER_UNSERVICEABLE)
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(main())


# --- the board of the LCUS kind ---


def test_a_line_that_was_given_back_tells_nobody_any_more() -> None:
    lines = Lines(lambda *_: None)
    with Pins(lambda: lines) as pins:
        pins.watch(Contact(PASSAGE), lambda _: None)
        assert lines.watched == {PASSAGE}
    assert lines.watched == set()


def test_the_commands_are_those_of_the_published_table(tmp_path: Path) -> None:
    assert wire(Frame(1, 1)).hex() == "a00101a2"
    assert wire(Frame(1, 0)).hex() == "a00100a1"

    async def scenario(site: Site) -> None:
        await site.barrier.release(Direction.IN)
        assert site.board.commands == [Frame(1, 0), Frame(2, 1), Frame(1, 1), Frame(1, 0)], "locked first"

    run(scenario, "lcus", tmp_path)


def test_a_relay_that_a_killed_program_left_on_is_switched_off_at_the_start(tmp_path: Path) -> None:
    async def main() -> None:
        site = Site("lcus", tmp_path)
        site.board.on.add(1)
        running = asyncio.create_task(site.barrier.run(site.take))
        await site.becomes(lambda: not site.energised(Direction.IN))
        running.cancel()
        await asyncio.wait({running})
        site.board.unplug()

    asyncio.run(main())


@pytest.mark.parametrize("answers", [False, True])
def test_whether_a_board_answers_or_not_it_works(answers: bool, tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        site.board.say(b"CH1: OFF\r\n\xa0\xa0\x07\x01")
        release = site.barrier.release(Direction.IN)
        await site.turnstile.walk()
        assert await release is PassageResult.PASSED

    run(scenario, "lcus", tmp_path, answers=answers)


def test_a_board_that_says_that_it_does_not_obey_is_lost(tmp_path: Path) -> None:
    async def scenario(site: Site) -> None:
        await site.barrier.release(Direction.IN)
        assert site.running is not None
        async with asyncio.timeout(WAIT_S):
            while not site.running.done():
                site.board.say(wire(Frame(1, 1)))
                await asyncio.sleep(0.01)
        with pytest.raises(DeviceLost, match="does not do what it is told"):
            await site.running

    run(scenario, "lcus", tmp_path)


def test_a_board_that_is_pulled_out_and_put_back_is_found_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "gate.devices")

    async def main() -> None:
        site = Site("lcus", tmp_path)
        running = asyncio.create_task(supervise(site.barrier, site.take))
        await site.until(NoticeKind.ONLINE)
        for count in (1, 2):
            site.board.unplug()
            await site.until(NoticeKind.OFFLINE, count)
            site.board.plug()
            await site.until(NoticeKind.ONLINE, count + 1)
        release = site.barrier.release(Direction.IN)
        await site.turnstile.walk()
        assert await release is PassageResult.PASSED
        running.cancel()
        await asyncio.wait({running})
        await site.all_off()
        site.board.unplug()

    asyncio.run(main())
    told = [record.message.split()[0] for record in caplog.records]
    assert told == ["reader-online", "reader-lost", "reader-back", "reader-unsteady"], "once an outage"


# --- the libraries of the lines ---


def test_the_empty_package_that_pip_may_take_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", ModuleType("lgpio"))
    with pytest.raises(DeviceLost, match=r"placeholder \(0\.0\.0\.2\): install 0\.2\.2 or later"):
        lgpio_factory()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(DeviceLost, match=r"needs the package lgpio"):
        lgpio_factory()


def test_settings_that_can_not_be_meant_are_refused() -> None:
    way = Way(17)
    for refused in (
        lambda: Way(1, pulse_ms=100),
        lambda: Way(1, pulse_ms=2000),
        lambda: Way(1, gap_ms=0),
        lambda: Contact(28),
        lambda: PanelSettings(green=-1),
        lambda: PanelSettings(green=5, passage=Contact(5)),
        GpioBarrier.Settings,
        lambda: GpioBarrier.Settings(entry=way, exit=way),
        lambda: GpioBarrier.Settings(entry=Way(40)),
        lambda: GpioBarrier.Settings(entry=way, within_ms=1),
        lambda: GpioBarrier.Settings(entry=way, jam_ms=10**6),
        lambda: GpioBarrier.Settings(entry=way, panel=PanelSettings(red=17)),
        lambda: LcusBarrier.Settings(entry=Way(9), port=None),  # type: ignore[arg-type]
    ):
        with pytest.raises(ConfigError, match=r"barrier|GPIO"):
            refused()
