"""The plane's connections, and what it needs to know before it can serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from psycopg_pool import AsyncConnectionPool

from fleet.errors import FleetError
from fleet.plane import sql

if TYPE_CHECKING:
    from psycopg import AsyncConnection

CONNECTIONS: Final = 12
WAIT_S: Final = 5.0
"""For a connection; whoever waits longer is told to come again."""

TOKEN_SECRET: Final = "tokens"  # noqa: S105 - a name
CLAIMS_KEY: Final = "claims-key"
"""Public half of the key that claims are signed by."""


def pool_of(dsn: str) -> AsyncConnectionPool[AsyncConnection]:
    """Connections to the database, not yet open."""
    return AsyncConnectionPool(dsn, min_size=2, max_size=CONNECTIONS, timeout=WAIT_S, open=False)


async def secret(pool: AsyncConnectionPool[AsyncConnection], name: str) -> bytes:
    """What all replicas share.

    Raises:
        FleetError: nobody has made it yet.
    """
    async with pool.connection() as link:
        found = await (await link.execute(sql.SECRET, (name,))).fetchone()
    if found is None:
        raise FleetError(f"there is no secret {name} in the database: was it prepared (./run fleet)?")
    return bytes(found[0])
