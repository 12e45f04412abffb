"""``fleet claims export``: what it makes enrols a real device; a wrong line is named, and then nothing is made."""

from __future__ import annotations

import itertools
import json
import os
import re
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import trust_bundles
from vectors import ROOT

from fleet.claims_export import make
from fleet.errors import FleetError
from gate.__main__ import main
from gate.app.fleet.serial import serial_number
from gate.wire.claims import read_claim

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_rig import FleetServer

NUMBERS = itertools.count()


@pytest.fixture
def site(fleet_server: FleetServer) -> str:
    name = f"北站-{next(NUMBERS)}"
    fleet_server.site(name)
    return name


def environment(server: FleetServer) -> dict[str, str]:
    return {
        "FLEET_DSN": server.ready.dsn,
        "FLEET_URL": server.url,
        "FLEET_CLAIMS_KEY": str(server.ready.claims_key),
    }


def listed(folder: Path, devices: str | bytes) -> Path:
    file = folder / "devices.csv"
    file.write_bytes(devices if isinstance(devices, bytes) else devices.encode())
    return file


def refused(server: FleetServer, site: str, folder: Path, devices: str | bytes) -> str:
    """What it says that makes nothing, and leaves nothing behind."""
    os.environ |= environment(server)
    before, there = claims_at(server, site), set(folder.iterdir())
    with pytest.raises(FleetError) as said:
        make(site, listed(folder, devices), folder / "out")
    assert claims_at(server, site) == before
    assert set(folder.iterdir()) - {folder / "devices.csv"} == there - {folder / "devices.csv"}
    return str(said.value)


def test_the_command_makes_a_folder_for_each_device_and_a_sheet(
    fleet_server: FleetServer, site: str, tmp_path: Path
) -> None:
    file = listed(tmp_path, "\ufeffdevice,serial\r\nexport-1,10000001\r\n\r\nexport-2,10000002\r\n")
    command = [sys.executable, "-m", "fleet", "claims", "export", "--site", site, "--devices", str(file)]
    command += ["--out", str(tmp_path / "out")]
    variables = {**os.environ, **environment(fleet_server)}
    said = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == ["export-1", "export-2", "sheet.html"]
    sheet = (out / "sheet.html").read_text("utf-8")
    for device, serial in (("export-1", "10000001"), ("export-2", "10000002")):
        text = (out / device / "gate-claim.txt").read_text()
        claim = read_claim(text).claim
        assert (claim.device, claim.serial, claim.site) == (device, serial, site)
        user_data = (out / device / "user-data").read_text()
        assert user_data.startswith("#cloud-config\n")
        assert "path: /boot/firmware/gate-claim.txt" in user_data
        found = re.search("content: (.*)", user_data)
        assert found
        assert json.loads(found[1]) == text.strip()
        assert all(words in sheet for words in (device, serial, claim.label, "30 天内有效", "Good for 30 days"))
    assert sheet.count('src="data:image/svg') == 2
    assert "http" not in re.sub(r'src="[^"]*"', "", sheet), "the sheet needs no server"
    assert claims_at(fleet_server, site) == ["export-1", "export-2"]
    who = fleet_server.sql("SELECT who FROM audit WHERE what = 'claim made' AND subject = 'export-2'")
    assert who == [("command line",)]


def claims_at(server: FleetServer, site: str) -> list[str]:
    found = server.sql("SELECT device FROM claims JOIN sites ON sites.id = site_id WHERE sites.name = %s", site)
    return sorted(name for (name,) in found)


def test_a_device_with_its_file_is_a_gate(fleet_server: FleetServer, site: str, tmp_path: Path) -> None:
    os.environ |= environment(fleet_server)
    device = f"exported-{next(NUMBERS)}"
    with fleet_server.vouched():
        make(site, listed(tmp_path, f"device,serial\n{device},{serial_number()}\n"), tmp_path / "out")
    (tmp_path / "root.json").write_bytes(trust_bundles.root())
    (tmp_path / "state").mkdir(mode=0o700)
    where = ("--state", tmp_path / "state", "--config", tmp_path / "gate.toml", "--root", tmp_path / "root.json")
    file = tmp_path / "out" / device / "gate-claim.txt"
    assert main(["enrol", "--file", str(file), *map(str, where)]) == 0
    assert fleet_server.sql("SELECT state FROM devices WHERE name = %s", device) == [("active",)]


def test_nobody_else_on_the_machine_reads_them(fleet_server: FleetServer, site: str, tmp_path: Path) -> None:
    os.environ |= environment(fleet_server)
    make(site, listed(tmp_path, "device,serial\nexport-3,10000003\n"), tmp_path / "out")
    out = tmp_path / "out"
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*") if path.is_file()} == {0o600}
    assert "is there already" in refused(fleet_server, site, tmp_path, "device,serial\nexport-4,10000004\n")


@pytest.mark.parametrize(
    ("devices", "says"),
    [
        ("device,serial\ng-1,10000001\ng-2\ng-3,10000003,x\n", ["line 3: 2 cells", "line 4: 2 cells"]),
        ("device,serial\n=cmd|calc,10000001\n../x,10000002\n", ["line 2: =cmd|calc", "line 3: ../x"]),
        ("device,serial\ng-1,10000001\n\ng-1,10000002\n", ["line 4: g-1 is on line 2 as well"]),
        ("device,serial\ng-1,1\n", ["line 2: g-1, 1: no name of a gate, or no serial number"]),
        ('device,serial\n"g-1,10000001\ng-2,10000002\n', ["line 2: a quotation mark is missing"]),
        ("device,serial\n" + "x" * 5000 + "\ng-2,\n", ["line 2: too long", "line 3: 2 cells"]),
        (b"device,serial\n" + "北站,10000001\n".encode("gb18030"), ["line 2: not UTF-8"]),
        ("g-1,10000001\n", ["line 1: the first line has to be: device,serial"]),
        ("", ["there is nothing in this file"]),
        ("device,serial\n" + "".join(f"g-{n},1000{n}\n" for n in range(1002)), ["line 1002: at most 1000 lines"]),
    ],
)
def test_every_wrong_line_is_named_and_nothing_is_made(
    fleet_server: FleetServer, site: str, tmp_path: Path, devices: str | bytes, says: list[str]
) -> None:
    said = refused(fleet_server, site, tmp_path, devices)
    assert all(words in said for words in says), said


def test_a_site_that_is_not_there_or_a_gate_of_another_is_refused(
    fleet_server: FleetServer, site: str, tmp_path: Path
) -> None:
    assert "there is no site" in refused(fleet_server, f"{site}-x", tmp_path, "device,serial\ng-1,10000001\n")
    fleet_server.enrolled("stands-elsewhere")
    said = refused(fleet_server, site, tmp_path, "device,serial\nstands-elsewhere,10000001\n")
    assert "line 2: " in said
    assert "stands at station-north" in said


def test_what_cannot_be_written_makes_no_claim(fleet_server: FleetServer, site: str, tmp_path: Path) -> None:
    assert "no claim was made" in refused(fleet_server, site, tmp_path, "device,serial\nsheet.html,10000001\n")
