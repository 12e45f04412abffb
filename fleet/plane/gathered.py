"""Many small questions to the database as few large ones.

What is asked within a moment, or while one question is under way, goes together: the more is asked, the larger they
are, and gates that come back all at once need no more connections than one that comes alone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

GATHER_S: Final = 0.005
"""Nobody at a gate notices; a city's heartbeats are a question for every four of them, not one each."""
K = TypeVar("K")
V = TypeVar("V")


class Gathered(Generic[K, V]):
    """One kind of question.

    Args:
        ask_all: gives what is found for some keys.
    """

    def __init__(self, ask_all: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask_all = ask_all
        self._wanted: dict[K, asyncio.Future[V | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> V | None:
        """What is found for a key by a question that begins after this call; None: nothing."""
        waiting = self._wanted.get(key)
        if waiting is None:
            waiting = self._wanted[key] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.create_task(self._run())
        return await asyncio.shield(waiting)  # others may wait for the same one

    async def _run(self) -> None:
        try:
            while self._wanted:
                await asyncio.sleep(GATHER_S)
                asked, self._wanted = self._wanted, {}
                await self._settle(asked)
        finally:
            self._asking = None

    async def _settle(self, asked: Mapping[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await self._ask_all(list(asked))
        except Exception as fault:  # noqa: BLE001 - whoever waits gets it
            for waiting in asked.values():
                waiting.set_exception(fault)
                waiting.exception()  # whoever asked may be gone
            return
        for key, waiting in asked.items():
            waiting.set_result(found.get(key))
