"""The folder camera with its real decoding process: pictures in, codes and notices out."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import select
import signal
import struct
import subprocess
import sys
import textwrap
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from desk import DEADLINE, Desk, at_desk
from PIL import Image

pytest.importorskip("zxingcpp")
pytest.importorskip("pyzbar.pyzbar", reason="libzbar0 is not installed", exc_type=ImportError)

from drivers import camera_folder
from drivers.camera_folder import FolderCamera
from drivers.camera_worker import DAMAGED, LATE, MOST_FILE_BYTES, NO_CODE, TOO_LARGE
from drivers.simulated.camera import SimulatedCamera, picture_of
from gate.errors import ConfigError, DeviceLost
from gate.model import Notice, NoticeKind, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def desk(folder: Path, **settings: Any) -> AsyncIterator[Desk]:
    before = children()
    async with at_desk(FolderCamera("camera", FolderCamera.Settings(folder, **settings))) as running:
        yield running
    assert children() <= before, "the decoder was left behind"


def children() -> set[int]:
    """Processes that this one has started, dead ones that nobody has asked about included."""
    found: set[int] = set()
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found |= {int(pid) for pid in (thread / "children").read_text().split()}
    return found


def decoder_of(folder: Path) -> int:
    wanted = str(folder).encode()
    found = [pid for pid in children() if wanted in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    assert len(found) == 1
    return found[0]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def bomb() -> bytes:
    """A PNG file of a few kilobytes that claims 12,000 by 12,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 12_000, 12_000, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9_000_000)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


def blank() -> bytes:
    file = io.BytesIO()
    Image.new("L", (320, 240), 200).save(file, "PNG")
    return file.getvalue()


def test_codes_arrive_exactly_and_the_pictures_are_deleted(folder: Path) -> None:
    async def scenario() -> None:
        before = SimulatedCamera(folder)
        async with desk(folder) as at:
            assert await at.notice() is NoticeKind.ONLINE
            for content in (b"HC1:" + b"A7" * 300, "健康码".encode(), "健康码".encode("gbk"), bytes(range(256))):
                shown = before.show(picture_of(content))
                event = await at.next()
                assert isinstance(event, Reading)
                assert event.data == content
                assert before.last_event_monotonic <= event.received_monotonic <= time.monotonic()
                assert not shown.exists()

    asyncio.run(scenario())


def test_what_holds_no_code_is_asked_for_again_and_deleted(folder: Path) -> None:
    huge = picture_of("x") + bytes(MOST_FILE_BYTES)
    cases = {
        "text": (b"this is no picture", DAMAGED),
        "empty": (b"", DAMAGED),
        "cut off": (picture_of("A" * 500)[:-300], DAMAGED),
        "without code": (blank(), NO_CODE),
        "bomb": (bomb(), TOO_LARGE),
        "huge file": (huge, TOO_LARGE),
    }

    async def scenario() -> None:
        before = SimulatedCamera(folder)
        async with desk(folder) as at:
            assert await at.notice() is NoticeKind.ONLINE
            for name, (picture, why) in cases.items():
                before.show(picture)
                event = await at.next()
                assert isinstance(event, Notice), name
                assert (event.kind, event.detail) == (NoticeKind.PRESENT_AGAIN, why), name
            assert names(folder) == []
            before.show(picture_of("still alive"))
            assert await at.code() == b"still alive"

    asyncio.run(scenario())


