"""One provincial interface, asked within its quotas and a deadline; left alone where it failed several times."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from fleet.gateway import reading
from fleet.gateway.question import formed
from fleet.gateway.quota import Quotas
from fleet.gateway.trouble import Trouble, Unavailable
from gate.errors import CredentialFault, NetworkFault, NetworkTrouble
from gate.net.breaker import Breaker
from gate.net.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.gateway.adapter import Adapter
    from fleet.gateway.keys import ApiKey
    from gate.credentials.code_issuers import CodeIssuer
    from gate.net.answer import Answer
    from gate.net.trust import TlsTrust
    from gate.status.code_answer import Named

LOG: Final = logging.getLogger("fleet.gateway")
AGAIN_AFTER_S: Final = 0.05
MOST_TRIES: Final = 3
_TROUBLES: Final = {
    NetworkTrouble.TIMEOUT: Trouble.SLOW,
    NetworkTrouble.BUSY: Trouble.SLOW,
    NetworkTrouble.TOO_LARGE: Trouble.GARBLED,
    NetworkTrouble.GARBLED: Trouble.GARBLED,
}


class Interface:
    """Asked from the event loop; each of its connections belongs to a thread.

    Args:
        adapter: how it is asked.
        tables: what its answers mean.
        key: the city's, there.
        trust: whom to believe.

    Raises:
        ConfigError: address or trust can't be used.
    """

    def __init__(self, adapter: Adapter, tables: CodeIssuer, key: ApiKey, trust: TlsTrust) -> None:
        self.adapter = adapter
        self._tables = tables
        self._key = key
        self._trust = trust
        self._quotas = Quotas(adapter.quota, time.monotonic())
        self._breaker = Breaker()
        self._out = False
        self._own = threading.local()
        self._clients = [Client(adapter.address, trust)]  # a wrong address is found out at the start
        self._threads = ThreadPoolExecutor(adapter.connections, f"ask-{adapter.id}")

    async def ask(
        self, asked: str, gate: str, ends: float, is_meant: Callable[[tuple[Named, ...]], bool]
    ) -> tuple[Named, ...]:
        """Ask about one code, number or pseudonym.

        Args:
            asked: which.
            gate: who wants to know.
            ends: when there must be an answer (s, monotonic).
            is_meant: whether those are the people whom it was asked about.

        Raises:
            CredentialFault: what it says of a code.
            Unavailable: no answer.
        """
        self._begin(gate)
        try:
            people = await self._patiently(asked, gate, ends)
            self._compare(people, is_meant)
        except CredentialFault:
            self._answered()
            raise
        except Unavailable as fault:
            self._failed(fault)
            raise
        except BaseException:  # nobody may be left on trial for good
            self._failed(Unavailable(self.adapter.id, Trouble.NO_ANSWER))
            raise
        self._answered()
        return people

    def _compare(self, people: tuple[Named, ...], is_meant: Callable[[tuple[Named, ...]], bool]) -> None:
        if not is_meant(people):
            raise Unavailable(self.adapter.id, Trouble.SOMEBODY_ELSE)

    def close(self) -> None:
        """Ask nothing more; what is under way ends by its deadline."""
        self._threads.shutdown(cancel_futures=True)
        for client in self._clients:
            client.close()

    def _begin(self, gate: str) -> None:
        now = time.monotonic()
        if not self._breaker.lets_ask(now):
            raise Unavailable(self.adapter.id, Trouble.LEFT_ALONE)
        if (trouble := self._quotas.take(gate, now)) is not None:
            raise Unavailable(self.adapter.id, trouble)
        self._breaker = self._breaker.asking()

    async def _patiently(self, asked: str, gate: str, ends: float) -> tuple[Named, ...]:
        """Ask again where it wants that; each time counts for the quotas."""
        for _ in range(MOST_TRIES - 1):
            try:
                return await self._tried(asked, ends)
            except Unavailable as fault:
                now = time.monotonic()
                if fault.trouble is not Trouble.AGAIN or now + AGAIN_AFTER_S >= ends or self._quotas.take(gate, now):
                    raise
            await asyncio.sleep(AGAIN_AFTER_S)
        return await self._tried(asked, ends)

    async def _tried(self, asked: str, ends: float) -> tuple[Named, ...]:
        try:
            async with asyncio.timeout(max(ends - time.monotonic(), 0)):
                answer = await asyncio.wrap_future(self._threads.submit(self._exchange, asked, ends))
        except TimeoutError:
            raise Unavailable(self.adapter.id, Trouble.SLOW) from None
        except NetworkFault as fault:
            raise Unavailable(self.adapter.id, _TROUBLES.get(fault.kind, Trouble.AWAY)) from None
        return reading.read(self.adapter, self._tables, answer.status, answer.body, datetime.now(UTC))

    def _exchange(self, asked: str, ends: float) -> Answer:
        """Ask over this thread's own connection."""
        client: Client | None = getattr(self._own, "client", None)
        if client is None:
            client = self._own.client = Client(self.adapter.address, self._trust)
            self._clients.append(client)
        question = formed(self.adapter, self._key, asked, time.time(), secrets.token_hex(16))
        return client.request(
            "POST",
            self.adapter.request.path,
            body=question.body,
            headers=question.headers,
            deadline_s=max(ends - time.monotonic(), 0.001),
            most_bytes=reading.MOST_BYTES,
        )

    def _answered(self) -> None:
        self._breaker = self._breaker.answered()
        if self._out:
            self._out = False
            LOG.warning("interface-back id=%s", self.adapter.id)

    def _failed(self, fault: Unavailable) -> None:
        self._breaker = self._breaker.failed(time.monotonic(), random.random())  # noqa: S311 - spreads load, no secret
        if not self._out:
            self._out = True
            LOG.warning("interface-lost id=%s why=%r", self.adapter.id, str(fault))
