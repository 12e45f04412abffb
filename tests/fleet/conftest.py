"""What several tests of publishing share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from static_site import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_city import City
    from fleet_rig import FleetServer


@pytest.fixture
def city(fleet_server: FleetServer, tmp_path: Path) -> Iterator[City]:
    """The only gates that there are."""
    others = fleet_server.sql("UPDATE devices SET state = 'revoked' WHERE state = 'active' RETURNING id")
    fleet_server.sql("DELETE FROM rollouts")
    with served(tmp_path / "site") as base:
        from fleet_city import City  # noqa: PLC0415 - only where there is a PostgreSQL

        found = City(fleet_server, base, tmp_path)
        yield found
    fleet_server.sql("DELETE FROM rollouts")
    fleet_server.sql("UPDATE devices SET state = 'revoked' WHERE name = ANY(%s)", list(found.gates))
    fleet_server.sql("UPDATE devices SET state = 'active' WHERE id = ANY(%s)", [id_ for (id_,) in others])
