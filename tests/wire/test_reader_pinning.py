"""Another reader in the place of the one that was there delivers nothing until somebody approves it."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Any

import pytest
from desk import at_desk
from rig import until

from drivers import idcard_session
from drivers.idcard import socket_of
from drivers.simulated import id_cards
from drivers.simulated.id_reader import PtyReader
from drivers.simulated.id_reader_model import FIND, READ, READ_SAM_ID, SAM_STATUS, SELECT, Fault
from gate.__main__ import main
from gate.app.devices import driver
from gate.app.reader_pins import FILE, ReaderPins
from gate.config_bind import Roots
from gate.config_devices import ReaderConfig
from gate.model import Notice, NoticeKind, Reading

if TYPE_CHECKING:
    from pathlib import Path

    from desk import Desk

    from drivers import Driver

CARD = id_cards.citizen(1)
FIRST = "05.01-20120411-0000000001-2"
OTHER = "05.01-20120411-0000000077-9"
OTHER_ID = struct.pack("<HHIII", 5, 1, 20_120_411, 77, 9)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idcard_session, "APPROVAL_PAUSE", 0.02)


def configured(folder: Path, **settings: Any) -> Driver:
    """The driver as a daemon makes it."""
    reader = ReaderConfig("id-reader", "idcard", {"port": str(folder / "port"), **settings})
    return driver(reader, Roots(folder, folder))


async def notice(desk: Desk, kind: NoticeKind) -> str:
    event = await desk.next()
    assert isinstance(event, Notice), event
    assert event.kind is kind
    return event.detail


async def reads_no_card(desk: Desk, reader: PtyReader) -> str:
    """The driver objects and goes on objecting, and never asks the reader for a card; gives the objection."""
    said = await notice(desk, NoticeKind.READER_UNSERVICEABLE)
    asked = len(reader.exchanges)
    await until(lambda: len(reader.exchanges) > asked + 6)
    assert {exchange.command for exchange in reader.exchanges} <= {SAM_STATUS, READ_SAM_ID}
    return said


def test_another_reader_delivers_nothing_until_it_is_approved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        with PtyReader(tmp_path / "port", speed=100) as reader:
            async with at_desk(configured(tmp_path)) as desk:
                assert FIRST in await notice(desk, NoticeKind.ONLINE)
        with PtyReader(tmp_path / "port", speed=100) as reader:
            reader.model.sam_id = OTHER_ID
            reader.present(CARD)
            async with at_desk(configured(tmp_path)) as desk:
                said = await reads_no_card(desk, reader)
                assert f"another reader, SAM {OTHER} instead of SAM {FIRST}" in said
                assert "gate readers approve id-reader" in said
                assert main(["readers", "approve", "id-reader", "--state", str(tmp_path)]) == 0
                assert OTHER in await notice(desk, NoticeKind.ONLINE)
                event = await desk.next()
                assert isinstance(event, Reading)
                assert event.data == CARD
                assert {FIND, SELECT, READ} <= {exchange.command for exchange in reader.exchanges}

    asyncio.run(scenario())
    assert f"approved, SAM {OTHER}" in capsys.readouterr().out


def test_the_first_reader_put_back_needs_no_approval(tmp_path: Path) -> None:
    pins = ReaderPins(tmp_path)
    assert pins.objection("id-reader", FIRST, "") == ""
    assert pins.objection("id-reader", OTHER, "") != ""
    assert pins.objection("id-reader", FIRST, "") == ""


def test_the_number_in_the_configuration_is_stronger_than_any_approval(tmp_path: Path) -> None:
    async def scenario() -> None:
        with PtyReader(tmp_path / "port", speed=100) as reader:
            reader.present(CARD)
            async with at_desk(configured(tmp_path, sam=OTHER)) as desk:
                assert f"the setting sam says {OTHER}" in await reads_no_card(desk, reader)
            assert not (tmp_path / FILE).exists(), "what is refused is not remembered"

    asyncio.run(scenario())


def test_a_reader_that_does_not_tell_its_number_is_not_served(tmp_path: Path) -> None:
    async def scenario() -> None:
        with PtyReader(tmp_path / "port", speed=100) as reader:
            reader.model.fail_always(READ_SAM_ID, Fault(status=0x21))
            reader.present(CARD)
            async with at_desk(configured(tmp_path)) as desk:
                assert "does not tell its SAM number" in await reads_no_card(desk, reader)

    asyncio.run(scenario())


@pytest.mark.parametrize("content", [b"", b"[]", b'{"id-reader": 1}', b'{"id-reader": {"approved": {"sam": ""}}}'])
def test_a_damaged_file_lets_no_reader_in(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert "can't be remembered" in ReaderPins(tmp_path).objection("id-reader", FIRST, "")


def test_a_reader_that_can_not_be_remembered_is_not_served(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    assert "can't be remembered" in ReaderPins(blocked / "state").objection("id-reader", FIRST, "")


def test_another_usb_socket_is_another_reader(tmp_path: Path) -> None:
    pins = ReaderPins(tmp_path)
    assert pins.objection("id-reader", FIRST, "1-1.2") == ""
    assert "SAM 05.01-20120411-0000000001-2 in USB socket 1-1.3" in pins.objection("id-reader", FIRST, "1-1.3")
    assert pins.objection("id-reader", FIRST, "1-1.2") == ""


def test_nothing_is_approved_that_does_not_wait(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["readers", "--state", str(tmp_path), "approve", "id-reader"]) == 1
    assert "no other reader waits" in capsys.readouterr().err
    pins = ReaderPins(tmp_path)
    pins.objection("id-reader", FIRST, "")
    pins.objection("id-reader", OTHER, "")
    assert main(["readers", "--state", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"id-reader: SAM {FIRST}\n" in said
    assert f"waits for approval, SAM {OTHER}" in said
    assert main(["readers", "--state", str(tmp_path), "approve", "gun"]) == 1
    assert pins.objection("id-reader", OTHER, "") != ""


def test_a_port_that_is_not_on_usb_has_no_socket(tmp_path: Path) -> None:
    with PtyReader(tmp_path / "port") as reader:
        assert socket_of(reader.port) == ""
