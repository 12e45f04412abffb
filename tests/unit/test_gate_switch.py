"""A switch between versions that is cut off anywhere leaves one whole version in use, and the next try ends it.

Every command of ``gate-switch`` that changes something is a place where the power may go: before it, after it, and for
unpacking in the middle. What a power cut does to data that was not forced to disk is not imitated; that everything is
forced to disk before it is named is checked by the order of the commands.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from vectors import ROOT

SWITCH = ROOT / "systemd" / "rootfs" / "usr" / "sbin" / "gate-switch"
COMMANDS = ("basename", "flock", "ln", "mkdir", "mv", "readlink", "rm", "sync", "tar")
FAKED = ("sleep", "systemctl")
OTHERS = ("sed", "dirname", "cat", "sh", "gzip")
SHIM = """\
#!{sh}
# One command of gate-switch: noted, and cut off where the test says.
read -r n <{folder}/count
n=$((n + 1))
echo $n >{folder}/count
echo "{name} $*" >>{folder}/calls
[ "$n" != "$CUT_BEFORE" ] || kill -9 0
{does}
result=$?
[ "$n" != "$CUT_AFTER" ] || kill -9 0
exit $result
"""
TORN_TAR = """\
if [ "$n" = "$CUT_WITHIN" ]; then mkdir -p "$5/bin"; echo torn >"$5/bin/gate"; kill -9 0; fi
{real} "$@\""""
CHANGES = ("ln ", "mkdir ", "mv ", "rm ", "sync ", "tar ", "systemctl restart")
"""Between two of these nothing happens that a cut could tear."""
SYSTEMCTL = """\
case "$1 $2" in
"show --property=ActiveState") read -r what <{folder}/active && echo "$what" ;;
"show --property=MainPID") read -r what <{folder}/pid && echo "$what" ;;
"restart "*)
    case $({readlink} {root}/current) in
    *bad*) echo failed >{folder}/active ;;
    *restless*) echo activating >{folder}/active ;;
    *) echo active >{folder}/active ;;
    esac
    echo $n >{folder}/pid ;;
esac"""


