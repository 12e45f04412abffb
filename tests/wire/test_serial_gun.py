"""Guns on a real pseudo-terminal: a Newland engine that answers, a plain gun that does not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

import pytest
from desk import Desk, at_desk
from rig import until

from drivers import TRAFFIC, newland_control
from drivers.barcode_serial import Engine, SerialGun
from drivers.code_framing import Ends
from drivers.newland_control import Scan
from drivers.simulated.serial_gun import EngineModel, PtyGun
from drivers.stream import SerialStream
from gate.errors import ConfigError, DeviceLost
from gate.model import Notice, NoticeKind, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CHINESE = "健康码 {绿}".encode("gb18030")


@pytest.fixture
def port(tmp_path: Path) -> Path:
    return tmp_path / "gun"


@contextlib.asynccontextmanager
async def served(port: Path, **settings: Any) -> AsyncIterator[Desk]:
    """The driver at its desk, with the longest gap, so that a busy machine tears no code apart."""
    async with at_desk(SerialGun("gun", SerialGun.Settings(port, gap_ms=500, **settings))) as desk:
        yield desk


async def online(desk: Desk) -> str:
    event = await desk.next()
    assert isinstance(event, Notice), event
    assert event.kind is NoticeKind.ONLINE
    return event.detail


def test_an_engine_is_set_up_and_read_back_before_it_is_online(port: Path) -> None:
    async def scenario() -> None:
        with PtyGun(port) as gun:
            async with served(port, engine=Engine.NEWLAND) as desk:
                assert await online(desk) == "Newland engine, NLS-SIMULATED"
                assert gun.model.settings == {b"TSUENA": b"1", b"TSUSET": b"0D", b"QRCENA": b"1", b"SCNMOD": b"2"}
                assert {b"TSUENA*", b"QRCENA*", b"SCNMOD*"} <= set(gun.model.commands)
                for code in (b"HC1:" + b"A7" * 300, CHINESE, b"line\nfeed", bytes(range(14, 256))):
                    gun.hold(code)
                    assert await desk.code() == code

    asyncio.run(scenario())


@pytest.mark.parametrize(("scan", "mode"), [(Scan.SENSE, b"2"), (Scan.CONTINUOUS, b"3"), (Scan.TRIGGER, b"0")])
def test_the_engine_reads_when_it_was_told_to(port: Path, scan: Scan, mode: bytes) -> None:
    async def scenario() -> None:
        with PtyGun(port) as gun:
            async with served(port, engine=Engine.NEWLAND, scan=scan) as desk:
                await online(desk)
                assert gun.model.settings[b"SCNMOD"] == mode
                gun.hold(b"first")
                assert await desk.code() == b"first"
                if scan is Scan.TRIGGER:
                    await until(lambda: gun.model.triggers >= 2)
                gun.hold(b"second")
                assert await desk.code() == b"second", "an acknowledgement is no part of a code"
            assert bool(gun.model.triggers) is (scan is Scan.TRIGGER)

    asyncio.run(scenario())


def test_an_engine_without_a_setting_is_refused_by_its_name(port: Path) -> None:
    async def scenario() -> None:
        with PtyGun(port) as gun:
            gun.model.unknown = {b"SCNMOD"}
            async with served(port, engine=Engine.NEWLAND) as desk:
                with pytest.raises(DeviceLost, match=r"SCNMOD2 \(no such setting\).*code sheet"):
                    await desk.next()

    asyncio.run(scenario())


def test_a_gun_that_answers_no_command_is_no_engine(port: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newland_control, "ANSWER_LIMIT", 0.05)

    async def scenario() -> None:
        with PtyGun(port) as gun:
            gun.model.deaf = True
            async with served(port, engine=Engine.NEWLAND) as desk:
                with pytest.raises(DeviceLost, match="no Newland engine answers"):
                    await desk.next()
        with PtyGun(port, baud=115_200):
            async with served(port, engine=Engine.NEWLAND, baud=9_600) as desk:
                with pytest.raises(DeviceLost, match="the setting baud"):
                    await desk.next()

    asyncio.run(scenario())


def test_an_engine_that_lost_its_settings_is_set_up_again(port: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its power went and came back, which the line does not tell."""
    monkeypatch.setattr(newland_control, "GLANCE", 0.05)

    async def scenario() -> None:
        with PtyGun(port) as gun:
            async with served(port, engine=Engine.NEWLAND) as desk:
                await online(desk)
                gun.hold(b"before")
                assert await desk.code() == b"before"
                gun.model.power_cycle()
                with pytest.raises(DeviceLost, match="not in force"):
                    await desk.next()
            async with served(port, engine=Engine.NEWLAND) as desk:
                await online(desk)
                gun.hold(b"after")
                assert await desk.code() == b"after"

    asyncio.run(scenario())


