"""What gates did or tried, for the audit log: the same of the same gate once a minute, so that nobody can flood it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from fleet.plane import sql

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

ONCE_IN_S: Final = 60.0
_MOST_KEPT: Final = 10_000


class Audit:
    """Writes entries."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection]) -> None:
        self._pool = pool
        self._noted: dict[tuple[str, str], float] = {}

    async def note(self, who: str, what: str, subject: str, detail: str = "") -> None:
        """Write that ``who`` did or tried ``what``, unless it was just written."""
        now = time.monotonic()
        if now < self._noted.get((what, subject), 0.0):
            return
        if len(self._noted) >= _MOST_KEPT:
            self._noted.clear()
        self._noted[what, subject] = now + ONCE_IN_S
        async with self._pool.connection() as link:
            await write(link, who, what, subject, detail)


async def write(link: AsyncConnection, who: str, what: str, subject: str, detail: str = "") -> None:
    """Write it, together with whatever else the transaction does."""
    await link.execute(sql.AUDIT, (datetime.now(UTC), who[:150], what, subject[:200], detail[:1000]))
