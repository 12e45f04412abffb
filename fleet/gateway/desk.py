"""What gates ask, answered once: answers are kept for some seconds, and equal questions under way are one question."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from typing import TYPE_CHECKING

from fleet.gateway.cache import Cache
from fleet.gateway.counts import What
from fleet.gateway.trouble import Trouble, Unavailable
from gate.wire.message import encode
from gate.wire.status import MOST_ANSWER_BYTES, CodeQuestion, HolderQuestion

if TYPE_CHECKING:
    from fleet.gateway.asking import Asking

Question = HolderQuestion | CodeQuestion


class Desk:
    """Answers from the event loop.

    Args:
        asking: whoever knows.
        deadline_s: for one answer.
        cache_s: how long an answer is given again.
    """

    def __init__(self, asking: Asking, deadline_s: float, cache_s: float) -> None:
        self._asking = asking
        self._deadline_s = deadline_s
        self._key = secrets.token_bytes(32)
        self._under_way: dict[bytes, asyncio.Task[bytes]] = {}
        self.cache = Cache(cache_s)

    async def answer(self, question: Question, gate: str) -> tuple[bytes, What]:
        """The answer, encoded, and where it comes from.

        Args:
            question: a gate's.
            gate: who asks; counts for its quotas.

        Raises:
            Unavailable: there is none.
        """
        kind = type(question).__name__.encode()
        key = hashlib.blake2b(encode(question), key=self._key, person=kind[:16], digest_size=32).digest()
        if (kept := self.cache.get(key, time.monotonic())) is not None:
            return kept, What.FROM_CACHE
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._asked(key, question, gate))
            task.add_done_callback(lambda done: self._over(key, done))
        return await asyncio.shield(task), What.ANSWERED

    def _over(self, key: bytes, task: asyncio.Task[bytes]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # whoever waits raises it; nobody may wait any more

    async def _asked(self, key: bytes, question: Question, gate: str) -> bytes:
        ends = time.monotonic() + self._deadline_s
        answer = encode(await self._asking.ask(question, gate, ends))
        if len(answer) > MOST_ANSWER_BYTES:
            raise Unavailable("the gateway", Trouble.TOO_MUCH)
        self.cache.put(key, answer, time.monotonic())
        return answer
