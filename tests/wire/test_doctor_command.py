"""``gate doctor`` as somebody runs it who was told to: a process, on a machine where nothing is set up."""

from __future__ import annotations

import resource
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

from vectors import ROOT

from gate.app.doctor.collect import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAIT_S = 60


def doctor(folder: Path, *arguments: str, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    places = ("--config", str(folder / "gate.toml"), "--state", str(folder / "state"))
    return subprocess.run(
        [sys.executable, "-m", "gate", "doctor", *places, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
        preexec_fn=before,
    )


def test_a_bundle_comes_from_a_machine_without_a_gate(tmp_path: Path) -> None:
    out = tmp_path / "help.tar.gz"
    done = doctor(tmp_path, "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    assert out.stat().st_mode & 0o777 == 0o600
    with tarfile.open(out) as tar:
        members = tar.getmembers()
        assert [member.name for member in members] == [f"gate-doctor/{name}" for name, _, _ in PARTS]
        assert {(member.uid, member.uname, member.gname) for member in members} == {(0, "", "")}
    assert all(name in done.stdout for name, _, _ in PARTS)


def test_where_the_kernel_takes_no_more_nothing_half_is_left(tmp_path: Path) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    out = tmp_path / "help.tar.gz"
    done = doctor(tmp_path, "--out", str(out), before=little_room)
    assert done.returncode == 1
    assert "can't be written (File too large)" in done.stderr
    assert not out.exists()
