"""``fleet simulate``: gates that are made of the real software, at a server of their own and at one that is there."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import trust_bundles
from static_site import served
from trust_site import placed, versioned

from fleet.errors import FleetError
from fleet.simulator.command import device
from fleet.simulator.crowd import rehearse
from fleet.simulator.device import Where

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_rig import FleetServer

SAID: list[str] = []


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Where]:
    """Where gates find rules, and where they are."""
    (tmp_path / "root.json").write_bytes(trust_bundles.root())
    for name, data in placed(versioned(7)).items():
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_bytes(data)
    with served(tmp_path / "site") as url:
        yield Where(tmp_path / "gates", tmp_path / "root.json", url)


def claims(server: FleetServer, *names: str) -> list[str]:
    """As somebody at the console makes them."""
    from fleet.console.claims import Wanted, make  # noqa: PLC0415 - Django is set up by the fixture
    from fleet.registry.models import Site  # noqa: PLC0415 - the same

    os.environ |= {"FLEET_URL": server.url, "FLEET_CLAIMS_KEY": str(server.ready.claims_key)}
    site = Site.objects.get(id=server.site("rehearsal"))
    with server.vouched():
        return [make(site, Wanted(name, f"serial-{name}", 1), None).text for name in names]


def test_they_enrol_work_and_leave_nothing_unsent(fleet_server: FleetServer, where: Where) -> None:
    names = ("rehearsed-1", "rehearsed-2", "rehearsed-3")
    devices = [device(text, where) for text in claims(fleet_server, *names)]
    seen = asyncio.run(rehearse(devices, 4, 120, SAID.append))
    assert seen.good
    assert (seen.enrolled, seen.believes) == (3, {"trust@7": 3})
    there = fleet_server.sql(
        "SELECT count(*) FROM passages JOIN devices ON devices.id = device_id WHERE name = ANY(%s)", list(names)
    )
    assert there == [(seen.recorded,)]
    assert seen.recorded > 0
    beats = "SELECT count(*) FROM reports JOIN devices ON devices.id = device_id WHERE name = ANY(%s)"
    assert fleet_server.sql(beats, list(names)) in ([(3,)], [(2,)]), "most have sent a heartbeat by then"


def test_one_that_is_refused_is_told_of_with_the_reason(fleet_server: FleetServer, where: Where) -> None:
    good, used = claims(fleet_server, "rehearsed-4", "rehearsed-5")
    fleet_server.sql("UPDATE claims SET used_by = %s, used_at = now() WHERE device = 'rehearsed-5'", bytes(32))
    seen = asyncio.run(rehearse([device(good, where), device(used, where)], 0.1, 0, SAID.append))
    assert (seen.enrolled, seen.refused) == (1, ["used"])
    assert not seen.good
    assert "1 enrolled, 1 refused" in next(seen.lines())


def test_what_is_no_claim_is_said_to_be_none(where: Where) -> None:
    with pytest.raises(FleetError, match="no claim"):
        device("GATECLAIM1:AAAA", where)


def test_the_command_brings_a_server_of_its_own(fleet_server: FleetServer) -> None:
    del fleet_server  # there is a PostgreSQL
    if shutil.which("nginx", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("there is no nginx here: ./run test installs it")
    command = [sys.executable, "-m", "fleet", "simulate", "--devices", "3", "--minutes", "0.05", "--passages", "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gates      3 enrolled, 0 refused" in done.stdout
    assert "0 not at the server, 0 refused" in done.stdout


def test_the_command_wants_all_that_gates_of_another_server_need(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fleet", "simulate", "--claims", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "fleet: --claims needs --root and --rules\n")
