"""Video4Linux2 as far as a camera needs it: the kernel's calls and structures, of 64-bit machines.

Source: ``include/uapi/linux/videodev2.h`` and "Part I - Video for Linux API" of the kernel's documentation. By hand,
since the Python libraries for it are under the GPL and this is all of it.
"""

from __future__ import annotations

import fcntl
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Ioctl = Callable[[int, int, bytearray], object]
    """Does one call of the kernel on a file descriptor and changes the structure in place."""

_CAPTURE: Final = 1
"""V4L2_BUF_TYPE_VIDEO_CAPTURE"""
_MAPPED: Final = 1
"""V4L2_MEMORY_MMAP"""
_ANY_FIELD: Final = 0
_FLAG_ERROR: Final = 0x40
_CAN_CAPTURE, _CAN_STREAM, _HAS_DEVICE_CAPS = 0x1, 0x0400_0000, 0x8000_0000

_CAPABILITY: Final = struct.Struct("=16s32s32s3I12x")
_FORMAT: Final = struct.Struct("=I4x6I176x")
"""Kind; width, height, pixel format, field, bytes a line, bytes a picture."""
_REQUEST: Final = struct.Struct("=3I8x")
_BUFFER: Final = struct.Struct("=5I4x16x16xI2I4xI12x")
"""Index, kind, bytes used, flags, field; sequence; memory, offset; length."""
_CONTROL: Final = struct.Struct("=Ii")
_KIND: Final = struct.Struct("=I")


_WRITES, _READS = 1 << 30, 2 << 30


def _number(direction: int, number: int, layout: struct.Struct) -> int:
    """As ``_IOC`` of the kernel's header puts it together."""
    return direction | (layout.size << 16) | (ord("V") << 8) | number


QUERYCAP: Final = _number(_READS, 0, _CAPABILITY)
S_FMT: Final = _number(_WRITES | _READS, 5, _FORMAT)
REQBUFS: Final = _number(_WRITES | _READS, 8, _REQUEST)
QUERYBUF: Final = _number(_WRITES | _READS, 9, _BUFFER)
QBUF: Final = _number(_WRITES | _READS, 15, _BUFFER)
DQBUF: Final = _number(_WRITES | _READS, 17, _BUFFER)
STREAMON: Final = _number(_WRITES, 18, _KIND)
S_CTRL: Final = _number(_WRITES | _READS, 28, _CONTROL)


@dataclass(frozen=True, slots=True)
class Format:
    """What the pictures look like; the driver may give another one than it was asked for."""

    width: int
    height: int
    pixels: bytes
    """Four letters: ``b"GREY"``."""
    line_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Filled:
    """A buffer that the driver has filled."""

    index: int
    used: int
    """Bytes."""
    damaged: bool


def _kernel(descriptor: int, number: int, argument: bytearray) -> object:
    return fcntl.ioctl(descriptor, number, argument, True)  # noqa: FBT003 - whether it is changed


class VideoNode:
    """The calls on one open node; each raises what the kernel refuses with, an ``OSError``.

    Args:
        descriptor: the open node, which stays the caller's.
        ioctl: the kernel.
    """

    def __init__(self, descriptor: int, ioctl: Ioctl = _kernel) -> None:
        self._descriptor = descriptor
        self._ioctl = ioctl

    def is_camera(self) -> bool:
        """Whether it gives pictures by streaming; a camera has nodes beside it that don't."""
        *_, of_all, of_node = self._call(QUERYCAP, _CAPABILITY, b"", b"", b"", 0, 0, 0)
        wanted = _CAN_CAPTURE | _CAN_STREAM
        return (of_node if of_all & _HAS_DEVICE_CAPS else of_all) & wanted == wanted

    def set_format(self, wanted: Format) -> Format:
        pixels = int.from_bytes(wanted.pixels, "little")
        asked = (_CAPTURE, wanted.width, wanted.height, pixels, _ANY_FIELD, 0, 0)
        _, width, height, given, _, line_bytes, _ = self._call(S_FMT, _FORMAT, *asked)
        return Format(width, height, given.to_bytes(4, "little"), line_bytes)

    def request_buffers(self, number: int) -> int:
        """Ask for so many; gives how many there are."""
        given: int = self._call(REQBUFS, _REQUEST, number, _CAPTURE, _MAPPED)[0]
        return given

    def where(self, index: int) -> tuple[int, int]:
        """Offset and length of a buffer, for ``mmap``."""
        *_, offset, length = self._buffer(QUERYBUF, index)
        return offset, length

    def queue(self, index: int) -> None:
        """Give a buffer to the driver, to be filled."""
        self._buffer(QBUF, index)

    def dequeue(self) -> Filled:
        """Take the buffer that was filled first; ``BlockingIOError`` where none is."""
        index, _, used, flags, *_ = self._buffer(DQBUF, 0)
        return Filled(index, used, bool(flags & _FLAG_ERROR))

    def start(self) -> None:
        self._call(STREAMON, _KIND, _CAPTURE)

    def set_control(self, control: int, value: int) -> None:
        self._call(S_CTRL, _CONTROL, control, value)

    def _buffer(self, number: int, index: int) -> tuple[int, ...]:
        return self._call(number, _BUFFER, index, _CAPTURE, 0, 0, 0, 0, _MAPPED, 0, 0)

    def _call(self, number: int, layout: struct.Struct, *values: int | bytes) -> tuple[int, ...]:
        argument = bytearray(layout.pack(*values))
        self._ioctl(self._descriptor, number, argument)
        return layout.unpack(argument)
