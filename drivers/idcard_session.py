"""One conversation with a resident-ID reader, over whatever carries its bytes (PROTOCOLS 1.2-1.7)."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from drivers import TRAFFIC
from drivers.idcard_cycle import Cycle, News, Step
from drivers.idcard_frames import Command, Frame, Splitter, Why, answers, portrait, request, sam_number, text_block
from drivers.idcard_status import Advice, Status, advice, describe
from gate.errors import DeviceLost
from gate.model import Notice, NoticeKind, PayloadKind, Reading

if TYPE_CHECKING:
    from drivers import Emit

log = logging.getLogger(__name__)

GAP = 0.3
"""Seconds of silence inside a frame after which the rest won't come."""
TIME_LIMITS = {
    Command.SAM_RESET: 0.5,
    Command.SAM_STATUS: 0.5,
    Command.SAM_ID: 0.5,
    Command.FIND: 0.5,
    Command.SELECT: 0.8,
    Command.READ: 4.0,
    Command.CHIP_NUMBER: 1.5,
}
"""Seconds from the request to the last byte of its answer (PROTOCOLS 1.6)."""
APPROVAL_PAUSE = 2.0
"""Seconds between two looks whether somebody has approved the reader."""
CALLS = 3
"""So many unanswered SAM status requests, and the reader is taken for gone."""
_NO_SAM = {Status.CHECKSUM_WRONG, Status.LENGTH_WRONG, Status.COMMAND_WRONG}
"""Answers to a SAM status request that do not tell a SAM from other equipment with the same preamble."""

KeepPortrait = Callable[[bytes], None]
"""Takes a portrait as it came from the chip, just before the card that it belongs to is emitted."""
Objection = Callable[[str], str]
"""Says why the reader with this SAM number may not be used, or nothing; asked again while it objects."""


class Wire(Protocol):
    """What carries the bytes: a serial port or two USB endpoints."""

    last_arrival: float

    async def read(self) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    def flush_input(self) -> None: ...


class _Fault(Enum):
    """Why a request has no answer."""

    SILENT = "no answer"
    DAMAGED = "damaged answer"


