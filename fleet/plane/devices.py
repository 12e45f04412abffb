"""Which gate it is. What is known of one is kept for half a minute, so a revoked one is out within that.

A heartbeat comes once in a minute, so that nearly every one has to be asked about: those that wait while one question
is under way are asked about together with the next.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fleet.plane import sql

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

KEPT_S: Final = 30.0
ACTIVE: Final = "active"


@dataclass(frozen=True, slots=True)
class Known:
    """A gate that is enrolled."""

    id: int
    name: str
    key: bytes
    """Ed25519 public key."""
    generation: int
    active: bool


class Devices:
    """Asks the database, and remembers whom a token of ours names: never more than there are gates."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection], clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._kept: dict[int, tuple[float, Known | None]] = {}
        self._wanted: dict[int, asyncio.Future[Known | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def by_name(self, name: str) -> Known | None:
        """As it is in the database now."""
        async with self._pool.connection() as link:
            found = await (await link.execute(sql.DEVICE_BY_NAME, (name,))).fetchone()
        return None if found is None else _known(found)

    async def by_id(self, id_: int, generation: int) -> Known | None:
        """As it was in the database within the last half minute, and not before it had this generation."""
        until, known = self._kept.get(id_, (0.0, None))
        if (now := self._clock()) >= until or (known is not None and known.generation < generation):
            known = await self._ask(id_)
            self._kept[id_] = now + KEPT_S, known
        return known

    async def _ask(self, id_: int) -> Known | None:
        waiting = self._wanted.get(id_)
        if waiting is None:
            waiting = self._wanted[id_] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all())
        return await asyncio.shield(waiting)  # others may wait for the same one

    async def _ask_all(self) -> None:
        try:
            while self._wanted:
                asked, self._wanted = self._wanted, {}
                await self._settle(asked)
        finally:
            self._asking = None

    async def _settle(self, asked: dict[int, asyncio.Future[Known | None]]) -> None:
        try:
            async with self._pool.connection() as link:
                rows = await (await link.execute(sql.DEVICES_BY_ID, (list(asked),))).fetchall()
        except Exception as fault:  # noqa: BLE001 - whoever waits gets it
            for waiting in asked.values():
                waiting.set_exception(fault)
                waiting.exception()  # whoever asked may be gone
            return
        found = {row[0]: _known(row) for row in rows}
        for id_, waiting in asked.items():
            waiting.set_result(found.get(id_))


def _known(row: tuple[Any, ...]) -> Known:
    id_, name, key, generation, state = row
    return Known(id_, name, bytes(key), generation, state == ACTIVE)
