"""Whoever waits for one thing does not wait for another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from fleet.locks import Lock

if TYPE_CHECKING:
    from fleet_rig import FleetServer


@pytest.mark.parametrize("held", list(Lock))
def test_each_lock_is_its_own(fleet_server: FleetServer, held: Lock) -> None:
    asked = "SELECT pg_try_advisory_xact_lock(%s)"
    with psycopg.connect(fleet_server.ready.dsn) as one, psycopg.connect(fleet_server.ready.dsn) as other:
        one.execute("SELECT pg_advisory_xact_lock(%s)", (held,))
        got = {lock for lock in Lock if other.execute(asked, (lock,)).fetchone() == (True,)}
        assert got == set(Lock) - {held}
