"""What ./run tells somebody whose machine is not ready, or who doesn't know it yet."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from vectors import ROOT

ORDINARY = (
    "bash",
    "cat",
    "cut",
    "dirname",
    "env",
    "flock",
    "grep",
    "ls",
    "mktemp",
    "rm",
    "sed",
    "sha256sum",
    "sort",
    "tail",
)
GIVEN_BY_PACKAGES = {"ldconfig": "echo libzbar.so.0", "espeak-ng": "", "aplay": "", "chromium": "", "gcc": ""}


@dataclass
class Machine:
    """A checkout with nothing but ``run`` and the lock files, and a PATH that has only what a test puts there."""

    folder: Path

    def has(self, command: str, does: str = "") -> None:
        script = self.folder / "bin" / command
        script.unlink(missing_ok=True)  # never write through a link to the real one
        script.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        script.chmod(0o755)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.folder / "bin"), "TMPDIR": str(self.folder)}
        command = [str(self.folder / "run"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    @property
    def is_untouched(self) -> bool:
        return not (self.folder / ".venv").exists()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "bin").mkdir()
    for name in ("run", "requirements.lock", "requirements-test.lock", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for command in ORDINARY:
        real = shutil.which(command)
        assert real, command
        (tmp_path / "bin" / command).symlink_to(real)
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    return Machine(tmp_path)


@pytest.fixture
def equipped(machine: Machine) -> Machine:
    for command, does in GIVEN_BY_PACKAGES.items():
        machine.has(command, does)
    return machine


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",)])
def test_alone_it_explains_itself_and_changes_nothing(machine: Machine, arguments: tuple[str, ...]) -> None:
    done = machine.run(*arguments)
    assert done.returncode == 0
    assert all(f"\n  {command} " in done.stdout for command in ("demo", "gate", "test", "check", "lock"))
    assert machine.is_untouched


def test_an_unknown_command_is_named(machine: Machine) -> None:
    done = machine.run("dmeo")
    assert done.returncode == 2
    assert "'dmeo'" in done.stderr


def test_without_apt_it_says_what_to_install_and_why(machine: Machine) -> None:
    machine.has("ldconfig")
    done = machine.run("demo")
    assert done.returncode == 1
    assert "no apt-get here" in done.stderr
    for package in ("libzbar0", "espeak-ng", "alsa-utils"):
        line = next(line for line in done.stderr.splitlines() if package in line)
        assert len(line.split()) > 2, f"no reason given: {line}"
    assert "chromium" not in done.stderr, "the demo needs no browser"
    assert machine.is_untouched


def test_what_the_machine_has_is_not_installed_again(machine: Machine) -> None:
    machine.has("ldconfig", "echo libzbar.so.0")
    machine.has("espeak-ng")
    done = machine.run("demo")
    assert "alsa-utils" in done.stderr
    assert "libzbar0" not in done.stderr
    assert "espeak-ng" not in done.stderr


def test_a_failed_installation_shows_why_and_where_the_log_is(machine: Machine) -> None:
    machine.has("ldconfig")
    machine.has("sudo", 'exec "$@"')
    machine.has("apt-get", 'echo "E: Temporary failure resolving the mirror"; exit 100')
    done = machine.run("demo")
    assert done.returncode == 1
    assert "E: Temporary failure resolving" in done.stderr
    assert "is there a network?" in done.stderr
    log = Path(done.stderr.rsplit("The full log: ", 1)[1].strip())
    assert "E: Temporary failure" in log.read_text("utf-8")
    assert machine.is_untouched


def test_an_old_python_is_named_with_what_is_needed(equipped: Machine) -> None:
    script = (equipped.folder / "run").read_text("utf-8")
    (equipped.folder / "run").write_text(script.replace("OLDEST_PYTHON=3.11", "OLDEST_PYTHON=3.99"), encoding="utf-8")
    equipped.has("python3", "printf '3.9.2\\n/opt/python3.9\\n\\n'")
    done = equipped.run("demo")
    assert done.returncode == 1
    assert "Python 3.99 or newer is needed" in done.stderr
    assert "python3 is 3.9.2 (/opt/python3.9)" in done.stderr
    assert equipped.is_untouched


def test_a_python_without_sqlite_is_passed_over(equipped: Machine) -> None:
    script = (equipped.folder / "run").read_text("utf-8")
    (equipped.folder / "run").write_text(script.replace(" /usr/bin/python3;", ";"), encoding="utf-8")
    equipped.has("python3", "printf '3.12.1\\n/opt/python3.12\\nsqlite3\\n'")
    done = equipped.run("demo")
    assert done.returncode == 1
    assert "python3 is 3.12.1 (/opt/python3.12), without: sqlite3" in done.stderr
