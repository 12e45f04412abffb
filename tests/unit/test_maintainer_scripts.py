"""What dpkg runs, in a scratch root; the whole package in a whole Debian is `./run package --check`."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from vectors import ROOT

if TYPE_CHECKING:
    from pathlib import Path

MAINTAINER = ROOT / "systemd" / "maintainer"


@pytest.fixture
def dpkg(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A scratch root, and a PATH whose system tools only note how they were called."""
    root, bin_ = tmp_path / "root", tmp_path / "bin"
    (root / "usr" / "sbin").mkdir(parents=True)
    bin_.mkdir()
    for path in (
        *(bin_ / name for name in ("systemctl", "systemd-sysusers", "systemd-tmpfiles")),
        root / "usr/sbin/gate-switch",
    ):
        path.write_text(f'#!/bin/sh\necho "{path.name} $*" >>{tmp_path}/calls\n', encoding="utf-8")
        path.chmod(0o755)
    for name in ("rm", "sh", "cat"):
        (bin_ / name).symlink_to(str(shutil.which(name)))
    for folder in ("opt/gate/versions/1", "var/lib/gate", "etc/gate"):
        (root / folder).mkdir(parents=True)
    return root, {"PATH": str(bin_), "DPKG_ROOT": str(root)}


def maintain(script: str, dpkg: tuple[Path, dict[str, str]], *arguments: str) -> str:
    """Run one as dpkg would; the calls that it made."""
    text = (MAINTAINER / script).read_text("utf-8").replace("@VERSION@", "2")
    subprocess.run([str(shutil.which("sh")), "-c", text, script, *arguments], env=dpkg[1], check=True, timeout=60)
    calls = dpkg[0].parent / "calls"
    return calls.read_text("utf-8") if calls.exists() else ""


def test_installing_makes_the_users_then_unpacks_and_switches(dpkg: tuple[Path, dict[str, str]]) -> None:
    calls = [call.split(" ", 1)[0] for call in maintain("postinst", dpkg, "configure").splitlines()]
    assert calls == ["systemd-sysusers", "systemd-tmpfiles", "systemctl", "gate-switch", "gate-switch"]


def test_an_upgrade_does_not_enable_what_somebody_disabled(dpkg: tuple[Path, dict[str, str]]) -> None:
    assert "enable" not in maintain("postinst", dpkg, "configure", "1")


def test_the_old_version_goes_on_working_while_the_new_one_is_unpacked(dpkg: tuple[Path, dict[str, str]]) -> None:
    assert maintain("prerm", dpkg, "upgrade", "2") == ""
    assert maintain("postrm", dpkg, "upgrade", "2") == ""
    assert (dpkg[0] / "opt/gate/versions/1").exists()


def test_removing_keeps_what_was_recorded_and_what_was_enabled_and_purging_does_not(
    dpkg: tuple[Path, dict[str, str]],
) -> None:
    enabled = dpkg[0] / "etc/systemd/system/multi-user.target.wants/gate.service"
    enabled.parent.mkdir(parents=True)
    enabled.symlink_to("/usr/lib/systemd/system/gate.service")
    maintain("prerm", dpkg, "remove")
    maintain("postrm", dpkg, "remove")
    assert not (dpkg[0] / "opt/gate").exists()
    assert (dpkg[0] / "var/lib/gate").exists()
    assert enabled.is_symlink()
    maintain("postrm", dpkg, "purge")
    assert not enabled.is_symlink()
    assert not (dpkg[0] / "var/lib/gate").exists()
    assert not (dpkg[0] / "etc/gate").exists()


def test_the_shell_scripts_are_sound() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    scripts = [
        *MAINTAINER.glob("p*"),
        ROOT / "systemd" / "rootfs" / "usr" / "sbin" / "gate-switch",
        *(ROOT / "systemd").glob("*.sh"),
    ]
    subprocess.run(["shellcheck", "--external-sources", *scripts], check=True, timeout=60)
