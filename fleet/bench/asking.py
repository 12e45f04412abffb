"""Questions over plain HTTP, as many at once as are due, and how long the answers took."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gate.wire.message import MEDIA_TYPE, squeeze

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HERE: Final = "127.0.0.1"
WORTH_SQUEEZING: Final = 1024
"""As a gate's session has it."""
OK: Final = "200"
PUT_OFF: Final = ("429 later", "503 later")
"""Statuses that came with a time to come again."""
DEADLINE_S: Final = 60.0
"""As a gate's session has it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: str
    body: bytes
    retry_after: str | None = None


@dataclass
class Tally:
    """What became of one kind of question."""

    took_s: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def note(self, took_s: float, status: str) -> None:
        """One more."""
        self.took_s.append(took_s)
        self.statuses[status] += 1

    @property
    def asked_to_wait(self) -> int:
        """Questions that the server put off, in the contract's words."""
        return sum(self.statuses[status] for status in PUT_OFF)

    @property
    def faults(self) -> Counter[str]:
        """Questions without a good answer, nor a word when to come again; by what came instead."""
        return Counter({what: count for what, count in self.statuses.items() if what not in (OK, *PUT_OFF)})

    @property
    def wrong(self) -> int:
        """How many those are."""
        return self.faults.total()

    def ms(self, share: float) -> float:
        """So many milliseconds at most took this share of the answers."""
        took = sorted(self.took_s)
        return took[math.ceil(len(took) * share) - 1] * 1000 if took else math.nan


class Pool:
    """Kept connections to one port; a new one whenever all are in use, so that nobody waits here."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.opened = 0

    async def ask(self, path: str, body: bytes, token: str | None = None, packing: str = "") -> Answer:
        """The answer to one question.

        Raises:
            OSError, EOFError, ValueError: there is none.
        """
        reader, writer = self._kept() or await self._open()
        bearer = "" if token is None else f"Authorization: Bearer {token}\r\n"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {HERE}\r\nContent-Type: {MEDIA_TYPE}\r\n{bearer}{packing}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        try:
            writer.write(head.encode() + body)
            said = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            headers = dict(line.lower().split(": ", 1) for line in said.split("\r\n")[1:] if line)
            found = await reader.readexactly(int(headers["content-length"]))
        except BaseException:
            writer.close()
            raise
        if headers.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return Answer(said.split(" ", 2)[1], found, headers.get("retry-after"))

    def _kept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection that the server has not closed meanwhile, as servers do when one is idle for long."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.opened += 1
        return await asyncio.open_connection(HERE, self._port)

    def close(self) -> None:
        """Close what is not in use."""
        for _, writer in self._idle:
            writer.close()


def kinds(faults: Counter[str]) -> str:
    """How many of each, in words."""
    return ", ".join(f"{what} × {count}" for what, count in faults.most_common()) or "none"


def packed(body: bytes) -> tuple[bytes, str]:
    """A body as a gate sends it, and the header that says so."""
    if len(body) < WORTH_SQUEEZING:
        return body, ""
    return squeeze(body), "Content-Encoding: gzip\r\n"


async def timed(tally: Tally, due: float, ask: Awaitable[Answer]) -> Answer | None:
    """Count an answer; its time began when it was due (``time.monotonic()``). None: there was none."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            answer = await ask
    except (OSError, EOFError, ValueError, KeyError) as fault:  # a timeout is an OSError
        tally.note(time.monotonic() - due, type(fault).__name__)
        return None
    tally.note(time.monotonic() - due, answer.status if answer.retry_after is None else f"{answer.status} later")
    return answer


async def steadily(
    a_second: float, seconds: float, at: float, tally: Tally, ask: Callable[[int], Awaitable[Answer]]
) -> None:
    """Ask at a rate, whether or not earlier questions are answered: a server that falls behind can't hide it."""
    async with asyncio.TaskGroup() as group:
        for number in range(int(a_second * seconds)):
            due = at + number / a_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(timed(tally, due, ask(number)))
