"""From a stream of bytes to codes: where one that a gun sends over a serial line begins and ends (PROTOCOLS §3.3).

Theory of operation. Every byte that is fed comes out once and in order, as part of a ``Code`` or of ``Debris``, or is
still in ``pending``. A code ends by what the gun was set up to send after it, never by itself: what falls silent
before that is debris, so that no half of a code is ever taken for a whole one. The bytes of a code are handed on as
they came, whatever they mean (UTF-8, GB18030, binary). There is no clock and no port; every chunk comes with its time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MOST_BYTES = 8192
"""More than any code holds (QR version 40: 7089 digits); a bound on memory."""
SHORTEST = 4
"""Fewer bytes that come alone are noise on the line: nobody is asked to present anything for them."""

_STX, _ETX, _LF = b"\x02", b"\x03", b"\n"


class Ends(StrEnum):
    """What a gun sends around a code."""

    CR = "cr"
    """CR; an LF directly after it belongs to it."""
    LF = "lf"
    """LF; a CR directly before it belongs to it."""
    CRLF = "crlf"
    """CR and LF together; one alone belongs to the code."""
    ETX = "etx"
    """STX before it, ETX after it; what stands outside is noise."""
    GAP = "gap"
    """Nothing: silence ends it."""


_TERMINATORS = {Ends.CR: b"\r", Ends.LF: b"\n", Ends.CRLF: b"\r\n", Ends.ETX: _ETX}


class Why(StrEnum):
    """Why bytes are no code."""

    EMPTY = "a terminator without a code"
    OUTSIDE = "outside STX and ETX"
    STRAY = "a few bytes of noise"
    UNENDED = "it fell silent before its end"
    RESTARTED = "another one began before its end"
    TOO_LONG = "too long"
    REST = "the rest of one that was too long"

    @property
    def presented(self) -> bool:
        """Whether somebody has presented something that did not arrive whole."""
        return self in {Why.UNENDED, Why.RESTARTED, Why.TOO_LONG}


@dataclass(frozen=True, slots=True)
class Code:
    """One whole code."""

    data: bytes = field(repr=False)
    """Its exact bytes, never empty."""
    at: float
    """When its last byte came, monotonic seconds."""
    wire: bytes = field(repr=False)
    """Every byte that it took from the stream, terminator included."""


@dataclass(frozen=True, slots=True)
class Debris:
    """Bytes that belong to no code."""

    why: Why
    at: float
    wire: bytes = field(repr=False)


class Framer:
    """Cuts a stream into codes, whatever the chunks it comes in; sans I/O.

    Args:
        ends: what the gun sends around a code.
        gap: seconds of silence after which nothing more belongs to what came before.
    """

    def __init__(self, ends: Ends, gap: float) -> None:
        self._ends = ends
        self._gap = gap
        self._buffer = bytearray()
        self._last = 0.0
        self._swallowing = False
        """The code in the stream is too long; its rest is thrown away as it comes."""
        self._after_cr = False
        self._out: list[Code | Debris] = []

    @property
    def pending(self) -> bytes:
        """Bytes that may become a code when more arrive."""
        return bytes(self._buffer)

    @property
    def deadline(self) -> float | None:
        """When ``tick`` has something to do, if nothing comes before; None while the line is at rest."""
        return self._last + self._gap if self._buffer or self._swallowing else None

    def feed(self, data: bytes, at: float) -> list[Code | Debris]:
        """Take bytes that came at ``at`` (monotonic seconds)."""
        self._end_if_silent(at)
        if data:
            self._last = at
            self._buffer += data
            while self._cut():
                pass
        return self._take()

    def tick(self, now: float) -> list[Code | Debris]:
        """Say that nothing more had come by ``now``."""
        self._end_if_silent(now)
        return self._take()

    def _take(self) -> list[Code | Debris]:
        out, self._out = self._out, []
        return out

    def _end_if_silent(self, now: float) -> None:
        if self.deadline is None or now < self.deadline:
            return
        if self._ends is Ends.GAP and not self._swallowing:
            self._code(len(self._buffer), 0)
        elif self._swallowing:
            self._drop(len(self._buffer), Why.REST)
        else:
            self._drop(len(self._buffer), Why.STRAY if len(self._buffer) < SHORTEST else Why.UNENDED)
        self._swallowing = False

    def _cut(self) -> bool:
        """Take one piece from the front of the buffer; False when it needs more bytes."""
        if self._after_cr and self._buffer:
            self._after_cr = False
            if self._buffer.startswith(_LF):
                self._drop(1, Why.EMPTY)
                return True
        if self._ends is Ends.ETX and not self._begin():
            return False
        terminator = _TERMINATORS.get(self._ends)
        at = -1 if terminator is None else self._buffer.find(terminator)
        if terminator is None or at < 0:
            return self._wait(terminator)
        end = at + len(terminator)
        self._after_cr = self._ends is Ends.CR
        if self._swallowing:
            self._swallowing = False
            self._drop(end, Why.REST)
        elif at > MOST_BYTES:
            self._drop(end, Why.TOO_LONG)
        else:
            self._code(end, len(terminator))
        return bool(self._buffer)

    def _begin(self) -> bool:
        """Have the newest STX before the first ETX at the front of the buffer; False where there is none yet."""
        first = self._buffer.find(_STX)
        if first < 0:
            self._drop(len(self._buffer), Why.OUTSIDE)
            return False
        self._drop(first, Why.OUTSIDE)
        end = self._buffer.find(_ETX)
        newest = self._buffer.rfind(_STX, 0, len(self._buffer) if end < 0 else end)
        self._drop(newest, Why.STRAY if newest < SHORTEST else Why.RESTARTED)
        return True

    def _wait(self, terminator: bytes | None) -> bool:
        """There is no end yet: keep what may become a code, throw away what can't any more."""
        kept = 1 if terminator is not None and self._buffer.endswith(terminator[:1]) else 0
        if self._swallowing:
            self._drop(len(self._buffer) - kept, Why.REST)
        elif len(self._buffer) - kept > MOST_BYTES:
            self._swallowing = self._ends is not Ends.ETX  # there, what follows is outside
            self._drop(len(self._buffer) - kept, Why.TOO_LONG)
        return False

    def _code(self, end: int, terminator: int) -> None:
        wire = bytes(self._buffer[:end])
        data = wire[: end - terminator]
        if self._ends is Ends.LF:
            data = data.removesuffix(b"\r")
        elif self._ends is Ends.ETX:
            data = data.removeprefix(_STX)
        if not data:
            self._drop(end, Why.EMPTY)
            return
        del self._buffer[:end]
        self._out.append(Code(data, self._last, wire))

    def _drop(self, count: int, why: Why) -> None:
        if count:
            self._out.append(Debris(why, self._last, bytes(self._buffer[:count])))
            del self._buffer[:count]
