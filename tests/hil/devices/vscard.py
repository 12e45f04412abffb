"""Messages of QEMU's ``ccid-card-passthru``: who plays the card is asked for it over a socket.

A message is a kind, a reader and a length, 32 bits each, the most significant byte first, and that many bytes.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final, NamedTuple

_HEAD: Final = struct.Struct(">III")
MOST_BYTES: Final = 64 * 1024
"""More than any command or answer of a card with long lengths; QEMU sends no more either."""
_MAGIC: Final = b"VSCD"
_VERSION: Final = 2


class Kind(IntEnum):
    """What a message is."""

    INIT = 1
    ERROR = 2
    """QEMU's receipt too, with code 0."""
    READER_ADD = 3
    READER_REMOVE = 4
    ATR = 5
    CARD_REMOVE = 6
    APDU = 7
    FLUSH = 8
    FLUSH_COMPLETE = 9


class Message(NamedTuple):
    """One message for or of reader 0."""

    kind: int
    body: bytes


class VscardFault(Exception):  # noqa: N818 - the field's word
    """The stream is none of this protocol."""


def pack(kind: Kind, body: bytes = b"") -> bytes:
    """One message."""
    return _HEAD.pack(kind, 0, len(body)) + body


def greeting() -> bytes:
    """What is said first: this protocol, its version, nothing beyond."""
    return pack(Kind.INIT, _MAGIC + struct.pack(">II", _VERSION, 0))


class Splitter:
    """Finds messages in a stream."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete now.

        Raises:
            VscardFault: a length that no message has.
        """
        stream = self._pending + data
        messages = []
        start = 0
        while len(stream) - start >= _HEAD.size:
            kind, _, length = _HEAD.unpack_from(stream, start)
            if length > MOST_BYTES:
                raise VscardFault(f"a message of {length} bytes")
            end = start + _HEAD.size + length
            if end > len(stream):
                break
            messages.append(Message(kind, stream[start + _HEAD.size : end]))
            start = end
        self._pending = stream[start:]
        return messages
