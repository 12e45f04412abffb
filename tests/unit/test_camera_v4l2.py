"""The camera on USB against a stand-in for the kernel's ``ioctl``; mapping and polling are the real kernel's.

It shows that the driver does what videodev2.h says, as far as that was understood; no camera has confirmed it.
"""

from __future__ import annotations

import errno
import io
import os
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from drivers import camera_v4l2, video_ioctl
from drivers.camera import Camera
from drivers.camera_v4l2 import V4l2Source
from drivers.video_ioctl import VideoNode
from gate.errors import DeviceLost

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 320, 240
LENGTH = 1 << 18
STREAMING_CAMERA = 0x8420_0001
BUFFER_INDEX, BUFFER_USED, BUFFER_FLAGS, BUFFER_OFFSET, BUFFER_LENGTH = 0, 8, 12, 64, 72
"""Where videodev2.h puts them in ``struct v4l2_buffer``; the others: ``FORMAT_…`` in ``struct v4l2_format``."""
FORMAT_WIDTH, FORMAT_HEIGHT, FORMAT_PIXELS, FORMAT_LINE = 8, 12, 16, 24


def put(structure: bytearray, offset: int, value: int) -> None:
    struct.pack_into("=I", structure, offset, value)


def get(structure: bytearray, offset: int) -> int:
    value: int = struct.unpack_from("=I", structure, offset)[0]
    return value


class FakeKernel:
    """A camera with one pixel format whose buffers lie in a file."""

    def __init__(self, file: Path, pixels: bytes, line: int) -> None:
        self.pixels, self.line = pixels, line
        self.capabilities = STREAMING_CAMERA
        self.free: list[int] = []
        self.filled: list[tuple[int, int, int]] = []
        self.controls: dict[int, int] = {}
        self.streams = False
        self.broken = 0
        self._file = file
        file.write_bytes(bytes(4 * LENGTH))

    def node(self, descriptor: int) -> VideoNode:
        return VideoNode(descriptor, self)

    def shoot(self, data: bytes, *, used: int | None = None, flags: int = 0) -> None:
        """Fill the next free buffer; without one the picture is lost, as in a camera."""
        if self.free:
            index = self.free.pop(0)
            with self._file.open("r+b") as file:
                file.seek(index * LENGTH)
                file.write(data)
            self.filled.append((index, len(data) if used is None else used, flags))

    def __call__(self, descriptor: int, number: int, argument: bytearray) -> object:  # noqa: C901 - a table of calls
        os.fstat(descriptor)
        if self.broken:
            raise OSError(self.broken, os.strerror(self.broken))
        match number:
            case video_ioctl.QUERYCAP:
                put(argument, 84, 0x8000_0000 | STREAMING_CAMERA)
                put(argument, 88, self.capabilities)
            case video_ioctl.S_FMT:
                put(argument, FORMAT_PIXELS, int.from_bytes(self.pixels, "little"))
                put(argument, FORMAT_WIDTH, WIDTH)
                put(argument, FORMAT_HEIGHT, HEIGHT)
                put(argument, FORMAT_LINE, self.line)
            case video_ioctl.QUERYBUF:
                put(argument, BUFFER_OFFSET, get(argument, BUFFER_INDEX) * LENGTH)
                put(argument, BUFFER_LENGTH, LENGTH)
            case video_ioctl.QBUF:
                self.free.append(get(argument, BUFFER_INDEX))
            case video_ioctl.DQBUF:
                if not self.filled:
                    raise BlockingIOError(errno.EAGAIN, "none")
                for offset, value in zip((BUFFER_INDEX, BUFFER_USED, BUFFER_FLAGS), self.filled.pop(0), strict=True):
                    put(argument, offset, value)
            case video_ioctl.STREAMON:
                self.streams = True
            case video_ioctl.S_CTRL:
                self.controls[get(argument, 0)] = get(argument, 4)
        return 0


def luma(shade: int) -> Image.Image:
    return Image.linear_gradient("L").resize((WIDTH, HEIGHT)).point(lambda value: (value + shade) % 256)


def grey(picture: Image.Image, padding: int = 0) -> bytes:
    lines = picture.tobytes()
    return b"".join(lines[start : start + WIDTH] + bytes(padding) for start in range(0, len(lines), WIDTH))


def yuyv(picture: Image.Image) -> bytes:
    return Image.merge("LA", (picture, Image.new("L", picture.size, 128))).tobytes()


def mjpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture
def settings(tmp_path: Path) -> Camera.Settings:
    return Camera.Settings(device=tmp_path / "video", width=WIDTH, height=HEIGHT)


def test_the_structures_are_the_kernels() -> None:
    """Figures from compiling against linux/videodev2.h (6.1) on x86-64."""
    numbers = (video_ioctl.QUERYCAP, video_ioctl.S_FMT, video_ioctl.REQBUFS, video_ioctl.QUERYBUF)
    assert numbers == (0x80685600, 0xC0D05605, 0xC0145608, 0xC0585609)
    numbers = (video_ioctl.QBUF, video_ioctl.DQBUF, video_ioctl.STREAMON, video_ioctl.S_CTRL)
    assert numbers == (0xC058560F, 0xC0585611, 0x40045612, 0xC008561C)


def without_huffman_tables(jpeg: bytes) -> bytes:
    """As many cameras on USB send it: every decoder knows the usual tables."""
    out, place = jpeg[:2], 2
    while jpeg[place + 1] != 0xDA:
        end = place + 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
        out += b"" if jpeg[place + 1] == 0xC4 else jpeg[place:end]
        place = end
    return out + jpeg[place:]


