"""The serial stream on pseudo-terminals and on things that are none."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import select
import termios
import tty
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.stream import LIMIT, SerialStream, explain_refusal
from gate.errors import DeviceLost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def cable() -> Iterator[tuple[int, Path]]:
    """The far end's file descriptor, and the port at the near end."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    try:
        yield master, Path(os.ttyname(slave))
    finally:
        os.close(slave)
        with contextlib.suppress(OSError):
            os.close(master)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def take(stream: SerialStream, size: int) -> bytes:
    data = b""
    async with asyncio.timeout(30):
        while len(data) < size:
            data += await stream.read()
    return data


def test_bytes_pass_both_ways_unchanged() -> None:
    every = bytes(range(256))

    async def scenario() -> None:
        with cable() as (far, port), SerialStream(port, 115_200) as stream:
            os.write(far, every)
            assert await take(stream, 256) == every
            stream.write(every)
            assert os.read(far, 4096) == every

    asyncio.run(scenario())


def test_flushing_forgets_what_has_arrived() -> None:
    async def scenario() -> None:
        with cable() as (far, port), SerialStream(port, 115_200) as stream:
            os.write(far, b"old")
            await take(stream, 1)
            os.write(far, b"older")
            stream.flush_input()
            os.write(far, b"new")
            assert await take(stream, 3) == b"new"

    asyncio.run(scenario())


def test_flushing_what_is_just_about_to_be_read_is_no_loss() -> None:
    async def scenario() -> None:
        with cable() as (far, port), SerialStream(port, 115_200) as stream:
            os.write(far, b"old")
            assert select.select([stream._fd], [], [], 30)[0]
            # The loop's next turn finds the port readable, but flushes it before it reads.
            asyncio.get_running_loop().call_soon(stream.flush_input)
            for _ in range(3):
                await asyncio.sleep(0)
            os.write(far, b"new")
            assert await take(stream, 3) == b"new"

    asyncio.run(scenario())


def test_what_nobody_reads_is_bounded_and_reading_goes_on_afterwards() -> None:
    async def scenario() -> None:
        with cable() as (far, port), SerialStream(port, 115_200) as stream:
            sent = 0
            async with asyncio.timeout(30):
                while sent < 4 * LIMIT:
                    with contextlib.suppress(BlockingIOError):
                        sent += os.write(far, b"x" * 512)
                    await asyncio.sleep(0)
                    if sent >= 2 * LIMIT:
                        assert len(await stream.read()) <= LIMIT

    asyncio.run(scenario())


def test_what_came_before_the_end_is_still_read() -> None:
    async def scenario() -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        with SerialStream(Path(os.ttyname(slave)), 115_200) as stream:
            os.close(slave)
            os.write(master, b"last words")
            assert await take(stream, 10) == b"last words"
            os.close(master)
            for _ in range(2):
                with pytest.raises(DeviceLost, match="check plug and cable"):
                    await stream.read()
            with pytest.raises(DeviceLost):
                stream.write(b"?")
            with pytest.raises(DeviceLost):
                stream.flush_input()

    asyncio.run(scenario())


@pytest.mark.parametrize("use", [SerialStream.flush_input, lambda stream: stream.write(b"?")], ids=["flush", "write"])
def test_a_loss_is_noticed_by_whatever_is_done_first(use: Callable[[SerialStream], None]) -> None:
    async def scenario() -> None:
        master, slave = os.openpty()
        with SerialStream(Path(os.ttyname(slave)), 115_200) as stream:
            os.close(slave)
            os.close(master)
            for _ in range(2):
                with pytest.raises(DeviceLost, match="check plug and cable"):
                    use(stream)
            with pytest.raises(DeviceLost):
                await stream.read()

    asyncio.run(scenario())


def flood(stream: SerialStream) -> str:
    """Write until the port refuses; what it says then."""
    try:
        for _ in range(10_000):
            stream.write(bytes(1000))
    except DeviceLost as lost:
        return str(lost)
    return "never refused"


def test_a_port_that_takes_nothing_any_more_is_lost() -> None:
    async def scenario() -> None:
        with cable() as (_, port), SerialStream(port, 115_200) as stream:
            assert "takes no more bytes" in flood(stream)

    asyncio.run(scenario())


def test_closing_twice_is_harmless_and_leaves_nothing_open() -> None:
    async def scenario() -> None:
        with cable() as (_, port):
            files = open_files()
            for _ in range(10):
                stream = SerialStream(port, 115_200)
                stream.close()
                stream.close()
                with pytest.raises(DeviceLost, match="closed"):
                    stream.write(b"?")
            assert open_files() == files

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("missing", "no port .*by-id"),
        (".", "is no serial port"),
        ("file", "serial port"),
        ("/dev/null", "serial port"),
    ],
)
def test_what_is_no_serial_port_is_refused_with_advice(tmp_path: Path, name: str, advice: str) -> None:
    (tmp_path / "file").write_bytes(b"kept")

    async def scenario() -> None:
        with pytest.raises(DeviceLost, match=advice):
            SerialStream(tmp_path / name, 115_200)

    files = open_files()
    asyncio.run(scenario())
    assert open_files() == files
    assert (tmp_path / "file").read_bytes() == b"kept"


def test_a_port_in_use_is_refused_with_advice() -> None:
    async def scenario() -> None:
        with cable() as (far, port), SerialStream(port, 115_200) as stream:
            with pytest.raises(DeviceLost, match=r"in use by another program.*fuser"):
                SerialStream(port, 115_200)
            os.write(far, b"still mine")
            assert await take(stream, 10) == b"still mine"

    asyncio.run(scenario())


def test_a_missing_permission_names_the_group() -> None:
    with cable() as (_, port):
        group = port.group()
        assert group in explain_refusal(port, PermissionError(errno.EACCES, "Permission denied"))


@pytest.mark.parametrize("error", [OSError(errno.EIO, "x"), termios.error(errno.EIO, "x"), OSError("odd"), OSError()])
def test_any_other_refusal_says_what_to_do_too(error: OSError | termios.error) -> None:
    message = explain_refusal(Path("/dev/ttyUSB9"), error)
    assert message.startswith("/dev/ttyUSB9 can't be")
    assert ": c" in message
