"""Which gate it is. What is known of one is kept for half a minute, so a revoked one is out within that."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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

    async def by_name(self, name: str) -> Known | None:
        """As it is in the database now."""
        return await self._ask(sql.DEVICE_BY_NAME, name)

    async def by_id(self, id_: int, generation: int) -> Known | None:
        """As it was in the database within the last half minute, and not before it had this generation."""
        until, known = self._kept.get(id_, (0.0, None))
        if (now := self._clock()) >= until or (known is not None and known.generation < generation):
            known = await self._ask(sql.DEVICE_BY_ID, id_)
            self._kept[id_] = now + KEPT_S, known
        return known

    async def _ask(self, statement: str, which: str | int) -> Known | None:
        async with self._pool.connection() as link:
            found = await (await link.execute(statement.encode(), (which,))).fetchone()
        if found is None:
            return None
        id_, name, key, generation, state = found
        return Known(id_, name, bytes(key), generation, state == ACTIVE)