@dataclass
class Device:
    """A gate's disk, with a systemd that brings up every version but those called bad."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "opt"

    def archive(self, version: str) -> Path:
        """A version that says which it is."""
        path = self.folder / f"{version}.tar"
        tree = self.folder / "tree"
        (tree / "bin").mkdir(parents=True, exist_ok=True)
        for program in ("gate", "python"):
            (tree / "bin" / program).write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
            (tree / "bin" / program).chmod(0o755)
        subprocess.run(["tar", "-cf", path, "-C", tree, "."], check=True)
        return path

    def switch(self, *arguments: str, **cut: int) -> int:
        """Run ``gate-switch``; its exit status, -9 where it was cut off."""
        (self.folder / "count").write_text("0\n", encoding="utf-8")
        (self.folder / "calls").write_text("", encoding="utf-8")
        environment = {"PATH": str(self.folder / "bin"), "GATE_ROOT": str(self.root)}
        environment |= {f"CUT_{where.upper()}": str(number) for where, number in cut.items()}
        done = subprocess.run(
            ["sh", SWITCH, *arguments],
            env=environment,
            executable=shutil.which("sh"),
            start_new_session=True,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        return done.returncode

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text("utf-8").splitlines()

    def current(self) -> str:
        """What the version in use says of itself; it must be whole."""
        said = subprocess.run([self.root / "current" / "bin" / "gate"], stdout=subprocess.PIPE, text=True, check=True)
        assert (self.root / "current" / "bin" / "python").exists()
        return said.stdout.strip()

    def versions(self) -> set[str]:
        return {path.name for path in (self.root / "versions").iterdir()}

    def boot(self) -> None:
        """The power is back: systemd starts the version in use, and finishes a switch that was cut off."""
        bad = "bad" in str((self.root / "current").readlink())
        (self.folder / "active").write_text("failed\n" if bad else "active\n", encoding="utf-8")
        (self.folder / "pid").write_text("1\n", encoding="utf-8")
        if (self.root / "trial").is_symlink():
            self.switch("watch")


@pytest.fixture
def device(tmp_path: Path) -> Device:
    """Version 1 is in use and at work."""
    (tmp_path / "bin").mkdir()
    device = Device(tmp_path)
    found = {name: shutil.which(name) for name in (*COMMANDS, *OTHERS)}
    for name in OTHERS:
        (tmp_path / "bin" / name).symlink_to(str(found[name]))
    does = {name: f'{found[name]} "$@"' for name in COMMANDS}
    does["tar"] = TORN_TAR.format(real=found["tar"])
    does["systemctl"] = SYSTEMCTL.format(readlink=found["readlink"], folder=tmp_path, root=device.root)
    does["sleep"] = ":"
    for name in (*COMMANDS, *FAKED):
        script = tmp_path / "bin" / name
        script.write_text(SHIM.format(sh=found["sh"], folder=tmp_path, name=name, does=does[name]), encoding="utf-8")
        script.chmod(0o755)
    (tmp_path / "active").write_text("inactive\n", encoding="utf-8")
    assert device.switch("add", "1", str(device.archive("1"))) == 0
    assert device.switch("to", "1") == 0
    device.boot()
    return device


def snapshot(device: Device) -> Path:
    kept = device.folder / "kept"
    shutil.copytree(device.root, kept, symlinks=True)
    return kept


def restore(device: Device, kept: Path) -> None:
    shutil.rmtree(device.root)
    shutil.copytree(kept, device.root, symlinks=True)
    device.boot()


def cuts(device: Device, *arguments: str) -> list[dict[str, int]]:
    """Run it once uncut; every place where it could have been cut off."""
    device.switch(*arguments)
    changing = [number for number, call in enumerate(device.calls, 1) if call.startswith(CHANGES)]
    assert len(changing) > 5
    unpacking = [number for number in changing if device.calls[number - 1].startswith("tar ")]
    return [{where: number} for number in changing for where in ("before", "after")] + [
        {"within": number} for number in unpacking
    ]


def test_a_new_version_is_used_once_it_has_shown_that_it_works(device: Device) -> None:
    assert device.switch("add", "2", str(device.archive("2"))) == 0
    assert device.current() == "1", "only unpacked so far"
    assert device.switch("to", "2") == 0
    assert device.current() == "2"
    assert device.switch("back") == 0
    assert device.current() == "1"
    assert device.versions() == {"1", "2"}


@pytest.mark.parametrize("version", ["2-bad", "2-restless"])
def test_a_version_that_does_not_come_up_is_left_again(device: Device, version: str) -> None:
    device.switch("add", version, str(device.archive(version)))
    assert device.switch("to", version) == 1
    assert device.current() == "1"
    assert any(call.startswith("systemctl restart") for call in device.calls[-2:]), "and the old one is started again"
    assert not (device.root / "trial").is_symlink()


def test_of_many_versions_two_are_kept(device: Device) -> None:
    for version in ("2", "3", "4"):
        device.switch("add", version, str(device.archive(version)))
        device.switch("to", version)
    assert device.versions() == {"3", "4"}


@pytest.mark.parametrize("name", ["../2", ".2", "-2", "2/3", "", "2 3", "2\n"])
def test_a_name_that_leaves_the_folder_is_no_version(device: Device, name: str) -> None:
    assert device.switch("add", name, str(device.archive("2"))) == 1
    assert device.switch("to", name) == 1
    assert device.current() == "1"


def test_a_version_that_is_not_there_changes_nothing(device: Device) -> None:
    assert device.switch("to", "2") == 1
    assert device.current() == "1"


def test_everything_is_on_disk_before_it_is_named(device: Device) -> None:
    device.switch("add", "2", str(device.archive("2")))
    named = next(call for call, text in enumerate(device.calls) if text.endswith("/versions/2"))
    assert device.calls[named - 1].startswith("sync -f")
    assert device.calls[named + 1].startswith("sync ")


def test_unpacking_that_is_cut_off_anywhere_leaves_the_old_version_and_can_be_done_again(device: Device) -> None:
    kept = snapshot(device)
    archive = str(device.archive("2"))
    for cut in cuts(device, "add", "2", archive):
        restore(device, kept)
        assert device.switch("add", "2", archive, **cut) == -signal.SIGKILL, cut
        device.boot()
        assert device.current() == "1", cut
        assert device.switch("add", "2", archive) == 0, cut
        assert device.switch("to", "2") == 0, cut
        assert device.current() == "2", cut


@pytest.mark.parametrize("version", ["2", "2-bad"])
def test_a_switch_that_is_cut_off_anywhere_leaves_one_whole_version_that_works(device: Device, version: str) -> None:
    device.switch("add", version, str(device.archive(version)))
    kept = snapshot(device)
    works = {"1", version} - {"2-bad"}
    for cut in cuts(device, "to", version):
        restore(device, kept)
        assert device.switch("to", version, **cut) == -signal.SIGKILL, cut
        assert device.current() in {"1", version}, "whole, whichever it is"
        device.boot()
        assert device.current() in works, f"after the next start: {cut}"
        assert not (device.root / "trial").is_symlink(), cut
        device.switch("to", version)
        assert device.current() == max(works), f"and the same again ends it: {cut}"
        assert not any(name.startswith(".") for name in device.versions()), "nothing half-done is left"


def test_who_was_cut_off_without_a_power_cut_does_not_take_the_old_process_for_the_new_version(device: Device) -> None:
    device.switch("add", "2-bad", str(device.archive("2-bad")))
    kept = snapshot(device)
    for cut in cuts(device, "to", "2-bad"):
        restore(device, kept)
        device.switch("to", "2-bad", **cut)
        device.switch("to", "2-bad")  # dpkg was killed and is called again; the machine was on all the time
        assert device.current() == "1", cut


def test_a_gate_that_nobody_started_is_not_started(device: Device) -> None:
    (device.folder / "active").write_text("inactive\n", encoding="utf-8")
    device.switch("add", "2", str(device.archive("2")))
    assert device.switch("to", "2") == 0
    assert device.current() == "2"
    assert not any("restart" in call for call in device.calls)
    assert (device.root / "previous").readlink() == Path("versions/1")
