"""The descriptors of a webcam: USB Video Class 1.1, one bulk endpoint, MJPEG and YUYV of one size."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from hil.devices.usbredir import Endpoint, EndpointType, Interface

CONTROL_INTERFACE, STREAMING_INTERFACE = 0, 1
VIDEO_IN: Final = 0x81
PACKET_BYTES: Final = 512
PAYLOAD_BYTES: Final = 32 * PACKET_BYTES
"""As many as Linux fetches at once; a payload begins with a head of two bytes."""
MJPEG, YUYV = 1, 2
"""Numbers of the formats, from 1 as the class wants it."""

_DEVICE, _CONFIGURATION, _STRING, _INTERFACE, _ENDPOINT, _ASSOCIATION = 1, 2, 3, 4, 5, 0x0B
_CLASS_INTERFACE: Final = 0x24
_VIDEO: Final = 0x0E
_CAMERA, _STREAMING_TERMINAL = 0x0201, 0x0101
_YUYV_GUID: Final = bytes.fromhex("5955593200001000800000AA00389B71")
_CLOCK_HZ: Final = 48_000_000
_VENDOR, _PRODUCT, _VERSION = 0x1D6B, 0x0104, 0x0100
_TEXTS: Final = ("", "Gate tests", "Webcam", "1")


class Form(NamedTuple):
    """What pictures the camera gives."""

    width: int = 640
    height: int = 480
    a_second: int = 5

    @property
    def frame_bytes(self) -> int:
        """Of an uncompressed frame; a compressed one is smaller."""
        return 2 * self.width * self.height

    @property
    def interval(self) -> int:
        """From one frame to the next, in units of 100 ns."""
        return 10_000_000 // self.a_second


INTERFACES: Final = (Interface(CONTROL_INTERFACE, _VIDEO, 1), Interface(STREAMING_INTERFACE, _VIDEO, 2))
ENDPOINTS: Final = (Endpoint(VIDEO_IN, EndpointType.BULK, STREAMING_INTERFACE, PACKET_BYTES),)


def _part(kind: int, layout: str, *values: int | bytes) -> bytes:
    body = struct.pack(f"<{layout}", *values)
    return bytes((2 + len(body), kind)) + body


DEVICE: Final = _part(
    _DEVICE, "HBBBBHHHBBBB", 0x0200, 0xEF, 2, 1, 64, _VENDOR, _PRODUCT, _VERSION, 1, 2, 3, 1
)  # several functions in one device, tied together by an interface association


def string(index: int) -> bytes | None:
    """A text by its number; number 0 is the languages that there are. None where there is none."""
    if index == 0:
        return _part(_STRING, "H", 0x0409)
    if index >= len(_TEXTS):
        return None
    text = _TEXTS[index].encode("utf-16-le")
    return bytes((2 + len(text), _STRING)) + text


def configuration(form: Form) -> bytes:
    """The configuration descriptor and all that belongs to it."""
    body = (
        _part(_ASSOCIATION, "6B", CONTROL_INTERFACE, 2, _VIDEO, 3, 0, 0)
        + _interface(CONTROL_INTERFACE, endpoints=0, subclass=1)
        + _terminals()
        + _interface(STREAMING_INTERFACE, endpoints=1, subclass=2)
        + _formats(form)
        + _part(_ENDPOINT, "BBHB", VIDEO_IN, EndpointType.BULK, PACKET_BYTES, 0)
    )
    return _part(_CONFIGURATION, "HBBBBB", 9 + len(body), 2, 1, 0, 0x80, 50) + body


def _interface(number: int, *, endpoints: int, subclass: int) -> bytes:
    return _part(_INTERFACE, "7B", number, 0, endpoints, _VIDEO, subclass, 0, 0)


def _terminals() -> bytes:
    """A camera (1) straight into the stream (2)."""
    body = _part(_CLASS_INTERFACE, "BBHBBHHHB3s", 2, 1, _CAMERA, 0, 0, 0, 0, 0, 3, bytes(3))
    body += _part(_CLASS_INTERFACE, "BBHBBB", 3, 2, _STREAMING_TERMINAL, 0, 1, 0)
    return _part(_CLASS_INTERFACE, "BHHIBB", 1, 0x0110, 13 + len(body), _CLOCK_HZ, 1, STREAMING_INTERFACE) + body


def _formats(form: Form) -> bytes:
    colours = _part(_CLASS_INTERFACE, "4B", 0x0D, 1, 1, 4)
    body = (
        _part(_CLASS_INTERFACE, "9B", 6, MJPEG, 1, 1, 1, 0, 0, 0, 0)
        + _frame(7, form)
        + colours
        + _part(_CLASS_INTERFACE, "BBB16sBBBBBB", 4, YUYV, 1, _YUYV_GUID, 16, 1, 0, 0, 0, 0)
        + _frame(5, form)
        + colours
    )
    head = _part(_CLASS_INTERFACE, "BBHBBBBBBBBB", 1, 2, 15 + len(body), VIDEO_IN, 0, 2, 0, 0, 0, 1, 0, 0)
    return head + body


def _frame(subtype: int, form: Form) -> bytes:
    rate = 8 * form.frame_bytes * form.a_second
    sizes = (form.width, form.height, rate, rate, form.frame_bytes, form.interval)
    return _part(_CLASS_INTERFACE, "BBBHHIIIIBI", subtype, 1, 0, *sizes, 1, form.interval)


def stream_settings(form: Form, number: int) -> bytes:
    """What the camera answers to every question for the stream's settings: it has one way with each format."""
    return struct.pack(
        "<HBBIHHHHHIIIBBBB",
        *(1, number, 1, form.interval, 0, 0, 0, 0, 0),
        *(form.frame_bytes, PAYLOAD_BYTES, _CLOCK_HZ, 3, 1, 1, 1),
    )
