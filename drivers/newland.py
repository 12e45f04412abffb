r"""Commands of a Newland engine and its answers, between the codes that it reads (PROTOCOLS §3.3); sans I/O.

::

    command: 7E 01 "0000" | storage | TAG SUB [DATA]       | 3B 03
    answer : 02 01 "0000" | storage | TAG SUB [DATA] | ack | 3B 03

Storage is ``#``: kept until the engine loses power; what is kept for good (``@``) would wear its memory out, since it
is set up each time it is opened. ``DATA`` of ``*`` asks for the value in force. ``ack`` is 06 done, 15 no such value,
05 no such setting. Beside these, ``1B 31`` triggers one reading and is acknowledged by a single 06.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

TRIGGER: Final = b"\x1b1"
MOST_ANSWER: Final = 256
"""Bytes; far more than any answer to one setting."""
_HOST: Final = b"~\x010000"
_ENGINE: Final = b"\x02\x010000"
_END: Final = b";\x03"
_CODE_END: Final = b"\r"
"""What the engine was told to send after each code."""
_ANSWER: Final = re.compile(rb"\x02\x010000[@#]([\x20-\x3a\x3c-\x7e]{6,240})([\x05\x06\x15]);\x03")
_BEGUN: Final = re.compile(rb"\x02\x010000[@#][\x20-\x3a\x3c-\x7e]{0,240}(?:[\x05\x06\x15];?)?\Z")


class Ack(IntEnum):
    """What the engine says about a command."""

    DONE = 0x06
    NO_SUCH_VALUE = 0x15
    NO_SUCH_SETTING = 0x05


@dataclass(frozen=True, slots=True)
class Answer:
    """The engine's answer to one command."""

    body: bytes
    """Tag, sub-tag and value: six printable bytes or more."""
    ack: Ack
    wire: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Triggered:
    """The single byte that acknowledges a trigger."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class Read:
    """Bytes of the codes that the engine reads."""

    wire: bytes = field(repr=False)


def command(body: bytes) -> bytes:
    """The complete command for ``body``, e.g. ``b"SCNMOD2"``."""
    return _HOST + b"#" + body + _END


class Splitter:
    """Takes the engine's answers out of its stream; every byte comes out once and in order, or is ``pending``.

    A code that looks exactly like an answer is taken for one; no credential does.
    """

    def __init__(self) -> None:
        self.triggers_owed = 0
        """Triggers that the engine has not yet acknowledged; only then does a 06 between two codes mean anything."""
        self._between_codes = True
        self._buffer = b""

    @property
    def pending(self) -> bytes:
        """Bytes that may become an answer when more arrive; they are few."""
        return self._buffer

    def feed(self, data: bytes) -> list[Answer | Triggered | Read]:
        """Take ``data`` and return what can be said now."""
        pieces: list[Answer | Triggered | Read] = []
        rest = self._buffer + data
        self._buffer = b""
        while rest:
            at = rest.find(_ENGINE)
            if at < 0:
                at = len(rest) - _begun(rest)
            self._read(rest[:at], pieces)
            rest = rest[at:]
            if found := _ANSWER.match(rest):
                pieces.append(Answer(found[1], Ack(found[2][0]), found[0]))
                rest = rest[found.end() :]
            elif not rest or _ENGINE.startswith(rest) or _BEGUN.match(rest):
                self._buffer = rest
                break
            else:  # it only looked like one
                self._read(rest[:1], pieces)
                rest = rest[1:]
        return pieces

    def flush(self) -> list[Answer | Triggered | Read]:
        """Say that nothing more comes: what may have become an answer is none."""
        pieces: list[Answer | Triggered | Read] = []
        self._read(self._buffer, pieces)
        self._buffer = b""
        return pieces

    def _read(self, data: bytes, pieces: list[Answer | Triggered | Read]) -> None:
        """Hand on what the engine has read, without the acknowledgements of triggers between two codes."""
        while self.triggers_owed and data:
            if self._between_codes and data[0] == Ack.DONE:
                self.triggers_owed -= 1
                pieces.append(Triggered(data[:1]))
                data = data[1:]
            elif (end := data.find(_CODE_END + bytes([Ack.DONE]))) >= 0:
                pieces.append(Read(data[: end + 1]))
                data = data[end + 1 :]
                self._between_codes = True
            else:
                break
        if data:
            self._between_codes = data.endswith(_CODE_END)
            pieces.append(Read(data))


def _begun(data: bytes) -> int:
    """How many bytes at the end of ``data`` may be the beginning of an answer."""
    return next(
        (size for size in range(min(len(_ENGINE) - 1, len(data)), 0, -1) if _ENGINE.startswith(data[-size:])), 0
    )
