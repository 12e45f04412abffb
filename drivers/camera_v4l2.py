"""Frames of a camera on USB, or of any other that the kernel serves through Video4Linux2.

Meets the kernel's uvcvideo on the emulated machine (docs/hil.md); elsewhere the calls are tested against a stand-in for
``ioctl`` (docs/devices.md).
"""

from __future__ import annotations

import contextlib
import errno
import io
import mmap
import os
import select
from typing import TYPE_CHECKING, Final

from drivers.video_ioctl import Format, VideoNode
from gate.errors import DeviceLost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PIL import Image

    from drivers.camera import Camera

_BUFFERS: Final = 4
_WAIT_MS: Final = 1500
"""Without a frame for so long a camera is lost; below ``camera_process.TURN_LIMIT``."""
_MOST_PIXELS: Final = 4096 * 4096
_MOST_BYTES: Final = 64 << 20

_MANUAL, _AUTOMATIC = 1, 3
_EXPOSURE_AUTO, _EXPOSURE_ABSOLUTE = 0x009A_0901, 0x009A_0902
_EXPOSURE_AUTO_PRIORITY, _BACKLIGHT_COMPENSATION = 0x009A_0903, 0x0098_091C
_EXPOSURE_UNIT_US: Final = 100


def _first_plane(data: bytes, form: Format) -> Image.Image:
    """Of GREY all there is, of NV12 the luma."""
    from PIL import Image  # noqa: PLC0415 - only in the camera's process

    return Image.frombytes("L", (form.width, form.height), data, "raw", "L", form.line_bytes, 1)


def _every_other_byte(data: bytes, form: Format) -> Image.Image:
    """The luma of YUYV."""
    from PIL import Image  # noqa: PLC0415 - only in the camera's process

    return Image.frombytes("LA", (form.width, form.height), data, "raw", "LA", form.line_bytes, 1).getchannel("L")


def _jpeg(data: bytes, form: Format) -> Image.Image:
    from PIL import Image  # noqa: PLC0415 - only in the camera's process

    picture = Image.open(io.BytesIO(data), formats=("JPEG",))
    if picture.size != (form.width, form.height):
        raise ValueError("another size than was agreed")
    picture.draft("L", picture.size)
    return picture.convert("L")


_FORMATS: Final[dict[bytes, tuple[Callable[[bytes, Format], Image.Image], int, int]]] = {
    b"GREY": (_first_plane, 1, 1),
    b"NV12": (_first_plane, 1, 1),
    b"MJPG": (_jpeg, 0, 0),
    b"YUYV": (_every_other_byte, 2, 2),
}
"""Pixel format -> how its luma is taken out, fewest bytes a pixel in a line and in all; the best comes first: over
USB 2 a camera sends thirty MJPEG pictures of 720p a second, and ten of YUYV."""


class V4l2Source:
    """An open camera; closed when the process ends.

    Args:
        settings: which one, and what is wanted of it.
        make_node: the kernel's calls on an open node.

    Raises:
        DeviceLost: there is none, it is in use, or it can't do what is needed.
    """

    def __init__(self, settings: Camera.Settings, make_node: Callable[[int], VideoNode] = VideoNode) -> None:
        self._device = settings.device
        with self._lost():
            self._descriptor = os.open(settings.device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            self._node = make_node(self._descriptor)
            if not self._node.is_camera():
                raise DeviceLost(f"{self._device} gives no pictures: 'v4l2-ctl --list-devices' names the other nodes")
            self._format = _agree(self._node, settings.width, settings.height, self._device)
            _expose(self._node, settings.exposure_us)
            self._buffers = [self._map(index) for index in range(self._node.request_buffers(_BUFFERS))]
            for index in range(len(self._buffers)):
                self._node.queue(index)
            self._node.start()

    def newest(self) -> Image.Image:
        """Wait for a frame and take the newest there is, eight-bit grey.

        Raises:
            DeviceLost: the camera is gone, or gives no whole frame.
        """
        waiting = select.poll()
        waiting.register(self._descriptor, select.POLLIN)
        for _ in range(_BUFFERS):  # so many damaged ones in a row are no accident any more
            if not waiting.poll(_WAIT_MS):
                break
            if (frame := self._take()) is not None:
                return frame
        raise DeviceLost(f"{self._device} gives no pictures any more: unplug the camera and plug it in again")

    def _take(self) -> Image.Image | None:
        """The newest of the buffers that are filled; the others go back unseen. None where it is damaged."""
        with self._lost():
            try:
                newest = self._node.dequeue()
            except BlockingIOError:
                return None
            with contextlib.suppress(BlockingIOError):
                while True:
                    newer = self._node.dequeue()
                    self._node.queue(newest.index)
                    newest = newer
            data = self._buffers[newest.index][: newest.used]
            self._node.queue(newest.index)
        luma, _, least = _FORMATS[self._format.pixels]
        if newest.damaged or len(data) < least * self._format.width * self._format.height:
            return None
        try:
            return luma(data, self._format)
        except (OSError, ValueError, SyntaxError):  # what Pillow says of a JPEG that is none
            return None

    def _map(self, index: int) -> mmap.mmap:
        offset, length = self._node.where(index)
        if not 0 < length <= _MOST_BYTES:
            raise DeviceLost(f"{self._device} wants buffers of {length} bytes: set a smaller width and height")
        return mmap.mmap(self._descriptor, length, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=offset)

    @contextlib.contextmanager
    def _lost(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DeviceLost(_why(self._device, error)) from error


def _agree(node: VideoNode, width: int, height: int, device: Path) -> Format:
    """The first format that the camera has, as large as it will.

    Raises:
        DeviceLost: it has none of ours.
    """
    for pixels, (_, least, _) in _FORMATS.items():
        given = node.set_format(Format(width, height, pixels))
        if (
            given.pixels == pixels
            and 0 < given.width * given.height <= _MOST_PIXELS
            and given.line_bytes >= least * given.width
        ):
            return given
    raise DeviceLost(f"{device} has no pixel format of ours (GREY, NV12, MJPG, YUYV): use another camera")


def _expose(node: VideoNode, exposure_us: int) -> None:
    """For a bright screen: nothing that lifts what is dark around it, and no longer shutter where light is scarce."""
    controls = {_BACKLIGHT_COMPENSATION: 0, _EXPOSURE_AUTO_PRIORITY: 0, _EXPOSURE_AUTO: _AUTOMATIC}
    if exposure_us:
        controls |= {_EXPOSURE_AUTO: _MANUAL, _EXPOSURE_ABSOLUTE: max(1, exposure_us // _EXPOSURE_UNIT_US)}
    for control, value in controls.items():
        with contextlib.suppress(OSError):  # few cameras have them all
            node.set_control(control, value)


def _why(device: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOENT | errno.ENXIO | errno.ENODEV:
            return f"no camera at {device}: check the plug, and compare the setting with 'ls -l /dev/v4l/by-id'"
        case errno.EACCES | errno.EPERM:
            return f"no permission to open {device}: add the camera's user to group video"
        case errno.EBUSY:
            return f"{device} is in use by another program: 'fuser -v {device}' names it; stop that one"
        case errno.ENOTTY | errno.EINVAL:
            return f"{device} is no camera: compare the setting with 'ls -l /dev/v4l/by-id'"
        case _:
            return f"{device} can't be read ({error.strerror}): unplug the camera and plug it in again"
