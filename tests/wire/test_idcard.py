"""The ID reader's driver on a real pseudo-terminal, with a simulated reader at the other end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import threading
import tty
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk import DEADLINE, Desk, at_desk

from drivers import TRAFFIC
from drivers.idcard import IdCardReader
from drivers.idcard_frames import Command, Splitter, frame
from drivers.idcard_session import TIME_LIMITS
from drivers.simulated import id_cards
from drivers.simulated.id_reader import PtyReader
from drivers.simulated.id_reader_model import (
    FIND,
    READ,
    READ_CHIP_NUMBER,
    READ_WITH_FINGERPRINT,
    SAM_RESET,
    SAM_STATUS,
    SELECT,
    Fault,
    ReaderModel,
)
from drivers.stream import SerialStream
from gate.errors import ConfigError, DeviceLost
from gate.model import Notice, NoticeKind, PayloadKind, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

FAST = 100.0
"""Times the speed of a real wire."""
log = logging.getLogger(__name__)
CARD = id_cards.citizen(1)
OTHER = id_cards.citizen(2)


@pytest.fixture
def port(tmp_path: Path) -> Path:
    return tmp_path / "id-reader"


@contextlib.asynccontextmanager
async def served(port: Path, baud: int = 115_200) -> AsyncIterator[Desk]:
    """The driver at its desk; afterwards it has let go of the port."""
    before = open_files()
    async with at_desk(IdCardReader("id-reader", IdCardReader.Settings(port, baud))) as desk:
        yield desk
    assert open_files() <= before


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def online(desk: Desk) -> str:
    event = await desk.next()
    assert isinstance(event, Notice), event
    assert event.kind is NoticeKind.ONLINE
    return event.detail


async def card(desk: Desk) -> bytes:
    event = await desk.next()
    assert isinstance(event, Reading), event
    assert event.kind is PayloadKind.RESIDENT_ID_BLOCK
    return event.data


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens in the simulated reader's thread."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - a thread can't set an asyncio.Event
            await asyncio.sleep(0.005)


def commands(reader: PtyReader) -> list[bytes]:
    return [exchange.command for exchange in reader.exchanges]


def test_a_card_is_read_once_however_long_it_lies_there(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            async with served(port) as desk:
                assert await online(desk) == f"SAM 05.01-20120411-0000000001-2, {port} at 115200 baud"
                reader.present(CARD)
                assert await card(desk) == CARD
                await until(lambda: commands(reader).count(READ_CHIP_NUMBER) >= 3)
                reader.remove()
                await until(lambda: commands(reader)[-1] == FIND)
                reader.present(OTHER)
                assert await card(desk) == OTHER
                await until(lambda: commands(reader)[-1] == READ_CHIP_NUMBER)
            assert commands(reader).count(READ) == 2
            assert READ_WITH_FINGERPRINT not in commands(reader)

    asyncio.run(scenario())


def test_a_resting_card_is_read_once_by_a_module_that_finds_it_again(port: Path) -> None:
    async def scenario() -> None:
        model = ReaderModel()
        model.finds_consumed = True
        model.knows_chip_number = False
        model.present(CARD)
        with PtyReader(port, model, speed=FAST) as reader:
            async with served(port) as desk:
                await online(desk)
                assert await card(desk) == CARD
                await until(lambda: commands(reader)[-3:] == [FIND] * 3)
            assert commands(reader).count(READ) == 1

    asyncio.run(scenario())


def test_a_card_is_read_at_the_pace_of_a_real_wire(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port) as reader:
            reader.present(CARD)
            async with served(port) as desk:
                await online(desk)
                event = await desk.next()
                await until(lambda: READ in commands(reader))
            assert isinstance(event, Reading)
            assert event.data == CARD
            read = next(e for e in reader.exchanges if e.command == READ)
            assert event.received_monotonic - read.requested >= 1295 * 10 / 115_200

    asyncio.run(scenario())


HOSTILE = {
    "lost byte": Fault(lose=1),
    "inserted byte": Fault(insert=b"\x00"),
    "noise before": Fault(before=b"\x55\xaa\xaa\x96\x00\xff"),
    "noise after": Fault(after=b"\xaa\xaa\x96\x69\x00"),
    "a false beginning before": Fault(before=b"\xaa\xaa\xaa\x96\x69\x09"),
    "bad checksum": Fault(spoil_checksum=True),
    "cut in the preamble": Fault(cut_at=3),
    "cut in the middle": Fault(cut_at=700),
    "cut before the checksum": Fault(cut_at=-1),
    "an old answer before": Fault(before=bytes.fromhex("AAAAAA9669000800009F0000000097")),
    "request damaged": Fault(status=0x10),
    "length damaged": Fault(status=0x11),
    "random number": Fault(status=0x47),
    "unknown status": Fault(status=0xC7),
}


@pytest.mark.parametrize("fault", HOSTILE.values(), ids=HOSTILE.keys())
def test_one_fault_on_the_wire_costs_nobody_the_passage(tmp_path: Path, fault: Fault) -> None:
    async def hurt(command: bytes) -> None:
        with PtyReader(tmp_path / command.hex(), speed=FAST) as reader:
            reader.model.fail(command, fault)
            reader.present(CARD)
            async with at_desk(IdCardReader("id-reader", IdCardReader.Settings(reader.port))) as desk:
                await online(desk)
                assert await card(desk) == CARD

    async def scenario() -> None:
        async with asyncio.TaskGroup() as group:
            for command in (FIND, SELECT, READ):
                group.create_task(hurt(command))

    asyncio.run(scenario())


def test_one_byte_at_a_time(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST, chunk=1) as reader:
            reader.present(CARD)
            async with served(port) as desk:
                await online(desk)
                assert await card(desk) == CARD

    asyncio.run(scenario())


def test_a_late_answer_is_not_taken_for_the_next_one(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.fail(FIND, Fault(delay=0.8))
            reader.present(CARD)
            async with served(port) as desk:
                await online(desk)
                assert await card(desk) == CARD

    asyncio.run(scenario())


def test_a_card_removed_between_select_and_read_is_asked_for_again(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.fail(READ, Fault(card_leaves=True))
            reader.present(CARD)
            async with served(port) as desk:
                await online(desk)
                assert await desk.notice() is NoticeKind.PRESENT_AGAIN
                reader.present(CARD)
                assert await card(desk) == CARD

    asyncio.run(scenario())


def test_an_answer_damaged_beyond_repair_resets_the_module_and_reads_the_card_again(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.fail(READ, *[Fault(spoil_checksum=True)] * 2)
            reader.present(CARD)
            async with served(port) as desk:
                await online(desk)
                assert await card(desk) == CARD
            assert SAM_RESET in commands(reader)

    asyncio.run(scenario())


def test_a_slow_card_is_asked_for_in_time_and_read_all_the_same(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.fail(READ, Fault(delay=3.3))
            reader.present(CARD)
            async with served(port) as desk:
                await online(desk)
                event = await desk.next()
                assert isinstance(event, Notice)
                assert event.kind is NoticeKind.PRESENT_AGAIN
                found = next(e for e in reader.exchanges if e.command == FIND)
                assert event.at_monotonic - found.answered < 3
                assert await card(desk) == CARD

    asyncio.run(scenario())


@pytest.mark.parametrize("status", [0x31, 0x32, 0x33, 0x40])
def test_a_refused_card_is_asked_for_again(port: Path, status: int) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.fail(SELECT, Fault(status=status))
            reader.present(CARD)
            async with served(port) as desk:
                await online(desk)
                assert await desk.notice() is NoticeKind.PRESENT_AGAIN
                assert await card(desk) == CARD

    asyncio.run(scenario())


@pytest.mark.parametrize("status", [0x23, 0x24, 0x60, 0x66])
def test_a_reader_that_needs_service_says_so_and_comes_back(port: Path, status: int) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.fail(FIND, Fault(status=status))
            async with served(port) as desk:
                await online(desk)
                event = await desk.next()
                assert isinstance(event, Notice)
                assert event.kind is NoticeKind.READER_UNSERVICEABLE
                assert f"{status:02X}" in event.detail
                assert (await online(desk)).startswith("SAM 05.01-20120411-0000000001-2, ")

    asyncio.run(scenario())


def test_a_reader_that_starts_without_its_authorisation_says_so(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.authorised = False
            async with served(port) as desk:
                assert await desk.notice() is NoticeKind.READER_UNSERVICEABLE
                reader.model.authorised = True
                await online(desk)

    asyncio.run(scenario())


@pytest.mark.parametrize("sent", [0, 4, 600, 1294])
def test_a_reader_that_vanishes_in_the_middle_of_an_answer_is_lost_and_nothing_is_read(port: Path, sent: int) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.fail(READ, Fault(cut_at=sent, vanish=True))
            reader.present(CARD)
            async with served(port) as desk:
                await online(desk)
                assert await desk.notice() is NoticeKind.PRESENT_AGAIN, "the person is not left without an answer"
                with pytest.raises(DeviceLost, match="check plug and cable"):
                    await desk.next()

    asyncio.run(scenario())


def test_a_reader_that_is_unplugged_and_plugged_in_again_goes_on_under_its_name(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            async with served(port) as desk:
                await online(desk)
                reader.unplug()
                with pytest.raises(DeviceLost):
                    await desk.next()
            async with served(port) as desk:
                with pytest.raises(DeviceLost, match="no port"):
                    await desk.next()
            reader.plug()
            reader.present(CARD)
            async with served(port) as desk:
                await online(desk)
                assert await card(desk) == CARD

    asyncio.run(scenario())


def test_a_reader_that_falls_silent_is_lost(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            async with served(port) as desk:
                await online(desk)
                for command in (FIND, SAM_STATUS):
                    reader.model.fail_always(command, Fault(cut_at=0))
                with pytest.raises(DeviceLost, match="stopped answering"):
                    await desk.next()

    asyncio.run(scenario())


def test_a_wrong_baud_rate_is_named(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            async with served(port, baud=9_600) as desk:
                with pytest.raises(DeviceLost, match=r"nothing answers on .* at 9600 baud: .* port and baud"):
                    await desk.next()
            reader.model.rate = 9_600
            async with served(port, baud=9_600) as desk:
                await online(desk)

    asyncio.run(scenario())


def test_the_line_rate_is_found_and_remembered(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.rate = 38_400
            reader.present(CARD)
            driver = IdCardReader("id-reader", IdCardReader.Settings(port))
            async with at_desk(driver) as desk:
                assert "at 38400 baud" in await online(desk)
                assert await card(desk) == CARD
            async with at_desk(driver) as desk:
                await online(desk)
            assert commands(reader).count(SAM_STATUS) == 2, "the second time it was asked at the right rate at once"

    asyncio.run(scenario())


def test_a_port_on_which_nothing_answers_at_any_rate_says_so(port: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (Command.SAM_STATUS, Command.SAM_RESET):
        monkeypatch.setitem(TIME_LIMITS, command, 0.02)

    async def scenario() -> None:
        with far_end(port):
            async with at_desk(IdCardReader("id-reader", IdCardReader.Settings(port))) as desk:
                with pytest.raises(DeviceLost, match=r"nothing answers on .* at any rate"):
                    await desk.next()

    asyncio.run(scenario())


def test_a_module_that_hangs_is_reset(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.hung = True
            async with served(port) as desk:
                await online(desk)
                reader.model.hung = True
                await until(lambda: not reader.model.hung)
                reader.present(CARD)
                assert await card(desk) == CARD

    asyncio.run(scenario())


def test_a_reader_that_was_changed_while_it_was_silent_is_opened_again(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            async with served(port) as desk:
                await online(desk)
                reader.model.sam_id = bytes(16)
                reader.model.fail(FIND, Fault(cut_at=0))
                with pytest.raises(DeviceLost, match="changed for another one"):
                    await desk.next()

    asyncio.run(scenario())


def test_a_rate_that_no_reader_has_is_refused(port: Path) -> None:
    with pytest.raises(ConfigError, match="115200, 57600, 38400, 19200, 9600"):
        IdCardReader.Settings(port, 14_400)


def test_something_else_on_the_port_is_not_taken_for_a_reader(tmp_path: Path) -> None:
    answers: dict[str, Callable[[bytes], bytes]] = {
        "echo": lambda request: request,
        "other-equipment": lambda _: bytes.fromhex("AAAAAA966900 03 06 01 04"),
        "chatter": lambda _: b"\xaa\xaa\x96\x69\x00" * 9,
        "another-status": lambda _: bytes.fromhex("AAAAAA9669000400002125"),
    }

    async def refused(name: str, answer: Callable[[bytes], bytes]) -> None:
        with answering(tmp_path / name, answer):
            async with at_desk(IdCardReader("id-reader", IdCardReader.Settings(tmp_path / name, 115_200))) as desk:
                with pytest.raises(DeviceLost, match="is no ID reader"):
                    await desk.next()

    async def scenario() -> None:
        async with asyncio.TaskGroup() as group:
            for name, answer in answers.items():
                group.create_task(refused(name, answer))

    asyncio.run(scenario())


def talk(master: int) -> None:
    """Write as much as fits of what costs a receiver most: beginnings of frames that never come true."""
    with contextlib.suppress(BlockingIOError):
        os.write(master, bytes.fromhex("AAAA96690960") * 200)


def test_a_port_that_never_stops_talking_is_given_up(port: Path) -> None:
    async def scenario() -> None:
        with far_end(port) as master:
            asyncio.get_running_loop().add_writer(master, talk, master)
            async with served(port) as desk:
                with pytest.raises(DeviceLost, match="is no ID reader"):
                    await desk.next()
            asyncio.get_running_loop().remove_writer(master)

    asyncio.run(scenario())


@contextlib.contextmanager
def answering(port: Path, answer: Callable[[bytes], bytes]) -> Iterator[None]:
    """A device that answers whatever it hears; on the running loop."""
    loop = asyncio.get_running_loop()
    with far_end(port) as master:
        loop.add_reader(master, lambda: os.write(master, answer(os.read(master, 4096))))
        yield
        loop.remove_reader(master)


@contextlib.contextmanager
def far_end(port: Path) -> Iterator[int]:
    """A pseudo-terminal whose near end is ``port``."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    port.symlink_to(os.ttyname(slave))
    try:
        yield master
    finally:
        os.close(master)
        os.close(slave)


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[tuple[Path, Path, subprocess.Popen[bytes]]]:
    """Two ports joined by socat, and socat itself."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    command = ["socat", "-d", "-d", f"pty,raw,echo=0,link={ours}", f"pty,raw,echo=0,link={theirs}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as socat:
        assert socat.stderr is not None
        assert any(b"starting data transfer loop" in line for line in socat.stderr)
        yield ours, theirs, socat
        socat.terminate()


def test_a_cable_made_by_another_program_will_do(cable: tuple[Path, Path, subprocess.Popen[bytes]]) -> None:
    ours, theirs, socat = cable
    model = ReaderModel()
    model.present(CARD)
    far = os.open(theirs, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def answer() -> None:
        for reply in model.feed(os.read(far, 4096)):
            os.write(far, reply.wire)

    async def scenario() -> None:
        asyncio.get_running_loop().add_reader(far, answer)
        async with served(ours) as desk:
            await online(desk)
            assert await card(desk) == CARD
            asyncio.get_running_loop().remove_reader(far)
            socat.terminate()
            with pytest.raises(DeviceLost):
                await desk.next()

    asyncio.run(scenario())
    os.close(far)


def test_a_reader_in_use_is_refused_to_the_second(port: Path) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST):
            async with served(port) as first:
                await online(first)
                async with at_desk(IdCardReader("second", IdCardReader.Settings(port))) as second:
                    with pytest.raises(DeviceLost, match="in use by another program"):
                        await second.next()
                assert not first.task.done()

    asyncio.run(scenario())


@pytest.mark.parametrize("busy_with", ["pause", "read"])
def test_cancelling_lets_go_of_the_port_within_a_second(port: Path, busy_with: str) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            for _ in range(5):
                async with at_desk(IdCardReader("id-reader", IdCardReader.Settings(port))) as desk:
                    await online(desk)
                    if busy_with == "read":
                        selects = commands(reader).count(SELECT)
                        reader.model.fail(READ, Fault(delay=0.2))
                        reader.present(CARD)
                        await until(lambda selects=selects: commands(reader).count(SELECT) > selects)  # type: ignore[misc]
                    desk.task.cancel()
                    async with asyncio.timeout(1):
                        await asyncio.wait({desk.task})
                reader.remove()

    threads = threading.active_count()
    files = open_files()
    asyncio.run(scenario())
    assert open_files() == files
    assert threading.active_count() == threads


def test_what_is_on_a_card_is_in_no_log(port: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        with PtyReader(port, speed=FAST) as reader:
            reader.model.fail(READ, Fault(spoil_checksum=True), Fault(cut_at=400))
            reader.model.fail(SELECT, Fault(before=CARD))
            reader.present(CARD)
            async with served(port) as desk:
                await online(desk)
                event = await desk.next()
                assert isinstance(event, Reading)
                log.warning("%r", event)

    with caplog.at_level(TRAFFIC):
        asyncio.run(scenario())
    assert any(record.levelno == TRAFFIC and "20 01" in record.message for record in caplog.records)
    logged = caplog.text.lower().replace(" ", "")
    for secret in ("测试", "9999991990", CARD[:6].hex(), CARD[122:134].hex()):
        assert secret not in logged
    assert logging.DEBUG > TRAFFIC


def test_the_simulated_reader_listens_at_its_new_rate_after_the_answer_at_the_old_one(port: Path) -> None:
    def exchange(rate: int, content: bytes, seconds: float = DEADLINE) -> bytes:
        async def scenario() -> bytes:
            with SerialStream(port, rate) as stream:
                stream.write(frame(content))
                data = b""
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        while not Splitter().feed(data):
                            data += await stream.read()
                return data

        return asyncio.run(scenario())

    done = frame(b"\x00\x00\x90")
    with PtyReader(port, speed=FAST) as reader:
        assert exchange(115_200, b"\x60\x03") == done
        assert exchange(115_200, SAM_STATUS, seconds=0.2) == b""
        assert exchange(19_200, SAM_STATUS) == done
        assert reader.model.rate == 19_200
