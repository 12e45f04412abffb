"""One gate of ``fleet bench return``: two ways to the fleet with one token, as ``gate.app.fleet`` has them."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Final

from fleet.bench import city
from fleet.bench.asking import OK, Tally, packed, timed
from gate.wire import heartbeat, passages
from gate.wire.message import decode, encode
from gate.wire.pace import Pace, asked_for
from gate.wire.passages import MOST_ROWS
from gate.wire.token import (
    CHALLENGE_PATH,
    TOKEN_PATH,
    Assertion,
    Challenge,
    ChallengeRequest,
    Token,
    TokenRequest,
    sign,
)

if TYPE_CHECKING:
    from fleet.bench.asking import Pool
    from fleet.bench.city import Gate

IDLE_S: Final = 5.0
"""As the uploader has it: rows of these seconds go together."""
JITTER: Final = 0.1
"""As the heart has it."""
RENEWED_AT: Final = 0.8
"""As the session has it."""


class NotTaken(Exception):  # noqa: N818 - says what is the case
    """A question was in vain; ``asked_s``: for how long the server wants to be left alone."""

    def __init__(self, asked_s: float) -> None:
        super().__init__(asked_s)
        self.asked_s = asked_s


class Returning:
    """A gate that finds its server again.

    Args:
        gate: who it is.
        url: the server's address, as it signs it.
        pool: the way there.
        backlog: passages that wait.
        a_second: more of them, from now on.
    """

    def __init__(self, gate: Gate, url: str, pool: Pool, backlog: int, a_second: float) -> None:
        self._gate = gate
        self._url = url
        self._pool = pool
        self._a_second = a_second
        self._began = time.monotonic()
        self._part = random.random()  # noqa: S311 - no secret
        """Of the next passage: people do not step before all gates of a city at the same moment."""
        self._lock = asyncio.Lock()
        self._token = ""
        self._until = float("-inf")
        self.backlog = backlog
        self.sent = 0
        self.heard = False
        """Whether a heartbeat was answered."""
        self.over = False
        """Nothing new is to be asked."""
        self.tally = Tally()

    async def run(self, beat_after_s: float, upload_after_s: float) -> None:
        """Be at work until cancelled, or ``over``."""
        await asyncio.gather(self._beats(beat_after_s), self._uploads(upload_after_s))

    async def _beats(self, after_s: float) -> None:
        pace = Pace(random.random)
        while not self.over:
            await asyncio.sleep(after_s)
            try:
                await self._ask(heartbeat.PATH, city.heartbeat(self._gate))
            except NotTaken as fault:
                after_s = max(pace.failed(fault.asked_s), heartbeat.MOST_OFTEN_S)
            else:
                pace.worked()
                self.heard = True
                after_s = heartbeat.EVERY_S * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret

    async def _uploads(self, after_s: float) -> None:
        pace = Pace(random.random)
        rows, body = 0, b""
        while not self.over:
            await asyncio.sleep(after_s)
            if not rows:
                if not (rows := min(MOST_ROWS, self._waiting())):
                    after_s = IDLE_S
                    continue
                body = city.batch(self._gate, rows)
            try:
                await self._ask(passages.PATH, body)
            except NotTaken as fault:
                after_s = pace.failed(fault.asked_s)  # the same rows again
            else:
                pace.worked()
                self.sent += rows
                rows, after_s = 0, 0.0

    def _waiting(self) -> int:
        return int(self.backlog + self._part + (time.monotonic() - self._began) * self._a_second) - self.sent

    async def _ask(self, path: str, body: bytes) -> None:
        token = await self._good_token()
        sent, packing = packed(body)
        await self._answered(path, sent, token, packing)

    async def _good_token(self) -> str:
        async with self._lock:
            if (now := time.monotonic()) >= self._until:
                name = self._gate.name
                challenge = await self._answered(CHALLENGE_PATH, encode(ChallengeRequest(name)))
                said = sign(Assertion(name, self._url, decode(challenge, Challenge).nonce), self._gate.key)
                found = decode(await self._answered(TOKEN_PATH, encode(TokenRequest(name, said))), Token)
                self._token, self._until = found.token, now + found.life_s * RENEWED_AT
            return self._token

    async def _answered(self, path: str, body: bytes, token: str | None = None, packing: str = "") -> bytes:
        found = await timed(self.tally, time.monotonic(), self._pool.ask(path, body, token, packing))
        if found is None or found.status != OK:
            raise NotTaken(0.0 if found is None else asked_for(found.retry_after))
        return found.body
