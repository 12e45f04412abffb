"""Frames of a resident-ID reader (SAM_V module): bytes in, frames out; no port, no clock (PROTOCOLS 1.2-1.9).

::

    request : AA AA AA 96 69 | LenHi LenLo | CMD PARA [DATA] | CHK
    response: AA AA AA 96 69 | LenHi LenLo | SW1 SW2 SW3 [DATA] | CHK

``Len`` counts what follows it; ``CHK`` makes the XOR of everything from ``Len`` on zero.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from drivers.idcard_status import Advice, Status, advice

PREAMBLE = bytes.fromhex("AA AA AA 96 69")
MAGIC = PREAMBLE[1:]
"""What a receiver looks for: the first byte of the preamble may be lost, or have company (PROTOCOLS 1.7)."""
MIN_LENGTH = 4
MAX_LENGTH = 2400
"""Above the longest answer ever seen (0x090A); a bound on memory."""
TEXT_SIZE = 256
PHOTO_SIZE = 1024


class Command(Enum):
    """Command and parameter byte; the value is what goes on the wire."""

    SAM_RESET = b"\x10\xff"
    SAM_STATUS = b"\x11\xff"
    SAM_ID = b"\x12\xff"
    FIND = b"\x20\x01"
    SELECT = b"\x20\x02"
    READ = b"\x30\x01"
    """Text and photo. The command that also reads fingerprints (30 10) is left out: they are never asked for."""
    CHIP_NUMBER = b"\x30\x05"

    @property
    def personal(self) -> bool:
        """Whether the answer belongs to a person, so that not even its bytes may be logged."""
        return self.value[0] == 0x30  # noqa: PLR2004 - the family of reading commands


@dataclass(frozen=True, slots=True)
class Frame:
    """One answer whose checksum holds."""

    sw: bytes
    """SW1 SW2 SW3. The first two are 00 00, or the card chip's own status word."""
    data: bytes = field(repr=False)
    wire: bytes = field(repr=False)
    """Every byte that the frame took from the stream."""

    @property
    def status(self) -> int:
        """SW3; compare with ``Status``."""
        return self.sw[2]