def test_a_jpeg_without_huffman_tables(settings: Camera.Settings) -> None:
    kernel = FakeKernel(settings.device, b"MJPG", 0)
    source = V4l2Source(settings, kernel.node)
    kernel.shoot(mjpeg(luma(0)))
    whole = source.newest()
    kernel.shoot(without_huffman_tables(mjpeg(luma(0))))
    assert source.newest() == whole


@pytest.mark.parametrize("pixels", [b"GREY", b"NV12", b"YUYV", b"MJPG"])
def test_the_luma_of_every_format(settings: Camera.Settings, pixels: bytes) -> None:
    picture = luma(0)
    data, line = {
        b"GREY": (grey(picture), WIDTH),
        b"NV12": (grey(picture, padding=64) + bytes(WIDTH * HEIGHT // 2), WIDTH + 64),
        b"YUYV": (yuyv(picture), 2 * WIDTH),
        b"MJPG": (mjpeg(picture), 0),
    }[pixels]
    kernel = FakeKernel(settings.device, pixels, line)
    source = V4l2Source(settings, kernel.node)
    assert kernel.streams
    kernel.shoot(data)
    frame = source.newest()
    assert (frame.mode, frame.size) == ("L", (WIDTH, HEIGHT))
    off = max(abs(ours - true) for ours, true in zip(frame.tobytes(), picture.tobytes(), strict=True))
    assert off <= (8 if pixels == b"MJPG" else 0)


def test_the_newest_frame_wins_and_every_buffer_goes_back(settings: Camera.Settings) -> None:
    kernel = FakeKernel(settings.device, b"GREY", WIDTH)
    source = V4l2Source(settings, kernel.node)
    for shade in range(0, 100, 10):  # more than there are buffers: the camera drops the last ones
        kernel.shoot(grey(luma(shade)))
    assert source.newest().tobytes() == luma(30).tobytes()
    assert sorted(kernel.free) == [0, 1, 2, 3]
    kernel.shoot(grey(luma(99)))
    assert source.newest().tobytes() == luma(99).tobytes()


@pytest.mark.parametrize("pixels", [b"GREY", b"MJPG"])
def test_damaged_frames_are_skipped_until_there_are_too_many(settings: Camera.Settings, pixels: bytes) -> None:
    kernel = FakeKernel(settings.device, pixels, WIDTH)
    source = V4l2Source(settings, kernel.node)
    whole = grey(luma(0)) if pixels == b"GREY" else mjpeg(luma(0))
    for damage in ({"used": 100}, {"flags": 0x40}, {"used": 0}):
        kernel.shoot(whole, **damage)
        with pytest.raises(DeviceLost, match="no pictures any more"):
            source.newest()
    kernel.shoot(whole)
    assert source.newest().size == (WIDTH, HEIGHT)


def test_a_jpeg_of_another_size_is_damaged(settings: Camera.Settings) -> None:
    kernel = FakeKernel(settings.device, b"MJPG", 0)
    source = V4l2Source(settings, kernel.node)
    kernel.shoot(mjpeg(Image.new("L", (3000, 3000))))
    with pytest.raises(DeviceLost, match="no pictures"):
        source.newest()


def test_a_camera_that_was_pulled_out_is_lost(settings: Camera.Settings) -> None:
    kernel = FakeKernel(settings.device, b"GREY", WIDTH)
    source = V4l2Source(settings, kernel.node)
    kernel.broken = errno.ENODEV
    with pytest.raises(DeviceLost, match="check the plug"):
        source.newest()


@pytest.mark.parametrize(
    ("number", "why"),
    [(errno.EBUSY, "in use"), (errno.ENOTTY, "is no camera"), (errno.EACCES, "permission"), (errno.EIO, "unplug")],
)
def test_a_refusal_says_what_to_do(settings: Camera.Settings, number: int, why: str) -> None:
    kernel = FakeKernel(settings.device, b"GREY", WIDTH)
    kernel.broken = number
    with pytest.raises(DeviceLost, match=why):
        V4l2Source(settings, kernel.node)


def test_what_is_no_camera_is_refused(settings: Camera.Settings, tmp_path: Path) -> None:
    with pytest.raises(DeviceLost, match="no camera at"):
        V4l2Source(settings)
    (tmp_path / "video").touch()
    with pytest.raises(DeviceLost, match="is no camera"):
        V4l2Source(settings)  # the real ioctl on a plain file
    kernel = FakeKernel(settings.device, b"GREY", WIDTH)
    kernel.capabilities = 0x0080_0000  # the node beside a camera that tells of its pictures
    with pytest.raises(DeviceLost, match="gives no pictures"):
        V4l2Source(settings, kernel.node)


@pytest.mark.parametrize(("pixels", "line"), [(b"H264", WIDTH), (b"GREY", WIDTH - 1), (b"YUYV", WIDTH)])
def test_a_format_that_can_not_be_read_is_refused(settings: Camera.Settings, pixels: bytes, line: int) -> None:
    kernel = FakeKernel(settings.device, pixels, line)
    with pytest.raises(DeviceLost, match="pixel format"):
        V4l2Source(settings, kernel.node)


def test_buffers_beyond_all_measure_are_refused(settings: Camera.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_v4l2, "_MOST_BYTES", LENGTH - 1)
    with pytest.raises(DeviceLost, match="smaller"):
        V4l2Source(settings, FakeKernel(settings.device, b"GREY", WIDTH).node)


def test_the_shutter(settings: Camera.Settings) -> None:
    kernel = FakeKernel(settings.device, b"GREY", WIDTH)
    V4l2Source(settings, kernel.node)
    assert kernel.controls[0x009A_0901] == 3
    kernel = FakeKernel(settings.device, b"GREY", WIDTH)
    V4l2Source(replace(settings, exposure_us=4000), kernel.node)
    assert (kernel.controls[0x009A_0901], kernel.controls[0x009A_0902]) == (1, 40)
