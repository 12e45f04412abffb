"""The camera's driver against its real process and a real socket; only the device is simulated."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk import DEADLINE, Desk, at_desk

pytest.importorskip("zxingcpp")
pytest.importorskip("pyzbar.pyzbar", reason="libzbar0 is not installed", exc_type=ImportError)

from drivers import camera
from drivers.camera import Camera
from gate.errors import ConfigError, DeviceLost
from gate.model import NoticeKind, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


class Process:
    """A running camera process."""

    def __init__(self, path: Path, **environment: str) -> None:
        self.inner = subprocess.Popen(
            [sys.executable, "-m", "drivers.simulated.video", path],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | environment,
        )

    def tell(self, line: str) -> None:
        assert self.inner.stdin is not None
        self.inner.stdin.write(f"{line}\n".encode())
        self.inner.stdin.flush()

    def show(self, content: bytes) -> None:
        self.tell(f"show {content.hex()}")

    def said(self) -> str:
        """What it said until its end."""
        return self.inner.communicate(timeout=DEADLINE)[1].decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "codes"


@pytest.fixture
def start(tmp_path: Path, path: Path) -> Iterator[Callable[[], Process]]:
    """Starts a process and waits until it is ready, as systemd does."""
    started: list[Process] = []
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(DEADLINE)

        def begin() -> Process:
            process = Process(path, NOTIFY_SOCKET=str(tmp_path / "notify"))
            started.append(process)
            while manager.recv(100) != b"READY=1":  # the last words of the one before
                pass
            return process

        yield begin
    for process in started:
        process.inner.kill()
        process.inner.communicate()


@contextlib.asynccontextmanager
async def desk(path: Path, repeat_ms: int = 1500) -> AsyncIterator[Desk]:
    async with at_desk(Camera("camera", Camera.Settings(socket=path, repeat_ms=repeat_ms))) as running:
        yield running


async def lost(at: Desk, why: str) -> None:
    """Waits for the loss; what was said before it does not matter."""
    await asyncio.wait({at.task}, timeout=DEADLINE)
    with pytest.raises(DeviceLost, match=why):
        at.task.result()


def test_codes_arrive_exactly(path: Path, start: Callable[[], Process]) -> None:
    async def scenario() -> None:
        process = start()
        async with desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE
            for content in (b"HC1:" + b"A7" * 200, "健康码".encode("gbk"), bytes(range(256))):
                before = time.monotonic()
                process.show(content)
                event = await at.next()
                assert isinstance(event, Reading)
                assert event.data == content
                assert before <= event.received_monotonic <= time.monotonic()

    asyncio.run(scenario())


def test_a_code_held_up_for_long_is_one_presentation(path: Path, start: Callable[[], Process]) -> None:
    async def scenario() -> None:
        process = start()
        async with desk(path, repeat_ms=60_000) as at:
            assert await at.notice() is NoticeKind.ONLINE
            for content in (b"first", b"second", b"first", b"third"):
                process.show(content)
            assert [await at.code() for _ in range(3)] == [b"first", b"second", b"third"]

    asyncio.run(scenario())


def test_a_killed_process_is_a_lost_device_and_its_successor_is_found(path: Path, start: Callable[[], Process]) -> None:
    async def scenario() -> None:
        process = start()
        async with desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE
            process.inner.kill()
            await lost(at, "hung up")
        process.inner.wait(DEADLINE)
        async with desk(path) as at:
            await lost(at, "no camera at")
        successor = start()  # takes the place of the socket that was left behind
        async with desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE
            successor.show(b"again")
            assert await at.code() == b"again"

    asyncio.run(scenario())


def test_a_process_that_stands_still_is_a_lost_device(
    path: Path, start: Callable[[], Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "HANG_LIMIT", 1.0)

    async def scenario() -> None:
        process = start()
        async with desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE
            os.kill(process.inner.pid, signal.SIGSTOP)
            await lost(at, "no sign of life")

    asyncio.run(scenario())


def test_a_capture_that_never_returns_ends_the_process(path: Path, start: Callable[[], Process]) -> None:
    async def scenario() -> None:
        process = start()
        async with desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE
            process.tell("hang")
            await lost(at, "hung up")
        assert process.inner.wait(DEADLINE) == -signal.SIGALRM

    asyncio.run(scenario())


def test_a_lost_camera_ends_the_process_with_an_error(path: Path, start: Callable[[], Process]) -> None:
    async def scenario() -> None:
        process = start()
        async with desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE
            process.tell("lose")
            await lost(at, "hung up")
        assert "unplugged" in process.said()
        assert process.inner.returncode == 1

    asyncio.run(scenario())


def test_one_gate_listens_and_a_second_is_refused(path: Path, start: Callable[[], Process]) -> None:
    async def scenario() -> None:
        process = start()
        async with desk(path) as first:
            assert await first.notice() is NoticeKind.ONLINE
            async with desk(path) as second:
                await lost(second, "another program")
            process.show(b"still here")
            assert await first.code() == b"still here"
        async with desk(path) as after:
            assert await after.notice() is NoticeKind.ONLINE

    asyncio.run(scenario())


def test_a_second_process_is_refused(path: Path, start: Callable[[], Process]) -> None:
    process = start()
    second = Process(path)
    assert "in use" in second.said()
    assert second.inner.returncode == 1
    assert process.inner.poll() is None


def test_the_socket_can_be_systemds(path: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with desk(path) as at:
            assert await at.notice() is NoticeKind.ONLINE
        assert not (tmp_path / "other").exists()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        program = f"""
import os, sys
os.dup2({listening.fileno()}, 3)
added = {{"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}}
os.execve(sys.executable, [sys.executable, "-m", "drivers.simulated.video", "{tmp_path}/other"], os.environ | added)
"""
        command = [sys.executable, "-c", program]
        with subprocess.Popen(command, pass_fds=[listening.fileno()], stdin=subprocess.PIPE) as process:
            asyncio.run(scenario())
            process.kill()


def test_the_process_is_confined(path: Path, start: Callable[[], Process]) -> None:
    process = start()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    proc = Path(f"/proc/{process.inner.pid}")
    limits = {line[:26].strip(): line[26:].split()[1] for line in (proc / "limits").read_text().splitlines()[1:]}
    assert limits["Max processes"] == limits["Max core file size"] == "0"
    assert 512 << 20 < int(limits["Max address space"]) < 1024 << 20


def test_the_service_manager_hears_of_every_half_second(path: Path, tmp_path: Path) -> None:
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(DEADLINE)
        process = Process(path, NOTIFY_SOCKET=str(tmp_path / "notify"))
        try:
            assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        finally:
            process.inner.kill()
            process.inner.communicate()


@pytest.mark.parametrize(
    "wrong", [{"source": "webcam"}, {"width": 1281}, {"height": 1}, {"exposure_us": -1}, {"repeat_ms": -1}]
)
def test_settings_out_of_range_are_named(wrong: dict[str, int | str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Camera.Settings(**wrong)  # type: ignore[arg-type]  # one at a time