def test_unfinished_and_other_files_are_left_alone(folder: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        before = SimulatedCamera(folder)
        outside = tmp_path / "outside.png"
        outside.write_bytes(picture_of("outside"))
        async with desk(folder) as at:
            assert await at.notice() is NoticeKind.ONLINE
            (folder / ".half.png").write_bytes(picture_of("half")[:50])
            (folder / "notes.txt").write_text("no picture")
            (folder / "folder.png").mkdir()
            (folder / "link.png").symlink_to(outside)
            os.mkfifo(folder / "pipe.png")
            before.show(picture_of("finished"))
            assert await at.code() == b"finished"
        assert names(folder) == [".half.png", "folder.png", "link.png", "notes.txt", "pipe.png"]
        assert outside.exists()

    asyncio.run(scenario())


def test_a_picture_held_up_for_long_is_one_presentation(folder: Path) -> None:
    async def scenario() -> None:
        before = SimulatedCamera(folder)
        async with desk(folder, repeat_ms=60_000) as at:
            assert await at.notice() is NoticeKind.ONLINE
            for content in ("A", "A", "B", "A", "C"):
                before.show(picture_of(content))
            assert [await at.code() for _ in range(3)] == [b"A", b"B", b"C"]

    asyncio.run(scenario())


def test_a_picture_from_before_the_start_is_nobodys_presentation(folder: Path) -> None:
    async def scenario() -> None:
        before = SimulatedCamera(folder)
        before.show(picture_of("yesterday"))
        async with desk(folder) as at:
            assert await at.notice() is NoticeKind.ONLINE
            event = await at.next()
            assert isinstance(event, Notice)
            assert (event.kind, event.detail) == (NoticeKind.PRESENT_AGAIN, LATE)
            before.show(picture_of("today"))
            assert await at.code() == b"today"

    asyncio.run(scenario())


def test_a_killed_decoder_is_a_lost_device_and_opens_again(folder: Path) -> None:
    async def scenario() -> None:
        before = SimulatedCamera(folder)
        async with desk(folder) as at:
            assert await at.notice() is NoticeKind.ONLINE
            os.kill(decoder_of(folder), signal.SIGKILL)
            with pytest.raises(DeviceLost, match="decoder"):
                await at.next()
        async with desk(folder) as at:
            assert await at.notice() is NoticeKind.ONLINE
            before.show(picture_of("again"))
            assert await at.code() == b"again"

    asyncio.run(scenario())


def test_a_hanging_decoder_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_folder, "HANG_LIMIT", 1.0)

    async def scenario() -> None:
        SimulatedCamera(folder)
        async with desk(folder) as at:
            assert await at.notice() is NoticeKind.ONLINE
            os.kill(decoder_of(folder), signal.SIGSTOP)
            with pytest.raises(DeviceLost, match="hung"):
                await at.next()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("ending", "message"), [("time.sleep(60)", "hung"), ("os.abort()", "ended")], ids=["hangs", "dies"]
)
def test_a_picture_that_kills_the_decoder_is_asked_for_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ending: str, message: str
) -> None:
    """The real worker, but a decoder that can't bear the picture."""
    program = f"import os, time; from drivers import camera_worker as w; w.decode = lambda _: {ending}; w.main()"
    start = asyncio.create_subprocess_exec

    async def start_weak(executable: str, *arguments: str, **options: Any) -> Any:
        return await start(executable, "-I", "-c", program, arguments[-1], **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_weak)

    async def scenario() -> None:
        before = SimulatedCamera(folder)
        async with desk(folder) as at:
            assert await at.notice() is NoticeKind.ONLINE
            shown = before.show(picture_of("poison"))
            assert await at.notice() is NoticeKind.PRESENT_AGAIN
            with pytest.raises(DeviceLost, match=message):
                await at.next()
            assert not shown.exists()

    asyncio.run(scenario())


def test_without_its_folder_the_camera_is_lost(folder: Path) -> None:
    async def scenario() -> None:
        async with desk(folder) as at:
            with pytest.raises(DeviceLost, match="no folder"):
                await at.next()
        SimulatedCamera(folder)
        remove = folder.rmdir
        async with desk(folder) as at:
            assert await at.notice() is NoticeKind.ONLINE
            remove()
            with pytest.raises(DeviceLost, match="is gone"):
                await at.next()

    asyncio.run(scenario())


def test_a_folder_that_can_not_even_be_looked_at_is_lost(tmp_path: Path) -> None:
    async def scenario() -> None:
        # The system refuses such a name much as it refuses one behind a folder that it may not look into.
        async with desk(tmp_path / ("x" * 300)) as at:
            with pytest.raises(DeviceLost, match="no folder"):
                await at.next()

    asyncio.run(scenario())


def test_a_process_that_speaks_no_frames_is_a_lost_device(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/echo")

    async def scenario() -> None:
        SimulatedCamera(folder)
        async with desk(folder) as at:
            with pytest.raises(DeviceLost):
                await at.next()

    asyncio.run(scenario())


def test_a_decoder_that_can_not_be_started_is_a_lost_device(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")

    async def scenario() -> None:
        SimulatedCamera(folder)
        async with desk(folder) as at:
            with pytest.raises(DeviceLost, match="started"):
                await at.next()

    asyncio.run(scenario())


def test_the_decoder_dies_with_the_gate(folder: Path) -> None:
    SimulatedCamera(folder)
    program = textwrap.dedent("""
        import asyncio, pathlib, sys
        from drivers.camera_folder import FolderCamera

        camera = FolderCamera("camera", FolderCamera.Settings(pathlib.Path(sys.argv[1])))
        asyncio.run(camera.run(lambda event: print(event.kind, flush=True)))
    """)
    with subprocess.Popen([sys.executable, "-c", program, folder], stdout=subprocess.PIPE, text=True) as gate:
        assert gate.stdout is not None
        assert gate.stdout.readline() == "online\n"
        decoder = int(Path(f"/proc/{gate.pid}/task/{gate.pid}/children").read_text())
        handle = os.pidfd_open(decoder)
        os.kill(decoder, signal.SIGSTOP)  # it can't notice anything by itself
        gate.kill()
    try:
        assert select.select([handle], [], [], DEADLINE)[0]
    finally:
        os.close(handle)


def test_settings_out_of_range_are_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match="repeat_ms"):
        FolderCamera.Settings(folder, repeat_ms=-1)
