"""Which gate it is. What is known of one is kept for half a minute, so a revoked one is out within that.

A heartbeat comes once in a minute, so that nearly every one has to be asked about.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fleet.plane import sql
from fleet.plane.gathered import Gathered

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
        self._by_id = Gathered(self._all_by_id)
        self._by_name = Gathered(self._all_by_name)

    async def by_name(self, name: str) -> Known | None:
        """As it is in the database now."""
        return await self._by_name.ask(name)

    async def by_id(self, id_: int, generation: int) -> Known | None:
        """As it was in the database within the last half minute, and not before it had this generation."""
        until, known = self._kept.get(id_, (0.0, None))
        if (now := self._clock()) >= until or (known is not None and known.generation < generation):
            known = await self._by_id.ask(id_)
            self._kept[id_] = now + KEPT_S, known
        return known

    async def _all_by_id(self, ids: list[int]) -> dict[int, Known]:
        return {known.id: known for known in await self._ask(sql.DEVICES_BY_ID, ids)}

    async def _all_by_name(self, names: list[str]) -> dict[str, Known]:
        return {known.name: known for known in await self._ask(sql.DEVICES_BY_NAME, names)}

    async def _ask(self, statement: str, which: list[int] | list[str]) -> list[Known]:
        async with self._pool.connection() as link:
            rows = await (await link.execute(statement.encode(), (which,))).fetchall()
        return [Known(id_, name, bytes(key), generation, state == ACTIVE) for id_, name, key, generation, state in rows]
