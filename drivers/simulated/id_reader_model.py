"""A resident-ID reader's side of the conversation: request bytes in, answer bytes out (PROTOCOLS 1.2-1.7, 1.13).

``ReaderModel`` has no port and no clock, so it can stand behind a pseudo-terminal (``id_reader``), a socket or
nothing at all. Everything that can go wrong with an answer is a ``Fault``.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from drivers.idcard_frames import MAGIC, PHOTO_SIZE, TEXT_SIZE, frame, xor
from drivers.idcard_status import Status

SAM_ID: Final = struct.pack("<HHIII", 5, 1, 20_120_411, 1, 2)
RATES: Final = {0: 115_200, 1: 57_600, 2: 38_400, 3: 19_200, 4: 9_600}
FIND: Final = b"\x20\x01"
SELECT: Final = b"\x20\x02"
READ: Final = b"\x30\x01"
READ_WITH_FINGERPRINT: Final = b"\x30\x10"
READ_ADDRESS: Final = b"\x30\x03"
READ_CHIP_NUMBER: Final = b"\x30\x05"
SAM_RESET: Final = b"\x10\xff"
SAM_STATUS: Final = b"\x11\xff"
READ_SAM_ID: Final = b"\x12\xff"
MAX_RF_BYTES: Final = b"\x61\xff"
_CARD_FAMILIES: Final = {b"\x20", b"\x30"}
_RATE_FAMILY: Final = b"\x60"
_SHORTEST, _LONGEST = 3, 64


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one answer; applied in the order of the fields."""

    status: int | None = None
    """Answer with this status byte instead."""
    card_leaves: bool = False
    """The card is taken away before the command is carried out."""
    spoil_checksum: bool = False
    lose: int = 0
    """So many bytes are missing at the beginning."""
    insert: bytes = b""
    """Stray bytes after the first one."""
    before: bytes = b""
    """Noise glued to the front."""
    after: bytes = b""
    """Noise glued to the end."""
    cut_at: int | None = None
    """Only so many bytes come at all."""
    delay: float = 0.0
    """Seconds before the first byte."""
    vanish: bool = False
    """The reader is unplugged after the last byte that comes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back on the wire."""

    command: bytes
    """Command and parameter byte of the request."""
    wire: bytes
    delay: float = 0.0
    """Seconds before the first byte: the card's own time, and what a fault adds."""
    rate: int | None = None
    """Line rate from the end of this answer on, where it changes."""
    vanish: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """What lies on the reader."""

    block: bytes
    new_address: str | None = None
    chip_number: bytes = bytes(28)


