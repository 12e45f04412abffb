"""Sets a Newland engine up over its open port, asks whether it still is, and triggers it (PROTOCOLS §3.3)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING

from drivers import TRAFFIC
from drivers.newland import TRIGGER, Ack, Answer, Read, Splitter, Triggered, command
from gate.errors import DeviceLost

if TYPE_CHECKING:
    from drivers.stream import SerialStream

log = logging.getLogger(__name__)

ANSWER_LIMIT = 1.0
"""Seconds for one answer."""
CALLS = 3
"""So many commands without an answer, and the engine is taken for gone."""
GLANCE = 30.0
"""Seconds between two questions whether the engine is still set up."""
TRIGGER_AGAIN = 3.0
"""Seconds after which an engine that has read nothing is triggered again."""
HALF_AN_ANSWER = 0.1
"""Seconds after which what looked like the beginning of an answer is something that was read."""
MOST_MEANWHILE = 16_384
"""Bytes that are kept of what is read while an answer is waited for."""
_NAME = 6
"""Bytes that name a setting: tag and sub-tag."""
_MODEL = b"QRYPDN"
_MODE = b"SCNMOD"
_END_WITH_CR = b"TSUSET0D"
"""Its value is a byte in hexadecimal; in which form it is read back is not published, so that it is not."""
_SWITCHES = (b"TSUENA1", b"QRCENA1")
"""Send something after each code; read QR codes."""


class Scan(StrEnum):
    """When the engine reads."""

    SENSE = "sense"
    """When it sees something before it."""
    CONTINUOUS = "continuous"
    TRIGGER = "trigger"
    """Whenever the gate triggers it, which it does all the time: for engines that know neither of the others."""


_MODES = {Scan.SENSE: b"2", Scan.CONTINUOUS: b"3", Scan.TRIGGER: b"0"}


class NewlandControl:
    """The commanding side of one engine while its port is open.

    Args:
        name: of the reader, for the log.
        stream: the open port; whoever reads it hands everything to ``read``.
        scan: when the engine is to read.
    """

    def __init__(self, name: str, stream: SerialStream, scan: Scan) -> None:
        self._name = name
        self._stream = stream
        self._scan = scan
        self._splitter = Splitter()
        self._answers: deque[Answer] = deque(maxlen=8)
        self._read_meanwhile = bytearray()
        """What was read while an answer was waited for."""
        self._heard_at = 0.0
        self._glance_at = 0.0
        self._trigger_at = 0.0
        self._unacknowledged = 0

    @property
    def due(self) -> float:
        """When ``read`` or ``attend`` has something to do, if nothing comes before."""
        if self._read_meanwhile:
            return 0.0
        half = [self._heard_at + HALF_AN_ANSWER] if self._splitter.pending else []
        trigger = [self._trigger_at] if self._scan is Scan.TRIGGER else []
        return min([self._glance_at, *half, *trigger])

    async def set_up(self) -> str:
        """Tell the engine how to read and read it back; gives its model.

        What is read meanwhile is dropped: how it ends is not known yet.

        Raises:
            DeviceLost: the engine does not answer, or refuses.
        """
        await self._order(_END_WITH_CR)
        for setting in (*_SWITCHES, _MODE + _MODES[self._scan]):
            await self._order(setting)
            await self._confirm(setting)
        model = await self._ask(_MODEL, calls=1)
        self._read_meanwhile.clear()
        now = time.monotonic()
        self._glance_at, self._trigger_at = now + GLANCE, now
        return f"Newland engine, {_printable(b'' if model is None else model.body.removeprefix(_MODEL))}"

    def read(self, data: bytes, at: float) -> bytes:
        """What of ``data``, which came at ``at``, was read; the engine's answers are kept aside."""
        before, self._read_meanwhile = self._read_meanwhile, bytearray()
        return bytes(before + self._sort(data, at))

    def _sort(self, data: bytes, at: float) -> bytes:
        if data:
            self._heard_at = at
            pieces = self._splitter.feed(data)
        else:
            silent = time.monotonic() - self._heard_at >= HALF_AN_ANSWER
            pieces = self._splitter.flush() if silent else []
        out = bytearray()
        for piece in pieces:
            if isinstance(piece, Read):
                out += piece.wire
            elif isinstance(piece, Triggered):
                self._unacknowledged = 0
            else:
                log.log(TRAFFIC, "%s: < %s", self._name, piece.wire.hex(" "))
                self._answers.append(piece)
        return bytes(out)

    def has_read(self) -> None:
        """A code has come: an engine that is triggered wants the next trigger."""
        self._trigger_at = time.monotonic()
        self._unacknowledged = 0

    async def attend(self) -> None:
        """Do what is due, while nothing is being read.

        Raises:
            DeviceLost: the engine has stopped answering, or has lost its settings.
        """
        now = time.monotonic()
        if self._scan is Scan.TRIGGER and now >= self._trigger_at:
            if self._unacknowledged >= CALLS:
                raise self._silent()
            self._unacknowledged += 1
            self._splitter.triggers_owed += 1
            self._send(TRIGGER)
            self._trigger_at = now + TRIGGER_AGAIN
        if now >= self._glance_at:
            self._glance_at = now + GLANCE
            await self._confirm(_MODE + _MODES[self._scan])

    async def _order(self, setting: bytes) -> None:
        answer = await self._ask(setting)
        if answer is None:
            raise self._silent()
        if answer.ack is not Ack.DONE:
            raise self._refused(setting, answer.ack.name)

    async def _confirm(self, setting: bytes) -> None:
        """Read one setting back; six bytes name it, the rest is its value."""
        answer = await self._ask(setting[:_NAME] + b"*")
        if answer is None:
            raise self._silent()
        if answer.ack is not Ack.DONE or answer.body != setting:
            raise self._refused(setting, "it is not in force")

    async def _ask(self, body: bytes, calls: int = CALLS) -> Answer | None:
        """Send a command until there is an answer about the same setting; None when there is none."""
        for _ in range(calls):
            self._answers.clear()
            self._send(command(body))
            try:
                async with asyncio.timeout(ANSWER_LIMIT):
                    while True:
                        data = await self._stream.read()
                        self._read_meanwhile += self._sort(data, self._stream.last_arrival)
                        del self._read_meanwhile[MOST_MEANWHILE:]
                        for answer in self._answers:
                            if answer.body[:_NAME] == body[:_NAME]:
                                return answer
            except TimeoutError:
                continue
        return None

    def _send(self, wire: bytes) -> None:
        log.log(TRAFFIC, "%s: > %s", self._name, wire.hex(" "))
        self._stream.write(wire)

    def _silent(self) -> DeviceLost:
        return DeviceLost(
            f"no Newland engine answers on {self._stream.port}: check its plug and power and the setting baud, or set "
            'the gun up with its own code sheet and write engine = "plain"'
        )

    def _refused(self, setting: bytes, why: str) -> DeviceLost:
        return DeviceLost(
            f"the engine on {self._stream.port} does not take {setting.decode('ascii')} "
            f"({why.lower().replace('_', ' ')}): "
            'set it up with its own code sheet and write engine = "plain"'
        )


def _printable(name: bytes) -> str:
    """A model's name, as far as it can be one."""
    text = name.decode("ascii", "replace").strip(" *:,")
    plain = all(char.isalnum() or char in " -._" for char in text)
    return text[:32] if text and plain else "of an unnamed model"
