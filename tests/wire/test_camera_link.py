"""Both ends of the camera's socket, each against a peer that does not keep to what was agreed."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import time
from typing import TYPE_CHECKING

import pytest
from desk import DEADLINE, Desk, at_desk

from drivers import camera
from drivers.camera import Camera
from drivers.camera_link import Link
from drivers.camera_wire import MOST_DATA, Frame, Kind
from gate.errors import DeviceLost
from gate.model import NoticeKind, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "codes"


@contextlib.asynccontextmanager
async def desk(path: Path) -> AsyncIterator[Desk]:
    async with at_desk(Camera("camera", Camera.Settings(socket=path))) as running:
        yield running


@contextlib.asynccontextmanager
async def peer(path: Path, said: bytes) -> AsyncIterator[None]:
    """Something at the socket that says ``said`` and then no more."""

    async def say(listener: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        with contextlib.suppress(ConnectionError):
            await listener.read()
        writer.close()
        gone.set()

    gone = asyncio.Event()
    async with await asyncio.start_unix_server(say, path):
        yield
        await gone.wait()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"\xff" * 40, "no frame"),
        (Frame(Kind.CODE, 0.0, bytes(MOST_DATA)).to_bytes()[:9] + b"\xff" * 40, "no frame"),
        (Frame(Kind.CODE, 0.0).to_bytes(), "no camera says"),
        (Frame(Kind.UNREADABLE, 0.0, b"go through").to_bytes(), "no camera says"),
        (Frame(Kind.STARTED, 0.0).to_bytes(), "no camera says"),
        (Frame(Kind.CODE, 0.0, b"A" * 500).to_bytes()[:-1], "no sign of life"),
        (b"", "no sign of life"),
    ],
    ids=["junk", "too long", "empty code", "words", "started", "part of a frame", "silent"],
)
def test_a_peer_that_is_no_camera_is_a_lost_device_and_nothing_is_read(
    path: Path, said: bytes, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "HANG_LIMIT", 0.3)

    async def scenario() -> None:
        async with peer(path, said), desk(path) as at:
            with pytest.raises(DeviceLost, match=why):
                await at.next()

    asyncio.run(scenario())


@pytest.mark.parametrize("at_time", [math.nan, math.inf, -math.inf, 0.0, 1e300])
def test_a_time_that_can_not_be_is_the_present(path: Path, at_time: float) -> None:
    async def scenario() -> None:
        before = time.monotonic()
        async with peer(path, Frame(Kind.CODE, at_time, b"A").to_bytes()), desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE
            event = await at.next()
            assert isinstance(event, Reading)
            assert before <= event.received_monotonic <= time.monotonic()

    asyncio.run(scenario())


@pytest.fixture
def link(path: Path) -> Iterator[Link]:
    with contextlib.closing(Link.listen(path)) as open_one:
        yield open_one


def test_a_gate_that_takes_nothing_is_let_go(path: Path, link: Link) -> None:
    with socket.socket(socket.AF_UNIX) as deaf, socket.socket(socket.AF_UNIX) as next_one:
        deaf.connect(str(path))
        link.turn()
        for _ in range(10_000):  # far more than any socket holds
            link.send(Frame(Kind.CODE, 0.0, bytes(1000)))
        next_one.connect(str(path))
        link.turn()
        link.send(Frame(Kind.IDLE, 0.0))
        assert next_one.recv(100) == Frame(Kind.IDLE, 0.0).to_bytes()


def test_codes_that_nobody_listened_to_are_nobodys_presentation(path: Path, link: Link) -> None:
    link.send(Frame(Kind.CODE, 0.0, b"before"))
    with socket.socket(socket.AF_UNIX) as late:
        late.connect(str(path))
        link.turn()
        link.send(Frame(Kind.CODE, 0.0, b"after"))
        assert late.recv(100) == Frame(Kind.CODE, 0.0, b"after").to_bytes()


def test_a_gate_that_talks_is_let_go(path: Path, link: Link) -> None:
    with socket.socket(socket.AF_UNIX) as talker:
        talker.connect(str(path))
        link.turn()
        talker.send(b"open the barrier")
        link.turn()
        talker.settimeout(DEADLINE)
        with contextlib.suppress(ConnectionResetError):
            assert talker.recv(100) == b""


def test_a_socket_in_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceLost, match="can't be made"):
        Link.listen(tmp_path / "none" / "codes")


def test_a_file_in_the_place_of_the_socket_is_kept(path: Path) -> None:
    path.write_text("somebody's")
    with pytest.raises(DeviceLost, match="can't be made"):
        Link.listen(path)
    assert path.read_text() == "somebody's"