class ReaderModel:
    """State of one reader: its card, what was done with it, and what is about to go wrong.

    Attributes:
        authorised: False: every card command is answered "SAM not authorised".
        fingerprint: bytes of fingerprint that ``30 10`` returns (0, 512 or 1024); None: an old module without it.
        finds_consumed: whether FIND finds a card that was read already; most modules don't.
        knows_chip_number: False: a module without ``30 05``.
        sam_id: the 16 bytes of its own number.
        hung: answers nothing before it is reset.
        card_times: seconds that the card itself takes, by command; nothing where a command is missing.
    """

    def __init__(self) -> None:
        self.authorised = True
        self.fingerprint: int | None = None
        self.finds_consumed = False
        self.knows_chip_number = True
        self.sam_id = SAM_ID
        self.hung = False
        self.card_times: dict[bytes, float] = {}
        self.rate = RATES[0]
        self._card: Card | None = None
        self._selected = False
        self._consumed = False
        self._faults: dict[bytes, deque[Fault]] = {}
        self._lasting: dict[bytes, Fault] = {}
        self._buffer = bytearray()

    def present(self, block: bytes, *, new_address: str | None = None, chip_number: bytes = bytes(28)) -> None:
        """Lay a card with this 256-byte text block on the reader; one that lay there is gone."""
        self.remove()
        self._card = Card(block, new_address, chip_number)

    def remove(self) -> None:
        """Take the card away."""
        self._card = None
        self._selected = self._consumed = False

    def fail(self, command: bytes, *faults: Fault) -> None:
        """Let the next answers to ``command`` go wrong, one after the other."""
        self._faults.setdefault(command, deque()).extend(faults)

    def fail_always(self, command: bytes, fault: Fault | None) -> None:
        """Let every answer to ``command`` go wrong from now on; None ends it."""
        self._lasting.pop(command, None)
        if fault is not None:
            self._lasting[command] = fault

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes from the wire and answer every complete request in them."""
        self._buffer += data
        replies: list[Reply] = []
        while (at := self._buffer.find(MAGIC)) >= 0:
            del self._buffer[:at]
            head = len(MAGIC) + 2
            if len(self._buffer) < head:
                return replies
            length = int.from_bytes(self._buffer[len(MAGIC) : head])
            if not _SHORTEST <= length <= _LONGEST:
                del self._buffer[:head]
                replies.append(Reply(b"", _answer(Status.LENGTH_WRONG)))
                continue
            if len(self._buffer) < head + length:
                return replies
            body = bytes(self._buffer[len(MAGIC) : head + length])
            del self._buffer[: head + length]
            replies.append(self._reply(body))
        del self._buffer[: -len(MAGIC)]
        return replies

    def _reply(self, body: bytes) -> Reply:
        """Answer the request whose bytes from the length on are ``body``."""
        command, data = body[2:4], body[4:-1]
        self.hung = self.hung and command != SAM_RESET
        if self.hung:
            return Reply(command, b"")
        faults = self._faults.get(command)
        fault = faults.popleft() if faults else self._lasting.get(command, Fault())
        if fault.card_leaves:
            self.remove()
        rate = None
        if xor(body):
            wire = _answer(Status.CHECKSUM_WRONG)
        elif fault.status is not None:
            wire = _answer(fault.status)
        else:
            wire = self._obey(command, data)
            rate = self._new_rate(command)
        reply = Reply(command, wire, self.card_times.get(command, 0.0), rate)
        return _spoil(reply, fault)

    def _obey(self, command: bytes, data: bytes) -> bytes:
        if command[:1] in _CARD_FAMILIES and not data:
            return self._card_command(command) if self.authorised else _answer(Status.SAM_NOT_AUTHORISED)
        if command == READ_SAM_ID and not data:
            return _answer(Status.DONE, self.sam_id)
        status = Status.COMMAND_WRONG
        if command == SAM_STATUS and not data:
            status = Status.DONE if self.authorised else Status.SAM_NOT_AUTHORISED
        elif command == SAM_RESET and not data:
            self._selected = self._consumed = False
            status = Status.DONE
        elif (command == MAX_RF_BYTES and len(data) == 1) or (self._new_rate(command) and not data):
            status = Status.DONE
        return _answer(status)

    def _card_command(self, command: bytes) -> bytes:
        card = self._card
        if command == FIND:
            if card is None or (self._consumed and not self.finds_consumed):
                return _answer(Status.NO_CARD)
            return _answer(Status.FOUND, bytes(4))
        if command == SELECT:
            self._selected = card is not None
            return _answer(Status.SELECT_FAILED) if card is None else _answer(Status.DONE, bytes(8))
        unsupported = (command == READ_WITH_FINGERPRINT and self.fingerprint is None) or (
            command == READ_CHIP_NUMBER and not self.knows_chip_number
        )
        if unsupported or command not in {READ, READ_WITH_FINGERPRINT, READ_ADDRESS, READ_CHIP_NUMBER}:
            return _answer(Status.COMMAND_WRONG)
        if card is None or not self._selected:
            return _answer(Status.READ_FAILED)
        return self._read(command, card)

    def _read(self, command: bytes, card: Card) -> bytes:
        if command == READ_CHIP_NUMBER:
            return _answer(Status.DONE, card.chip_number)
        if command == READ_ADDRESS:
            if card.new_address is None:
                return _answer(Status.NO_CONTENT)
            return _answer(Status.DONE, card.new_address.ljust(35).encode("utf-16-le"))
        self._consumed = True
        lengths, photo = struct.pack(">HH", TEXT_SIZE, PHOTO_SIZE), bytes(PHOTO_SIZE)
        if command == READ:
            return _answer(Status.DONE, lengths + card.block + photo)
        size = self.fingerprint or 0
        return _answer(Status.DONE, lengths + struct.pack(">H", size) + card.block + photo + bytes(size))

    def _new_rate(self, command: bytes) -> int | None:
        return RATES.get(command[1]) if command[:1] == _RATE_FAMILY else None


def _answer(status: int, data: bytes = b"") -> bytes:
    return frame(bytes([0, 0, status]) + data)


def _spoil(reply: Reply, fault: Fault) -> Reply:
    wire = bytearray(reply.wire)
    if fault.spoil_checksum:
        wire[-1] ^= 0x55
    del wire[: fault.lose]
    wire[1:1] = fault.insert
    wire = bytearray(fault.before) + wire + fault.after
    if fault.cut_at is not None:
        del wire[fault.cut_at :]
    return replace(reply, wire=bytes(wire), delay=reply.delay + fault.delay, vanish=fault.vanish)
