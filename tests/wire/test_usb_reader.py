"""The ID reader with bulk endpoints, through pyusb, with a simulated bus in libusb's place."""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

import pytest
from desk import at_desk
from usb.backend import libusb1
from usb.core import USBError

from drivers.idcard import IdCardReader
from drivers.idcard_frames import Command
from drivers.idcard_session import TIME_LIMITS
from drivers.simulated import id_cards
from drivers.simulated.id_reader_model import READ, SAM_STATUS, Fault
from drivers.simulated.usb_reader import UsbBus
from drivers.usb_bulk import LIMIT, UsbBulkStream
from gate.errors import ConfigError, DeviceLost
from gate.model import Notice, NoticeKind, Reading

if TYPE_CHECKING:
    from pathlib import Path

    from desk import Desk

CARD = id_cards.citizen(1)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> UsbBus:
    simulated = UsbBus()
    monkeypatch.setattr(libusb1, "get_backend", lambda: simulated)
    return simulated


def reader() -> IdCardReader:
    return IdCardReader("id-reader", IdCardReader.Settings(usb="0400:c35a"))


async def online(desk: Desk) -> str:
    event = await desk.next()
    assert isinstance(event, Notice), event
    assert event.kind is NoticeKind.ONLINE
    return event.detail


def test_a_card_is_read_over_bulk_endpoints(bus: UsbBus) -> None:
    async def scenario() -> None:
        bus.plug()
        bus.present(CARD)
        async with at_desk(reader()) as desk:
            assert await online(desk) == "SAM 05.01-20120411-0000000001-2, the USB device 0400:c35a"
            event = await desk.next()
            assert isinstance(event, Reading)
            assert event.data == CARD

    asyncio.run(scenario())


@pytest.mark.parametrize("sent", [0, 64, 700, 1294])
def test_a_reader_that_is_pulled_out_in_the_middle_of_an_answer_is_lost(bus: UsbBus, sent: int) -> None:
    async def scenario() -> None:
        bus.plug()
        bus.model.fail(READ, Fault(cut_at=sent, vanish=True))
        bus.present(CARD)
        async with at_desk(reader()) as desk:
            await online(desk)
            assert await desk.notice() is NoticeKind.PRESENT_AGAIN
            with pytest.raises(DeviceLost, match=r"is gone .*check plug and cable"):
                await desk.next()
        async with at_desk(reader()) as desk:
            with pytest.raises(DeviceLost, match="is not there"):
                await desk.next()
        bus.plug()
        async with at_desk(reader()) as desk:
            await online(desk)

    asyncio.run(scenario())


def test_the_socket_has_the_name_that_the_kernel_gives_it(bus: UsbBus) -> None:
    async def scenario() -> str:
        bus.plug()
        bus.socket = (3, (1, 4, 2))
        with UsbBulkStream(0x0400, 0xC35A) as stream:
            return stream.usb_path

    assert asyncio.run(scenario()) == "3-1.4.2"


def test_another_device_with_the_same_ids_is_refused(bus: UsbBus) -> None:
    async def scenario() -> None:
        bus.plug()
        bus.other_kind = True
        async with at_desk(reader()) as desk:
            with pytest.raises(DeviceLost, match="no bulk endpoints"):
                await desk.next()

    asyncio.run(scenario())


def test_a_device_that_does_not_speak_as_a_reader_is_refused(bus: UsbBus, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (Command.SAM_STATUS, Command.SAM_RESET):
        monkeypatch.setitem(TIME_LIMITS, command, 0.05)
    bus.model.fail_always(SAM_STATUS, Fault(cut_at=0))

    async def scenario() -> None:
        bus.plug()
        async with at_desk(reader()) as desk:
            with pytest.raises(DeviceLost, match=r"nothing answers on the USB device 0400:c35a|is no ID reader"):
                await desk.next()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("number", "message"), [(errno.EACCES, "udev rule"), (errno.EBUSY, "another program"), (errno.EIO, "is gone")]
)
def test_a_device_that_can_not_be_opened_says_why(
    bus: UsbBus, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    def refuse(_: str) -> tuple[int, int]:
        raise USBError("refused", -1, number)

    monkeypatch.setattr(bus, "open_device", refuse)

    async def scenario() -> None:
        bus.plug()
        async with at_desk(reader()) as desk:
            with pytest.raises(DeviceLost, match=message):
                await desk.next()

    asyncio.run(scenario())


def test_a_machine_without_libusb_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("libusb1", "libusb0", "openusb"):
        monkeypatch.setattr(f"usb.backend.{name}.get_backend", lambda: None)

    async def scenario() -> None:
        async with at_desk(reader()) as desk:
            with pytest.raises(DeviceLost, match=r"libusb-1\.0-0"):
                await desk.next()

    asyncio.run(scenario())


def test_a_bug_in_the_thread_ends_the_driver_as_such(bus: UsbBus, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(bus, "bulk_read", bug)

    async def scenario() -> None:
        bus.plug()
        async with at_desk(reader()) as desk:
            with pytest.raises(ZeroDivisionError):
                await desk.next()

    asyncio.run(scenario())


def test_a_device_that_never_stops_talking_fills_no_memory(bus: UsbBus, monkeypatch: pytest.MonkeyPatch) -> None:
    def flood(_: object, __: int, ___: int, buff: bytearray, ____: int) -> int:
        return len(buff)

    monkeypatch.setattr(bus, "bulk_read", flood)

    async def scenario() -> None:
        bus.plug()
        with UsbBulkStream(0x0400, 0xC35A) as stream:
            for _ in range(50):
                await asyncio.sleep(0)
                assert 0 < len(await stream.read()) <= LIMIT

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "either port"),
        ({"port": "/dev/null", "usb": "0400:c35a"}, "either port"),
        ({"usb": "c35a"}, "as lsusb shows"),
        ({"usb": "0400:c35a", "baud": 9600}, "baud"),
        ({"usb": "0400:c35a", "sam": "05.01-20120411-…"}, "the whole number"),
    ],
)
def test_settings_that_can_not_be_are_named(settings: dict[str, Path], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        IdCardReader.Settings(**settings)  # type: ignore[arg-type]
