"""A webcam for the emulated machine, which shows whatever picture is held to it."""

from __future__ import annotations

import io
import struct
import threading
import time
from typing import TYPE_CHECKING, Final

from hil.devices import uvc_descriptors as uvc
from hil.devices.redirected import Redirected

if TYPE_CHECKING:
    from pathlib import Path

    from hil.devices.usbredir import Bulk, Control
    from PIL import Image

_GET_DESCRIPTOR, _GET_INTERFACE, _GET_STATUS = 6, 10, 0
_SET_CUR, _GET_LEN, _GET_INFO = 0x01, 0x85, 0x86
_TYPE_MASK, _STANDARD, _CLASS = 0x60, 0x00, 0x20
_TO_HOST: Final = 0x80
_HEAD_BYTES: Final = 2
_END_OF_HEAD, _END_OF_FRAME = 0x80, 0x02


class _Webcam:
    """The device: answers questions, and cuts pictures into payloads."""

    descriptor = uvc.DEVICE
    interfaces = uvc.INTERFACES
    endpoints = uvc.ENDPOINTS

    def __init__(self, form: uvc.Form) -> None:
        self.form = form
        self.lively = threading.Event()
        """Cleared while it hangs: it is there, and gives nothing."""
        self.lively.set()
        self.frames = 0
        self._frames: dict[int, bytes] = {}
        self._format = uvc.MJPEG
        self._rest = b""
        self._toggle = 0
        self._due = 0.0

    def show(self, picture: Image.Image) -> None:
        self._frames = {uvc.MJPEG: jpeg(picture, self.form), uvc.YUYV: yuyv(picture, self.form)}

    def control(self, asked: Control) -> bytes | None:
        kind = asked.request_type & _TYPE_MASK
        if kind == _STANDARD:
            return self._standard(asked)
        if kind == _CLASS and asked.where & 0xFF == uvc.STREAMING_INTERFACE:
            return self._stream(asked)
        return None

    def _standard(self, asked: Control) -> bytes | None:
        if not asked.request_type & _TO_HOST:
            self._rest = b""  # a halt that is cleared ends what was on its way
            return b""
        if asked.request == _GET_DESCRIPTOR:
            return self._descriptor(asked.value >> 8, asked.value & 0xFF)
        return {_GET_STATUS: bytes(2), _GET_INTERFACE: bytes(1)}.get(asked.request)

    def _descriptor(self, kind: int, index: int) -> bytes | None:
        if kind == 1:
            return uvc.DEVICE
        if kind == 2:
            return uvc.configuration(self.form)
        return uvc.string(index) if kind == 3 else None

    def _stream(self, asked: Control) -> bytes | None:
        settings = uvc.stream_settings(self.form, self._format)
        if asked.request == _SET_CUR:
            if len(asked.data) > 2 and asked.data[2] in (uvc.MJPEG, uvc.YUYV):
                self._format = asked.data[2]
            self._rest = b""
            return b""
        if asked.request == _GET_LEN:
            return struct.pack("<H", len(settings))
        return b"\3" if asked.request == _GET_INFO else settings

    def bulk(self, asked: Bulk, pulled: threading.Event) -> bytes:
        while not self.lively.wait(0.05):
            if pulled.is_set():
                return b""
        if not self._rest:
            pulled.wait(max(0.0, self._due - time.monotonic()))
            self._due = max(self._due + 1 / self.form.a_second, time.monotonic())
            self._rest = self._frames[self._format]
            self._toggle ^= 1
            self.frames += 1
        room = min(asked.length, uvc.PAYLOAD_BYTES) - _HEAD_BYTES
        piece, self._rest = self._rest[:room], self._rest[room:]
        end = 0 if self._rest else _END_OF_FRAME
        return bytes((_HEAD_BYTES, _END_OF_HEAD | end | self._toggle)) + piece


class UvcCamera:
    """One webcam: ``plug`` it in, hold pictures to it, ``unplug`` it. It sees an empty wall at first."""

    def __init__(self, path: Path, form: uvc.Form | None = None) -> None:
        self._webcam = _Webcam(form or uvc.Form())
        self._redirected = Redirected(path, self._webcam, "gate webcam")
        self.plug, self.unplug = self._redirected.plug, self._redirected.unplug
        self.show(None)

    @property
    def frames(self) -> int:
        """How many frames it gave so far."""
        return self._webcam.frames

    def show(self, code: Image.Image | None) -> None:
        """Hold a picture to it, in the middle of what it sees; None for the wall alone."""
        self._webcam.show(scene(code, self._webcam.form))

    def hang(self) -> None:
        """Give no frame any more, as cameras do."""
        self._webcam.lively.clear()

    def recover(self) -> None:
        """Give frames again."""
        self._webcam.lively.set()


def scene(code: Image.Image | None, form: uvc.Form) -> Image.Image:
    """A grey wall, and a code before it whose modules stay whole pixels.

    Raises:
        ValueError: the picture does not fit.
    """
    from PIL import Image  # noqa: PLC0415 - as everywhere, only where pictures are made

    wall = Image.new("RGB", (form.width, form.height), (110, 112, 108))
    if code is not None:
        if code.width > form.width or code.height > form.height:
            raise ValueError(f"{code.width} x {code.height} does not fit before the camera")
        wall.paste(code.convert("RGB"), ((form.width - code.width) // 2, (form.height - code.height) // 2))
    return wall


def jpeg(picture: Image.Image, form: uvc.Form) -> bytes:
    """A frame of MJPEG; never larger than what the camera says that a frame is."""
    file = io.BytesIO()
    picture.resize((form.width, form.height)).save(file, "JPEG", quality=85)
    return file.getvalue()


def yuyv(picture: Image.Image, form: uvc.Form) -> bytes:
    """An uncompressed frame: luma of each pixel, and the two colours of every other in turn."""
    luma, blue, red = (plane.tobytes() for plane in picture.resize((form.width, form.height)).convert("YCbCr").split())
    frame = bytearray(form.frame_bytes)
    frame[0::2], frame[1::4], frame[3::4] = luma, blue[0::2], red[0::2]
    return bytes(frame)
