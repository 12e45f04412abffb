"""What several folders of tests share and takes long to start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_rig import FleetServer

    from fleet.run import Ready


@pytest.fixture(scope="session")
def fleet_ready() -> Iterator[Ready]:
    fleet_rig = pytest.importorskip("fleet_rig", reason="the fleet's packages are not installed")
    if not fleet_rig.is_possible():
        pytest.skip("there is no PostgreSQL here: ./run test installs it")
    with fleet_rig.fleet_database() as ready:
        yield ready


@pytest.fixture(scope="session")
def fleet_server(fleet_ready: Ready) -> Iterator[FleetServer]:
    from fleet_rig import serving  # noqa: PLC0415 - only where there is a PostgreSQL

    with serving(fleet_ready) as server:
        yield server
