"""The gun's driver on a real file descriptor: a simulated gun types records, the driver's thread reads them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import pty
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from desk import Desk, at_desk

from drivers import gun_reader, keymap, wedge
from drivers.barcode import BarcodeGun
from drivers.input_events import EV_KEY, Records, pack
from drivers.keyboard_node import open_keyboard
from drivers.simulated.gun import SimulatedGun, key_events
from drivers.wedge import Broken, Code, WedgeDecoder
from gate.errors import ConfigError, DeviceLost
from gate.model import NoticeKind, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from pathlib import Path

    from drivers.input_events import KeyEvent


@contextlib.asynccontextmanager
async def desk(path: Path) -> AsyncIterator[Desk]:
    """With the longest gap, so that a busy machine tears no code apart."""
    async with at_desk(BarcodeGun("gun", BarcodeGun.Settings(path, gap_ms=500))) as running:
        yield running
    assert not any(thread.name == f"gun {path.name}" for thread in threading.enumerate())


@contextlib.contextmanager
def plugged(path: Path) -> Iterator[SimulatedGun]:
    gun = SimulatedGun(path, seconds_per_character=0)
    gun.plug()
    try:
        yield gun
    finally:
        gun.unplug()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gun"


def test_a_certificate_arrives_whole(path: Path) -> None:
    text = "HC1:6BFOXN*TS0BI$ZD.P9UOL97O4-2HH77HRM3DSPTLRR+%3/" * 12

    async def scenario() -> None:
        with plugged(path) as gun:
            async with desk(path) as at:
                assert await at.notice() is NoticeKind.ONLINE
                started = time.monotonic()
                await gun.type(text)
                event = await at.next()
                assert isinstance(event, Reading)
                assert event.data == text.encode()
                assert started < event.received_monotonic <= gun.last_event_monotonic

    asyncio.run(scenario())


def test_what_was_typed_before_the_gate_listened_is_nobodys_presentation(path: Path) -> None:
    async def scenario() -> None:
        with plugged(path) as gun:
            await gun.type("before")
            async with desk(path) as at:
                assert await at.notice() is NoticeKind.ONLINE
                await gun.type("after")
                assert await at.code() == b"after"

    asyncio.run(scenario())


def test_chinese_caps_lock_and_a_missing_terminator(path: Path) -> None:
    async def scenario() -> None:
        with plugged(path) as gun:
            async with desk(path) as at:
                assert await at.notice() is NoticeKind.ONLINE
                await gun.type("健康码 {A}")
                assert await at.code() == "健康码 {A}".encode()
                gun.send(key_events(keymap.KEY_CAPSLOCK, down=True) + key_events(keymap.KEY_CAPSLOCK, down=False))
                await gun.type("aBc1!", caps_lock=True)
                assert await at.code() == b"aBc1!"
                await gun.type("silence", caps_lock=True, terminator=None)
                assert await at.code() == b"silence"

    asyncio.run(scenario())


def test_a_code_typed_key_by_key(path: Path) -> None:
    async def scenario() -> None:
        with plugged(path) as gun:
            gun._pause = 0.002
            async with desk(path) as at:
                assert await at.notice() is NoticeKind.ONLINE
                await gun.type("SLOW-1")
                assert await at.code() == b"SLOW-1"

    asyncio.run(scenario())


def test_nothing_but_terminators_says_nothing(path: Path) -> None:
    async def scenario() -> None:
        with plugged(path) as gun:
            async with desk(path) as at:
                assert await at.notice() is NoticeKind.ONLINE
                await gun.type("")
                await gun.type("A")
                await gun.type("")
                await gun.type("B")
                assert [await at.code(), await at.code()] == [b"A", b"B"]

    asyncio.run(scenario())


def test_dropped_events_ask_to_present_again_and_the_next_code_is_whole(path: Path) -> None:
    async def scenario() -> None:
        with plugged(path) as gun:
            async with desk(path) as at:
                assert await at.notice() is NoticeKind.ONLINE
                await gun.type("first half ", terminator=None)
                gun.lose_events()
                await gun.type("second half")
                assert await at.notice() is NoticeKind.PRESENT_AGAIN
                await gun.type("whole")
                assert await at.code() == b"whole"

    asyncio.run(scenario())


def test_a_code_that_never_ends_asks_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wedge, "MOST_BYTES", 60)

    async def scenario() -> None:
        with plugged(path) as gun:
            async with desk(path) as at:
                assert await at.notice() is NoticeKind.ONLINE
                await gun.type("7" * 200)
                assert await at.notice() is NoticeKind.PRESENT_AGAIN
                await gun.type("short")
                assert await at.code() == b"short"

    asyncio.run(scenario())


def test_pulled_out_and_plugged_in_again(path: Path) -> None:
    async def scenario() -> None:
        with plugged(path) as gun:
            async with desk(path) as at:
                assert await at.notice() is NoticeKind.ONLINE
                await gun.type("half a co", terminator=None)
                gun.unplug()
                assert await at.notice() is NoticeKind.PRESENT_AGAIN, "whoever held it up is told"
                with pytest.raises(DeviceLost, match="check plug and cable"):
                    await at.next()
            async with desk(path) as at:
                with pytest.raises(DeviceLost, match="no gun at"):
                    await at.next()
            gun.plug()
            async with desk(path) as at:
                assert await at.notice() is NoticeKind.ONLINE
                await gun.type("again")
                assert await at.code() == b"again"

    asyncio.run(scenario())


def test_a_simulated_gun_that_nobody_reads_in_time_says_that_events_were_dropped(path: Path) -> None:
    async def scenario() -> list[type]:
        with plugged(path) as gun:
            slow = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            for _ in range(20):
                gun.send(key_events(30, down=True) * 1000)
            os.read(slow, 2 << 20)
            await gun.type("tail")
            await gun.type("whole")
            records = Records().feed(os.read(slow, 1 << 20))
            os.close(slow)
            decoder = WedgeDecoder()
            return [type(report) for at, event in records for report in decoder.feed([event], at)]

    assert asyncio.run(scenario()) == [Broken, Code]


@pytest.mark.parametrize("kind", ["file", "folder", "null"])
def test_what_is_no_input_device_is_refused(tmp_path: Path, kind: str) -> None:
    target = {"file": tmp_path / "file", "folder": tmp_path, "null": tmp_path / "null"}[kind]
    if kind == "file":
        target.touch()
    if kind == "null":
        target.symlink_to("/dev/null")

    async def scenario() -> None:
        async with desk(target) as at:
            with pytest.raises(DeviceLost):
                await at.next()

    asyncio.run(scenario())


@pytest.mark.parametrize("wrong", [{"gap_ms": 49}, {"gap_ms": 501}, {"repeat_ms": -1}, {"encoding": "utf-16"}])
def test_settings_out_of_range_are_named(path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        BarcodeGun.Settings(path, **wrong)


class EventNodeDouble:
    """Stands for ``evdev.InputDevice``: the records come from a pipe, since no input device can be made here."""

    def __init__(self, fd: int, keys: frozenset[int] = keymap.PROOF_OF_KEYBOARD) -> None:
        self.fd = fd
        self.keys = keys
        self.lamp: list[tuple[int, int]] = []
        self.grabbed = self.closed = False
        self.grab_fault: OSError | None = None

    def capabilities(self) -> dict[int, list[int]]:
        return {EV_KEY: list(self.keys)}

    def grab(self) -> None:
        if self.grab_fault is not None:
            raise self.grab_fault
        self.grabbed = True

    def ungrab(self) -> None:
        raise OSError(errno.ENODEV, "No such device")

    def leds(self) -> list[int]:
        return [1]

    def set_led(self, lamp: int, value: int) -> None:
        self.lamp.append((lamp, value))

    def close(self) -> None:
        self.closed = True
        os.close(self.fd)


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch, path: Path) -> Any:
    """An event node: its double, and the end at which the kernel would put records in."""
    evdev = pytest.importorskip("evdev")
    path.symlink_to("/dev/null")  # a character device, so that the driver takes it for a node
    read_end, write_end = os.pipe2(os.O_NONBLOCK)
    double = EventNodeDouble(read_end)
    monkeypatch.setattr(evdev, "InputDevice", lambda _: double)
    yield double, write_end
    with contextlib.suppress(OSError):
        os.close(write_end)


def test_an_event_node_is_grabbed_its_lamp_followed_and_released(node: Any, path: Path) -> None:
    double, kernel = node
    caps = key_events(keymap.KEY_CAPSLOCK, down=True) + key_events(keymap.KEY_CAPSLOCK, down=False)

    async def scenario() -> None:
        async with desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE
            assert double.grabbed
            gun = SimulatedGun(path, seconds_per_character=0)
            gun._wire = _PipeWire(kernel)
            await gun.type("aB", caps_lock=True)
            assert await at.code() == b"aB"
            gun.send(caps)
            await gun.type("aBc")
            assert await at.code() == b"aBc"
            assert double.lamp == [(1, 0)]

    asyncio.run(scenario())
    assert double.closed


class _PipeWire:
    def __init__(self, fd: int) -> None:
        self.fd = fd

    def send(self, events: Iterable[KeyEvent]) -> None:
        os.write(self.fd, pack(events, 0.0))

    def close(self) -> None:
        os.close(self.fd)


def test_a_node_whose_device_is_pulled_out_is_lost(node: Any, path: Path) -> None:
    double, _ = node
    os.close(double.fd)
    double.fd, far = pty.openpty()  # reading it fails, and does not just end, once the far end is closed

    async def scenario() -> None:
        async with desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE
            os.close(far)
            with pytest.raises(DeviceLost, match="is gone"):
                await at.next()

    asyncio.run(scenario())
    assert double.closed


def test_a_node_held_by_another_program_is_named(node: Any, path: Path) -> None:
    double, _ = node
    double.grab_fault = OSError(errno.EBUSY, "busy")

    async def scenario() -> None:
        async with desk(path) as at:
            with pytest.raises(DeviceLost, match="another program"):
                await at.next()

    asyncio.run(scenario())
    assert double.closed


def test_a_node_without_letters_is_the_wrong_one(node: Any, path: Path) -> None:
    double, _ = node
    double.keys = frozenset({keymap.KEY_ENTER, 115})

    async def scenario() -> None:
        async with desk(path) as at:
            with pytest.raises(DeviceLost, match="other input node"):
                await at.next()

    asyncio.run(scenario())
    assert double.closed


@pytest.mark.usefixtures("node")
def test_a_node_that_is_not_yet_permitted_is_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = [PermissionError(errno.EACCES, "denied")] * 2

    def refuse_twice(where: Path) -> Any:
        if refusals:
            raise refusals.pop()
        return open_keyboard(where)

    monkeypatch.setattr(gun_reader, "open_keyboard", refuse_twice)
    monkeypatch.setattr(gun_reader, "_PERMISSION_PAUSE", 0.01)

    async def scenario() -> None:
        async with desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE

    asyncio.run(scenario())


def test_a_node_that_stays_forbidden_is_lost(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> Any:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(gun_reader, "open_keyboard", refuse)
    monkeypatch.setattr(gun_reader, "PERMISSION_PATIENCE", 0.05)
    monkeypatch.setattr(gun_reader, "_PERMISSION_PAUSE", 0.01)

    async def scenario() -> None:
        async with desk(path) as at:
            with pytest.raises(DeviceLost, match="group"):
                await at.next()

    asyncio.run(scenario())


def test_a_fault_of_the_program_in_the_thread_ends_the_driver_as_such(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(_: Path) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(gun_reader, "open_keyboard", bug)

    async def scenario() -> None:
        async with desk(path) as at:
            with pytest.raises(ZeroDivisionError):
                await at.next()

    asyncio.run(scenario())
