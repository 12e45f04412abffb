"""Talking to a smart card without one: APDUs go out, answers come in (ISO/IEC 7816-4).

A dialogue is a generator that yields command APDUs and is sent ``Answer``s; it never waits, opens or logs anything, so
that the same dialogue serves a PC/SC reader, a simulated card and a test. Whoever drives it calls ``send`` with the
card's answer to what it yielded last, until it returns::

    dialogue = social_security.read()
    apdu = next(dialogue)
    while True:
        apdu = dialogue.send(Answer(*link.transmit(apdu)))  # StopIteration.value is the result

Whoever talks to the card need not understand it: ``RecordedDialogue`` plays a dialogue and keeps every answer, and
``replay`` plays it again over what was kept, for the same result or the same fault.
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, TypeVar

from gate.errors import CredentialFault
from gate.model import Reason

T = TypeVar("T")
_HEAD: Final = struct.Struct(">HH")
"""Status word and length of the data of one answer that is kept."""
Dialogue = Generator[bytes, "Answer", T]

_MORE_TO_FETCH, _OTHER_LENGTH = 0x61, 0x6C
MAX_ANSWER_BYTES: Final = 4096
MAX_STEPS: Final = 64
"""A card that asks for ever more GET RESPONSE is no card that we know."""


class StatusWord(IntEnum):
    """Status words that a dialogue acts on (ISO/IEC 7816-4 table 5; PROTOCOLS 2.1)."""

    DONE = 0x9000
    SECURITY_NOT_SATISFIED = 0x6982
    CONDITIONS_NOT_SATISFIED = 0x6985
    FILE_NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    WRONG_PARAMETERS = 0x6A86
    BLOCKED = 0x9303


@dataclass(frozen=True, slots=True)
class Answer:
    """What a card answered."""

    data: bytes = field(repr=False)
    sw: int

    def describe(self) -> str:
        """The status word as four hex digits, known or not."""
        return f"{self.sw:04X}"


def transmit(apdu: bytes) -> Dialogue[Answer]:
    """One command with what T=0 may ask for around it: ``61xx`` (more to fetch) and ``6Cxx`` (another length).

    Raises:
        CredentialFault: ``DOCUMENT_INVALID``; the card goes on answering without an end.
    """
    answer = yield apdu
    data = b""
    for _ in range(MAX_STEPS):
        high, low = answer.sw >> 8, answer.sw & 0xFF
        if high == _OTHER_LENGTH:
            answer = yield apdu[:4] + bytes([low])
        elif high == _MORE_TO_FETCH:
            data += answer.data
            answer = yield bytes([0x00, 0xC0, 0x00, 0x00, low])
        else:
            data += answer.data
            return Answer(data[:MAX_ANSWER_BYTES], answer.sw)
        if len(data) > MAX_ANSWER_BYTES:
            break
    raise CredentialFault(Reason.DOCUMENT_INVALID, "the card answers without an end")


class RecordedDialogue:
    """A dialogue as a driver plays it: it ends where the dialogue ends, well or with a fault, and keeps the answers."""

    def __init__(self, dialogue: Dialogue[object]) -> None:
        self._dialogue = dialogue
        self._answers = bytearray()
        self.command: bytes | None = None
        """The next command; None when the dialogue is over."""
        self._go_on(None)

    def take(self, data: bytes, sw: int) -> None:
        """The card's answer to ``command``."""
        answer = Answer(data[:MAX_ANSWER_BYTES], sw)
        self._answers += _HEAD.pack(answer.sw, len(answer.data)) + answer.data
        self._go_on(answer)

    def recorded(self) -> bytes:
        """Every answer so far."""
        return bytes(self._answers)

    def _go_on(self, answer: Answer | None) -> None:
        try:
            self.command = next(self._dialogue) if answer is None else self._dialogue.send(answer)
        except (StopIteration, CredentialFault):
            self.command = None


def replay(dialogue: Dialogue[T], recorded: bytes) -> T:
    """Play a dialogue over the answers of a card that was talked to before.

    Raises:
        CredentialFault: that of the dialogue; ``PRESENT_AGAIN`` if the record ends before the dialogue does.
    """
    at = 0
    answer: Answer | None = None
    while True:
        try:
            if answer is None:
                next(dialogue)
            else:
                dialogue.send(answer)
        except StopIteration as done:
            found: T = done.value
            return found
        if len(recorded) < at + _HEAD.size:
            raise CredentialFault(Reason.PRESENT_AGAIN, "the card answered less than was asked")
        sw, size = _HEAD.unpack_from(recorded, at)
        answer = Answer(recorded[at + _HEAD.size : at + _HEAD.size + size], sw)
        at += _HEAD.size + size