def test_a_code_that_comes_while_an_answer_is_waited_for_is_not_lost(
    port: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newland_control, "GLANCE", 0.05)

    class Talkative(EngineModel):
        def feed(self, data: bytes) -> bytes:
            asked = len(self.commands)
            answer = super().feed(data)
            late = asked > 7 and len(self.commands) > asked
            return b"code %d\r" % len(self.commands) + answer if late else answer

    async def scenario() -> None:
        with PtyGun(port, Talkative()):
            async with served(port, engine=Engine.NEWLAND, repeat_ms=0) as desk:
                await online(desk)
                assert [await desk.code() for _ in range(3)] == [b"code 9", b"code 10", b"code 11"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("ends", "before", "after"),
    [
        (None, b"", b"\r"),
        (None, b"", b"\r\n"),
        (Ends.LF, b"", b"\n"),
        (Ends.CRLF, b"", b"\r\n"),
        (Ends.ETX, b"\x02", b"\x03"),
        (Ends.GAP, b"", b""),
    ],
)
def test_any_other_gun_is_known_by_what_it_sends_after_a_code(
    port: Path, ends: Ends | None, before: bytes, after: bytes
) -> None:
    async def scenario() -> None:
        with PtyGun(port) as gun:
            async with served(port, ends=ends) as desk:
                await online(desk)
                for code in (b"one", CHINESE):
                    gun.send(before + code + after)
                    assert await desk.code() == code
            assert gun.model.commands == [], "it is told nothing"

    asyncio.run(scenario())


def test_a_code_held_up_for_long_is_one_presentation(port: Path) -> None:
    async def scenario() -> None:
        with PtyGun(port) as gun:
            async with served(port, repeat_ms=60_000) as desk:
                await online(desk)
                for code in (b"A", b"A", b"B", b"A", b"C"):
                    gun.send(code + b"\r")
                assert [await desk.code() for _ in range(3)] == [b"A", b"B", b"C"]

    asyncio.run(scenario())


def test_half_a_code_is_asked_for_again_noise_is_not(port: Path) -> None:
    async def scenario() -> None:
        with PtyGun(port) as gun:
            async with at_desk(SerialGun("gun", SerialGun.Settings(port, gap_ms=50))) as desk:
                await online(desk)
                gun.send(b"\x00\xff")
                gun.send(b"half a code")
                event = await desk.next()
                assert isinstance(event, Notice)
                assert event.kind is NoticeKind.PRESENT_AGAIN
                assert "setting ends" in event.detail

    asyncio.run(scenario())


@pytest.mark.parametrize("engine", Engine)
def test_whoever_holds_a_code_up_when_the_gun_is_pulled_out_is_told(
    port: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, arrived = SerialStream._take, 0

    def count(stream: SerialStream) -> None:
        nonlocal arrived
        before = len(stream._buffer)
        take(stream)
        arrived += len(stream._buffer) - before

    monkeypatch.setattr(SerialStream, "_take", count)

    async def scenario() -> None:
        with PtyGun(port) as gun:
            gun.model.deaf = engine is Engine.PLAIN
            async with served(port, engine=engine) as desk:
                await online(desk)
                before = arrived
                gun.send(b"half a co")
                # What a port has not handed over when it is pulled out is gone with it.
                await until(lambda: arrived == before + 9)
                gun.unplug()
                assert await desk.notice() is NoticeKind.PRESENT_AGAIN
                with pytest.raises(DeviceLost, match="is gone"):
                    await desk.next()
            gun.plug()
            async with served(port, engine=engine) as desk:
                await online(desk)
                gun.send(b"de\r")
                assert await desk.code() == b"de", "nothing of what came before"
                gun.unplug()
                with pytest.raises(DeviceLost, match="is gone"):
                    await desk.next()

    asyncio.run(scenario())


def test_a_gun_that_never_ends_a_code_is_asked_once_and_heard_again(port: Path) -> None:
    async def scenario() -> None:
        with PtyGun(port, baud=115_200, chunk=4096) as gun:
            async with served(port, baud=115_200) as desk:
                await online(desk)
                for _ in range(30):
                    gun.send(b"7" * 1000)
                    await asyncio.sleep(0)
                assert await desk.notice() is NoticeKind.PRESENT_AGAIN
                gun.send(b"\rshort\r")
                assert await desk.code() == b"short"

    asyncio.run(scenario())


def test_what_was_read_before_the_gate_listened_is_nobodys_presentation(port: Path) -> None:
    async def scenario() -> None:
        with PtyGun(port) as gun:
            async with served(port) as desk:
                await online(desk)
            gun.send(b"before\r")
            async with served(port) as desk:
                await online(desk)
                gun.send(b"after\r")
                assert await desk.code() == b"after"

    asyncio.run(scenario())


def test_commands_are_logged_as_traffic_and_codes_nowhere(port: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        with PtyGun(port) as gun:
            async with served(port, engine=Engine.NEWLAND) as desk:
                await online(desk)
                gun.hold(b"SECRET")
                assert isinstance(await desk.next(), Reading)

    with caplog.at_level(TRAFFIC):
        asyncio.run(scenario())
    assert any(b"SCNMOD2".hex(" ") in record.message for record in caplog.records)
    assert b"SECRET".hex(" ") not in caplog.text
    assert {record.levelno for record in caplog.records if record.name == "drivers.newland_control"} == {TRAFFIC}
    assert logging.DEBUG > TRAFFIC


@pytest.mark.parametrize(
    "wrong",
    [
        {"baud": 300},
        {"gap_ms": 49},
        {"repeat_ms": -1},
        {"engine": Engine.NEWLAND, "ends": Ends.CR},
        {"scan": Scan.SENSE},
    ],
)
def test_settings_that_can_not_be_are_named(port: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=list(wrong)[-1]):
        SerialGun.Settings(port, **wrong)
