"""The units: understood by systemd, and as narrow as promised."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from vectors import ROOT

ROOTFS = ROOT / "systemd" / "rootfs"
UNITS = ROOTFS / "usr" / "lib" / "systemd" / "system"
SYSTEM_UNITS = Path("/usr/lib/systemd/system")
PROGRAMS = (
    "bin/sleep",
    "bin/systemctl",
    "bin/kill",
    "bin/rm",
    "usr/bin/cage",
    "usr/bin/chromium",
    "opt/gate/current/bin/gate",
)
MOST_EXPOSED = {"gate": 1.5, "gate-camera": 1.5, "gate-enrol": 1.5, "gate-kiosk": 3.0}

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A root with our files, the system's own targets, and something in the place of every program."""
    shutil.copytree(ROOTFS, tmp_path, symlinks=True, dirs_exist_ok=True)
    for program in PROGRAMS:
        path = tmp_path / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n", encoding="utf-8")
        path.chmod(0o755)
    for unit in SYSTEM_UNITS.glob("*.target"):
        if not unit.is_symlink():
            shutil.copy(unit, tmp_path / "usr" / "lib" / "systemd" / "system")
    return tmp_path


@needs_systemd
@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.iterdir()))
def test_systemd_understands_every_line(installed: Path, unit: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--root={installed}", unit],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if unit.removesuffix(".service") in line]
    assert said == []


@needs_systemd
@pytest.mark.parametrize(("unit", "most"), MOST_EXPOSED.items())
def test_a_unit_is_no_more_exposed_than_promised(
    installed: Path, unit: str, most: float, capsys: pytest.CaptureFixture[str]
) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", f"--root={installed}", f"{unit}.service"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    with capsys.disabled():
        print(f" {unit}: exposure {found[1]}, at most {most} ", end="")  # noqa: T201 - a figure that is to be seen
    assert float(found[1]) <= most


def settings(unit: str) -> list[str]:
    text = (UNITS / f"{unit}.service").read_text("utf-8").replace("\\\n", "")
    return [line for line in text.splitlines() if line and not line.startswith(("#", "["))]


def test_the_watchdog_waits_longer_than_a_person_may_and_settling_longer_than_the_watchdog() -> None:
    watchdog = int(next(line for line in settings("gate") if line.startswith("WatchdogSec=")).split("=")[1])
    switch = (ROOTFS / "usr" / "sbin" / "gate-switch").read_text("utf-8")
    settled = int(re.findall(r"^SETTLED=(\d+)", switch, re.MULTILINE)[0])
    assert 3 < watchdog < settled


@pytest.mark.parametrize("unit", ["gate", "gate-enrol"])
def test_no_gate_waits_for_the_network_before_it_serves_people(unit: str) -> None:
    waits = " ".join(line for line in settings(unit) if line.startswith(("After=", "Requires=", "Wants=")))
    assert "Before=gate.service" in settings("gate-enrol")
    assert not re.search(r"network|cloud|time-sync|remote-fs", waits)


def test_only_the_gate_itself_may_tell_that_it_lives_and_it_leaves_no_core() -> None:
    assert {"Type=notify", "NotifyAccess=main", "LimitCORE=0", "Restart=always"} <= set(settings("gate"))


@pytest.mark.parametrize("group", ["dialout", "input", "plugdev", "tty", "disk", "gpio"])
def test_the_gate_is_in_no_group_that_owns_all_devices_of_a_kind(group: str) -> None:
    given = " ".join(settings("gate"))
    sysusers = (ROOTFS / "usr" / "lib" / "sysusers.d" / "gate.conf").read_text("utf-8")
    assert group not in re.findall(r"SupplementaryGroups=(.*?)(?= [A-Z]|$)", given)[0].split()
    assert f" {group}\n" not in sysusers


def test_a_device_class_that_is_a_module_is_loaded_before_the_gate_starts() -> None:
    loaded = (ROOTFS / "usr" / "lib" / "modules-load.d" / "gate.conf").read_text("utf-8").split()
    for device, module in (("ttyUSB", "usbserial"), ("ttyACM", "cdc_acm"), ("alsa", "snd"), ("i2c", "i2c-dev")):
        assert f"DeviceAllow=char-{device} rw" in settings("gate")
        assert module in loaded
