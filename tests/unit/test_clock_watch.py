"""The clock while a gate works: guards see a doubt at once, and what was proved outlives the process."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from gateway_rig import Gateway
from hypothesis import given
from hypothesis import strategies as st
from lane_rig import WAIT_S, Observed, Rig, card, serve
from net_rig import Authority
from reliability import Found, note

from gate import clock_file, clock_sources
from gate.app.clock_watch import ClockWatch, watched
from gate.app.demo.people import healthy
from gate.clock import BUILT_AT, WatchedClock, look
from gate.clock_trust import AGREEING, APART_S, ClockTrust, Doubt, Keeper, Look
from gate.errors import ClockFileFault
from gate.net.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gate.model import Records

BOOT = "8f0c7b0e-0000-4000-8000-000000000001"
NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
KEPT = ClockTrust(NOW - timedelta(hours=5)).kept(Keeper.NETWORK, Look(NOW, 100.0))


class Hands:
    """Both clocks, moved by a test."""

    def __init__(self) -> None:
        self.now = Look(NOW, 100.0)

    def look(self) -> Look:
        return self.now

    def later(self, seconds: float, *, set_by_s: float = 0) -> None:
        at = self.now.at + timedelta(seconds=seconds + set_by_s)
        self.now = Look(at, self.now.steady + seconds)


@pytest.fixture
def hands() -> Hands:
    return Hands()


# --- while it works --------------------------------------------------------------------------------------------------


def test_guards_see_a_jump_and_its_end(hands: Hands, tmp_path: Path) -> None:
    clock, screen = WatchedClock(ClockTrust(BUILT_AT), hands.look), Observed()
    watch = ClockWatch(clock, tmp_path, screen, None)
    lamps = []
    steps: tuple[Callable[[], None], ...] = (
        lambda: None,
        lambda: clock.kept(Keeper.NETWORK),
        lambda: hands.later(10, set_by_s=3 * 86_400),
        lambda: hands.later(10, set_by_s=-3 * 86_400),
        lambda: hands.later(10, set_by_s=-400 * 86_400),
    )
    for step in steps:
        step()
        watch.tell()
        lamps.append(screen.lit("time_untrusted"))
    assert lamps == [True, False, True, False, True]


def test_each_change_is_one_line_in_the_log(hands: Hands, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    clock = WatchedClock(KEPT, hands.look)
    watch = ClockWatch(clock, tmp_path, Observed(), None)
    for set_by_s in (0, 0, 7200, 0, -7200, 0):
        hands.later(1, set_by_s=set_by_s)
        watch.tell()
    assert [record.message for record in caplog.records] == [
        'clock-doubted why="set_by_somebody"',
        "clock-believed why=null",
    ]


def test_a_server_that_proved_who_it_is_shows_the_clock_right_and_lifts_the_floor(hands: Hands, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    clock = WatchedClock(ClockTrust(BUILT_AT), hands.look)
    with Gateway(now=lambda: hands.now.at).at(authority) as server:
        client = Client(server.base, authority.trust)
        watch = ClockWatch(clock, tmp_path, Observed(), ("gateway", client))
        for _ in range(AGREEING):
            assert clock.doubt() is Doubt.NOT_SHOWN_RIGHT
            watch.ask()
            hands.later(APART_S)
        client.close()
    assert clock.doubt() is None
    watch.keep()
    assert clock_file.read(tmp_path / clock_file.NAME, BUILT_AT, "").floor > BUILT_AT


def test_a_server_that_did_not_prove_who_it_is_is_no_witness(hands: Hands, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    clock = WatchedClock(ClockTrust(BUILT_AT), hands.look)
    stranger = Authority(tmp_path, "stranger")
    with Gateway(now=lambda: hands.now.at).at(stranger) as server:
        client = Client(server.base, authority.trust)
        watch = ClockWatch(clock, tmp_path, Observed(), ("gateway", client))
        for _ in range(AGREEING):
            watch.ask()
            hands.later(APART_S)
        client.close()
    assert clock.doubt() is Doubt.NOT_SHOWN_RIGHT


class Jumpy:
    """The real clocks, set by a test."""

    def __init__(self) -> None:
        self.set_by = timedelta(0)
        self.clock = WatchedClock(ClockTrust(BUILT_AT), self.look)
        self.clock.kept(Keeper.NETWORK)

    def look(self) -> Look:
        now = look()
        return Look(now.at + self.set_by, now.steady)


@pytest.mark.parametrize(
    ("set_by", "forged", "what"),
    [
        (timedelta(days=-400), False, "clock set 400 days back"),
        (timedelta(days=3), False, "clock set 3 days ahead"),
        (timedelta(days=3), True, "clock spoofed forward: a forged network time says that it is right"),
    ],
)
def test_nobody_is_let_in_by_an_age_on_a_clock_that_jumped(
    set_by: timedelta, forged: bool, what: str, tmp_path: Path
) -> None:
    jumpy = Jumpy()

    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        assert await rig.observed.until("said") == ["green_code"]
        assert not rig.observed.lit("time_untrusted")
        jumpy.set_by = set_by
        if forged:
            jumpy.clock.kept(Keeper.NETWORK)
        rig.service.take(card())
        assert (await rig.observed.until("said", 2))[1] == "clock_untrusted"
        assert rig.observed.lit("time_untrusted")
        jumpy.set_by = timedelta(0)
        rig.service.take(card(2))
        assert (await rig.observed.until("said", 3))[2] == "green_code", "nothing is left of it"

    serve(tmp_path, scenario, clock=jumpy.clock)
    note(Found(what, 1, heard=("green_code", "clock_untrusted"), remark="Believed again once it is back."))


def test_a_jump_during_a_decision_changes_neither_it_nor_its_record(tmp_path: Path) -> None:
    jumpy, before = Jumpy(), datetime.now(UTC)

    async def answer(_: bytes) -> Records | None:
        jumpy.set_by = timedelta(days=3)
        return healthy(datetime.now(UTC))

    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        assert await rig.observed.until("said") == ["green_code"]
        await rig.settled()
        ((at, trusted),) = rig.look("at, clock_trusted")
        assert before <= datetime.fromisoformat(at) <= datetime.now(UTC)
        assert trusted == 1

    serve(tmp_path, scenario, answer, clock=jumpy.clock)
    remark = "The moment of presentation judges, and is on record."
    note(Found("clock set 3 days ahead during a decision", 1, heard=("green_code",), remark=remark))


def test_the_watch_begins_at_once_and_keeps_what_it_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_sources, "SYNCHRONISED", tmp_path)  # it exists
    clock, screen = WatchedClock(ClockTrust(BUILT_AT)), Observed()

    async def scenario() -> None:
        task = asyncio.create_task(ClockWatch(clock, tmp_path, screen, None).run())
        async with asyncio.timeout(WAIT_S):
            while screen.lamps.get("time_untrusted") is not False:
                screen.changed.clear()
                await screen.changed.wait()
        task.cancel()
        await asyncio.wait({task})

    asyncio.run(scenario())
    assert clock.moment().trusted


# --- over restarts ---------------------------------------------------------------------------------------------------


def test_what_was_shown_right_counts_until_the_machine_restarts_and_the_floor_for_good(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock_file.write(file, KEPT, BOOT)
    assert clock_file.read(file, BUILT_AT, BOOT) == KEPT
    for other in ("", BOOT.replace("1", "2")):
        assert clock_file.read(file, BUILT_AT, other) == ClockTrust(KEPT.floor)


def test_a_newer_build_lifts_a_kept_floor(tmp_path: Path) -> None:
    clock_file.write(tmp_path / "clock", KEPT, BOOT)
    assert clock_file.read(tmp_path / "clock", NOW, BOOT).floor == NOW


def test_a_restart_of_the_gate_does_not_make_a_jump_believed(hands: Hands, tmp_path: Path) -> None:
    file = tmp_path / clock_file.NAME
    clock_file.write(file, KEPT, BOOT)
    hands.later(60, set_by_s=3 * 86_400)
    again = WatchedClock(clock_file.read(file, BUILT_AT, BOOT), hands.look)
    again.kept(Keeper.NETWORK)
    assert again.doubt() is Doubt.SET_BY_SOMEBODY


def test_the_file_is_written_seldom(hands: Hands, tmp_path: Path) -> None:
    clock, file = WatchedClock(KEPT, hands.look), tmp_path / clock_file.NAME
    watch = ClockWatch(clock, tmp_path, Observed(), None)
    written = set()
    for _ in range(60):
        hands.later(60)
        clock.heard("a", hands.now.at)
        watch.keep()
        written.add(file.stat().st_ino)
    assert len(written) <= 3


def test_a_damaged_file_is_named_and_the_gate_starts_from_its_build(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / clock_file.NAME).write_bytes(b"damaged")
    assert watched(tmp_path).trust == ClockTrust(BUILT_AT)
    assert "clock-file-lost" in caplog.text


def test_a_disk_that_takes_nothing_does_not_stop_the_watch(
    hands: Hands, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    ClockWatch(WatchedClock(KEPT, hands.look), tmp_path / "file", Observed(), None).keep()
    assert "clock-not-kept" in caplog.text


def test_damage_at_any_place_is_found_or_harmless(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock_file.write(file, KEPT, BOOT)
    good = file.read_bytes()

    @given(st.integers(0, len(good) - 1), st.integers(1, 255), st.booleans())
    def damaged(place: int, change: int, cut: bool) -> None:
        changed = bytes([good[place] ^ change])
        file.write_bytes(good[:place] if cut else good[:place] + changed + good[place + 1 :])
        try:
            assert clock_file.read(file, BUILT_AT, BOOT) == KEPT
        except ClockFileFault:
            return

    damaged()


# --- what the machine knows ------------------------------------------------------------------------------------------


def battery(folder: Path, *, hctosys: str = "1", shows: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "hctosys").write_text(hctosys)
    (folder / "since_epoch").write_text(f"{int(time.time())}\n" if shows is None else shows)
    return folder


def test_a_battery_clock_counts_where_the_machine_was_set_by_it_and_it_still_agrees(tmp_path: Path) -> None:
    assert clock_sources.kept_by_battery(battery(tmp_path / "rtc"))
    assert not clock_sources.kept_by_battery(battery(tmp_path / "rtc", hctosys="0"))
    assert not clock_sources.kept_by_battery(battery(tmp_path / "rtc", shows="120\n")), "it has no battery"
    assert not clock_sources.kept_by_battery(battery(tmp_path / "rtc", shows="x"))
    assert not clock_sources.kept_by_battery(tmp_path / "none")


@pytest.mark.parametrize(("answer", "keeper"), [("yes", Keeper.NETWORK), ("no", None), ("", None)])
def test_what_timedatectl_says_counts(
    answer: str, keeper: Keeper | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "timedatectl"
    tool.write_text(f'#!/bin/sh\n[ "$2" = --property=NTPSynchronized ] && echo {answer}\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(clock_sources, "SYNCHRONISED", tmp_path / "synchronized")
    monkeypatch.setattr(clock_sources, "BATTERY_CLOCK", tmp_path / "none")
    assert clock_sources.keeper() is keeper
    (tmp_path / "synchronized").touch()
    assert clock_sources.keeper() is Keeper.NETWORK
