"""Resident-ID reader on a serial port: finds, selects and reads a card, then waits until it has left.

Only the 256-byte text block leaves this module: the portrait is dropped where it arrives, unless somebody at a desk
asked for it, and fingerprints are never asked for. Bytes on the wire are logged at ``TRAFFIC`` only, and those of a
card's own data not even there.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path  # noqa: TC003 - the configuration resolves the annotation of Settings

from drivers import TRAFFIC, Emit
from drivers.idcard_cycle import Cycle, News, Step
from drivers.idcard_frames import Command, Frame, Splitter, Why, answers, portrait, request, sam_number, text_block
from drivers.idcard_status import Advice, Status, advice, describe
from drivers.stream import SerialStream
from gate.errors import ConfigError, DeviceLost
from gate.model import Notice, NoticeKind, PayloadKind, Reading

log = logging.getLogger(__name__)

RATES = (115_200, 57_600, 38_400, 19_200, 9_600)
"""The line rates that the module knows (PROTOCOLS 1.1)."""
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
CALLS = 3
"""So many unanswered SAM status requests, and the reader is taken for gone."""
_NO_SAM = {Status.CHECKSUM_WRONG, Status.LENGTH_WRONG, Status.COMMAND_WRONG}
"""Answers to a SAM status request that do not tell a SAM from other equipment with the same preamble."""


KeepPortrait = Callable[[bytes], None]
"""Takes a portrait as it came from the chip, just before the card that it belongs to is emitted."""


class IdCardReader:
    """Driver of one reader with a SAM_V module behind a serial port."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """What an installer sets.

        Raises:
            ConfigError: ``baud`` is a rate that the module does not have.
        """

        port: Path
        """The serial port, best one of ``/dev/serial/by-id``, whose names survive another socket."""
        baud: int = 115_200

        def __post_init__(self) -> None:
            if self.baud not in RATES:
                known = ", ".join(map(str, RATES))
                raise ConfigError(f'key "baud": {self.baud} is no rate of an ID reader; write one of {known}')

    def __init__(self, name: str, settings: Settings, keep_portrait: KeepPortrait | None = None) -> None:
        self._name = name
        self._settings = settings
        self._keep_portrait = keep_portrait

    @property
    def name(self) -> str:
        return self._name

    async def run(self, emit: Emit) -> None:
        """Serve the reader until it is lost; see ``drivers.Driver``.

        ``Notice(ONLINE)`` carries the reader's own serial number as ``"SAM 05.01-20120411-..."``.

        Raises:
            DeviceLost: the port can't be opened, is gone, or has nothing on it that answers as an ID reader.
        """
        with SerialStream(self._settings.port, self._settings.baud) as stream:
            await _Session(self._name, self._settings, stream, emit, self._keep_portrait).serve()


class _Fault(Enum):
    """Why a request has no answer."""

    SILENT = "no answer"
    DAMAGED = "damaged answer"


class _Session:
    """One reader while its port is open."""

    def __init__(
        self,
        name: str,
        settings: IdCardReader.Settings,
        stream: SerialStream,
        emit: Emit,
        keep_portrait: KeepPortrait | None,
    ) -> None:
        self._name = name
        self._where = f"{settings.port} at {settings.baud} baud"
        self._stream = stream
        self._emit = emit
        self._keep_portrait = keep_portrait
        self._cycle = Cycle()
        self._identity = "SAM id not readable"
        self._heard = False
        """Whether anything at all came from the port."""

    async def serve(self) -> None:
        try:
            await self._work()
        except DeviceLost:
            self._tell(self._cycle.overdue(math.inf))  # whoever's card was being read still gets an answer
            raise

    async def _work(self) -> None:
        await self._identify()
        while True:
            step = self._cycle.step
            answer = await self._ask(self._cycle.command)
            if step is Step.READ and answer is not None and answer.status == Status.DONE:
                self._deliver(answer)
            pause, news = self._cycle.advance(None if answer is None else answer.status, time.monotonic())
            self._tell(news)
            if pause:
                await self._pause(pause)

    async def _identify(self) -> None:
        """Make sure that this is an ID reader: its preamble alone proves nothing (PROTOCOLS 1.2)."""
        status = await self._call()
        if status is None:
            if self._heard:
                raise DeviceLost(f"what answers on {self._where} is no ID reader: check the settings port and baud")
            raise DeviceLost(
                f"nothing answers on {self._where}: check the reader's power and the settings port and baud"
            )
        answer = await self._ask(Command.SAM_ID)
        if answer is not None and answer.status == Status.DONE:
            self._identity = f"SAM {sam_number(answer.data)}"
        if advice(status) is Advice.GOOD:
            self._tell([News(NoticeKind.ONLINE, "")])
        else:
            self._cycle = Cycle(serviceable=False)
            self._tell([News(NoticeKind.READER_UNSERVICEABLE, f"SAM status {describe(status)}, {self._identity}")])

    async def _call(self) -> int | None:
        """Ask for the SAM status until there is an answer that only a SAM gives; None when there is none."""
        for _ in range(CALLS):
            answer = await self._exchange(Command.SAM_STATUS)
            if isinstance(answer, Frame) and answer.status not in _NO_SAM:
                return answer.status
        return None

    async def _ask(self, command: Command) -> Frame | None:
        """Ask once, and once more when the request or its answer was damaged on the wire (PROTOCOLS 1.7)."""
        for _ in range(2):
            answer = await self._exchange(command)
            if isinstance(answer, Frame):
                if answer.status not in {Status.CHECKSUM_WRONG, Status.LENGTH_WRONG}:
                    return answer
                continue
            log.debug("%s: %s to %s", self._name, answer.value, command.name)
            if await self._call() is None:
                raise DeviceLost(f"the reader on {self._where} has stopped answering: check its plug and power")
            if answer is _Fault.SILENT:
                return None
        return None

    async def _exchange(self, command: Command) -> Frame | _Fault:
        """Send one request and wait for its answer, whatever else is on the wire."""
        splitter = Splitter()
        wire = request(command)
        self._stream.flush_input()
        self._stream.write(wire)
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
                    data = await self._stream.read()
            except TimeoutError:
                now = time.monotonic()
                self._tell(self._cycle.overdue(now))
                if now >= until:
                    return b""
            else:
                self._heard = True
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
            self._emit(Reading(self._name, PayloadKind.RESIDENT_ID_BLOCK, block, self._stream.last_arrival))

    def _tell(self, news: list[News]) -> None:
        for item in news:
            detail = self._identity if item.kind is NoticeKind.ONLINE else item.detail
            self._emit(Notice(self._name, item.kind, detail, time.monotonic()))
