"""A command of the gate that is killed in the middle: a program of its own, so that the kill is a real one.

Every system call that changes its folder is a step; before the one with the given number the process gets SIGKILL.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from vectors import ROOT

from gate.__main__ import main

STEPS: Final = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}


def ran(folder: Path, last_step: int, *arguments: str) -> tuple[int, int]:
    """Exit status, and how many steps it took; 0 steps: it was killed."""
    done = subprocess.run(
        [sys.executable, __file__, str(folder), str(last_step), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )
    return done.returncode, 0 if done.returncode < 0 else int(done.stdout.splitlines()[-1])


def _run(folder: Path, last_step: int, arguments: list[str]) -> int:
    steps = 0

    def count(event: str, given: tuple[Any, ...]) -> None:
        nonlocal steps
        if event not in STEPS or not str(given[0]).startswith(str(folder)):
            return
        if event == "open" and not given[2] & (os.O_WRONLY | os.O_RDWR | os.O_DIRECTORY):
            return
        steps += 1
        if steps == last_step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    status = main(arguments)
    sys.stdout.write(f"{steps}\n")
    return status


if __name__ == "__main__":
    sys.exit(_run(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