class Why(StrEnum):
    """Why bytes are no frame."""

    NO_PREAMBLE = "no preamble"
    LENGTH = "length out of bounds"
    CHECKSUM = "checksum wrong"


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that belong to no frame."""

    wire: bytes = field(repr=False)
    why: Why


class Splitter:
    """Cuts a stream of bytes into frames and noise, whatever the chunks it comes in.

    Every byte fed comes out once, in order, as part of a ``Frame`` or a ``Noise``, or is still in ``pending``, which
    never holds more than one frame of the greatest length.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def pending(self) -> bytes:
        """Bytes that may become a frame when more arrive."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """Take ``data`` and return what can be said now.

        After a broken length or checksum the search goes on one byte later, so that a good frame inside the
        debris is found.
        """
        self._buffer += data
        pieces: list[Frame | Noise] = []
        while True:
            at = self._buffer.find(MAGIC)
            if at < 0:
                self._drop(len(self._buffer) - _begun(self._buffer), Why.NO_PREAMBLE, pieces)
                return pieces
            start = at - 1 if at and self._buffer[at - 1] == PREAMBLE[0] else at
            self._drop(start, Why.NO_PREAMBLE, pieces)
            if not self._cut(at - start, pieces):
                return pieces

    def _cut(self, at: int, pieces: list[Frame | Noise]) -> bool:
        """Judge what begins with a magic at ``at``; False when it is not complete yet."""
        body = at + len(MAGIC)
        if len(self._buffer) < body + 2:
            return False
        length = int.from_bytes(self._buffer[body : body + 2])
        if not MIN_LENGTH <= length <= MAX_LENGTH:
            self._drop(at + 1, Why.LENGTH, pieces)
            return True
        end = body + 2 + length
        if len(self._buffer) < end:
            return False
        if xor(self._buffer[body:end]):
            self._drop(at + 1, Why.CHECKSUM, pieces)
            return True
        wire = bytes(self._buffer[:end])
        del self._buffer[:end]
        pieces.append(Frame(sw=wire[body + 2 : body + 5], data=wire[body + 5 : -1], wire=wire))
        return True

    def _drop(self, count: int, why: Why, pieces: list[Frame | Noise]) -> None:
        if count:
            pieces.append(Noise(bytes(self._buffer[:count]), why))
            del self._buffer[:count]


def _begun(buffer: bytearray) -> int:
    """How many bytes at the end of ``buffer`` may be the beginning of a frame."""
    for size in range(min(len(PREAMBLE) - 1, len(buffer)), 0, -1):
        tail = buffer[-size:]
        if PREAMBLE.startswith(tail) or MAGIC.startswith(tail):
            return size
    return 0


def xor(data: bytes | bytearray) -> int:
    """XOR of all bytes, by folding one large number: a flood of false preambles must not cost much time."""
    size, folded = len(data), int.from_bytes(data)
    while size > 1:
        half = (size + 1) // 2
        folded = (folded >> 8 * half) ^ (folded & ((1 << 8 * half) - 1))
        size = half
    return folded


def request(command: Command) -> bytes:
    """The complete request frame of ``command``."""
    return frame(command.value)


def frame(content: bytes) -> bytes:
    """``content`` between preamble, length and checksum; requests and answers are framed alike."""
    body = struct.pack(">H", len(content) + 1) + content
    return PREAMBLE + body + bytes([xor(body)])


def answers(command: Command, answer: Frame) -> bool:
    """Whether ``answer`` can be the answer to ``command``: a late one to an earlier request can't.

    A fault without data fits every request, but one of a card fits no request to the module itself; data must have
    the length that PROTOCOLS 1.3 and 1.4 give.
    """
    meaning = advice(answer.status)
    if meaning is not Advice.GOOD:
        of_the_wire = answer.status in {Status.CHECKSUM_WRONG, Status.LENGTH_WRONG}
        return not answer.data and (command not in _OF_THE_MODULE or of_the_wire or meaning is Advice.SERVICE)
    if command is Command.READ:
        return answer.status == Status.DONE and text_block(answer.data) is not None
    return (answer.status, len(answer.data)) in _GOOD[command]


_OF_THE_MODULE = {Command.SAM_RESET, Command.SAM_STATUS, Command.SAM_ID}
_GOOD = {
    Command.SAM_RESET: {(Status.DONE, 0)},
    Command.SAM_STATUS: {(Status.DONE, 0)},
    Command.SAM_ID: {(Status.DONE, 16)},
    Command.FIND: {(Status.FOUND, 4)},
    Command.SELECT: {(Status.DONE, 8)},
    Command.CHIP_NUMBER: {(Status.DONE, 28), (Status.NO_CONTENT, 0)},
}
"""Status and size of the data of a good answer."""


def text_block(data: bytes) -> bytes | None:
    """The 256-byte text of the data of an answer to ``READ``; None where its lengths contradict each other."""
    text_length, photo_length = struct.unpack_from(">HH", data) if len(data) >= 4 else (0, 0)  # noqa: PLR2004 - two lengths
    if text_length != TEXT_SIZE or len(data) != 4 + text_length + photo_length:
        return None
    return data[4 : 4 + TEXT_SIZE]


def portrait(data: bytes) -> bytes:
    """The portrait (WLT, 1024 bytes) of the data of an answer whose lengths fit."""
    return data[4 + TEXT_SIZE :]


def sam_number(data: bytes) -> str:
    """The printable serial number of the SAM from its 16-byte id (PROTOCOLS 1.8)."""
    kind, place, batch, serial, check = struct.unpack("<HHIII", data)
    return f"{kind:02d}.{place:02d}-{batch}-{serial:010d}-{check}"