class Session:
    """One reader while its wire is open.

    Args:
        name: of the reader.
        wire: open.
        emit: takes what there is to say.
        objection: whether this very reader may be used.
        keep_portrait: at a desk only.
    """

    def __init__(
        self, name: str, wire: Wire, emit: Emit, objection: Objection, keep_portrait: KeepPortrait | None
    ) -> None:
        self.where = ""
        """What the wire is, for messages."""
        self.heard = False
        """Whether anything at all came."""
        self._name = name
        self._wire = wire
        self._emit = emit
        self._objection = objection
        self._keep_portrait = keep_portrait
        self._cycle = Cycle()
        self._sam = ""

    async def call(self, calls: int = CALLS) -> int | None:
        """Ask for the SAM status until there is an answer that only a SAM gives; None when there is none.

        A module that hangs, e.g. over a card that was half removed, does not answer before it is reset.
        """
        for number in range(calls):
            if number == 1:
                await self._exchange(Command.SAM_RESET)
            answer = await self._exchange(Command.SAM_STATUS)
            if isinstance(answer, Frame) and answer.status not in _NO_SAM:
                return answer.status
        return None

    async def serve(self, status: int) -> None:
        """Read cards for ever from the reader that gave this SAM status.

        Raises:
            DeviceLost: the reader is gone, or another one stands in its place.
        """
        try:
            await self._be_the_approved_one()
            if advice(status) is Advice.GOOD:
                self._tell([News(NoticeKind.ONLINE, "")])
            else:
                self._cycle = Cycle(serviceable=False)
                detail = f"SAM status {describe(status)}, SAM {self._sam}"
                self._tell([News(NoticeKind.READER_UNSERVICEABLE, detail)])
            await self._work()
        except DeviceLost:
            self._tell(self._cycle.overdue(math.inf))  # whoever's card was being read still gets an answer
            raise

    async def _work(self) -> None:
        while True:
            step = self._cycle.step
            answer = await self._ask(self._cycle.command)
            if step is Step.READ and answer is not None and answer.status == Status.DONE:
                self._deliver(answer)
            pause, news = self._cycle.advance(None if answer is None else answer.status, time.monotonic())
            self._tell(news)
            if pause:
                await self._pause(pause)

    async def _be_the_approved_one(self) -> None:
        """Anything can speak these frames: a reader that nobody approved is asked for no card (DESIGN invariant 12)."""
        told = ""
        while True:
            self._sam = await self._sam_number()
            objection = self._objection(self._sam)
            if not objection:
                return
            if objection != told:
                self._tell([News(NoticeKind.READER_UNSERVICEABLE, objection)])
                told = objection
            await self._pause(APPROVAL_PAUSE)
            if await self.call() is None:
                raise self._silent()

    async def _sam_number(self) -> str:
        """The reader's own serial number; empty where it does not tell it."""
        answer = await self._ask(Command.SAM_ID)
        return sam_number(answer.data) if answer is not None and answer.status == Status.DONE else ""

    async def _ask(self, command: Command) -> Frame | None:
        """Ask once, and once more when the request or its answer was damaged on the wire (PROTOCOLS 1.7)."""
        for _ in range(2):
            answer = await self._exchange(command)
            if isinstance(answer, Frame):
                if answer.status not in {Status.CHECKSUM_WRONG, Status.LENGTH_WRONG}:
                    return answer
                continue
            log.debug("%s: %s to %s", self._name, answer.value, command.name)
            if await self.call() is None:
                raise self._silent()
            if answer is _Fault.SILENT:
                await self._be_the_same()
                return None
        return None

    async def _be_the_same(self) -> None:
        """A reader that was silent may have been changed for another one, where no port tells that it was unplugged."""
        answer = await self._exchange(Command.SAM_ID)
        if not isinstance(answer, Frame) or answer.status != Status.DONE:
            return
        if self._sam and sam_number(answer.data) != self._sam:
            raise DeviceLost(f"the reader on {self.where} was changed for another one")

    def _silent(self) -> DeviceLost:
        return DeviceLost(f"the reader on {self.where} has stopped answering: check its plug and power")

    async def _exchange(self, command: Command) -> Frame | _Fault:
        """Send one request and wait for its answer, whatever else is on the wire."""
        splitter = Splitter()
        wire = request(command)
        self._wire.flush_input()
        self._wire.write(wire)
        until = deadline = time.monotonic() + TIME_LIMITS[command]
        damaged = False
        while not damaged and (data := await self._listen(until)):
            for piece in splitter.feed(data):
                if isinstance(piece, Frame):
                    if answers(command, piece):
                        self._log(command, wire, piece)
                        return piece
                elif piece.why is Why.CHECKSUM:
                    damaged = True
            # One stray byte before the answer is no reason to stop waiting for it; a frame that has begun must go on.
            begun = len(splitter.pending) > 1
            until = min(deadline, time.monotonic() + GAP) if begun else deadline
        return _Fault.DAMAGED if damaged or splitter.pending else _Fault.SILENT

    def _log(self, command: Command, wire: bytes, answer: Frame) -> None:
        """Log bytes of one exchange; never those of a card, nor debris, which may be parts of a late answer."""
        if not command.personal:
            log.log(TRAFFIC, "%s: > %s < %s", self._name, wire.hex(" "), answer.wire.hex(" "))

    async def _listen(self, until: float) -> bytes:
        """Bytes as soon as there are some, or none at ``until``; gives the notices that fall due meanwhile."""
        while True:
            due = self._cycle.due
            try:
                async with asyncio.timeout_at(min(until, math.inf if due is None else due)):
                    data = await self._wire.read()
            except TimeoutError:
                now = time.monotonic()
                self._tell(self._cycle.overdue(now))
                if now >= until:
                    return b""
            else:
                self.heard = True
                return data

    async def _pause(self, seconds: float) -> None:
        """Let time pass, still noticing when the port goes; what arrives unasked is dropped."""
        until = time.monotonic() + seconds
        while await self._listen(until):
            pass

    def _deliver(self, answer: Frame) -> None:
        block = text_block(answer.data)
        if block is not None:
            if self._keep_portrait is not None:
                self._keep_portrait(portrait(answer.data))
            self._emit(Reading(self._name, PayloadKind.RESIDENT_ID_BLOCK, block, self._wire.last_arrival))

    def _tell(self, news: list[News]) -> None:
        for item in news:
            detail = f"SAM {self._sam}, {self.where}" if item.kind is NoticeKind.ONLINE else item.detail
            self._emit(Notice(self._name, item.kind, detail, time.monotonic()))
