"""A gate that takes a bundle and is killed in the middle: a program of its own, so that the kill is a real one.

Every system call that changes its folder is a step; before the one with the given number the process gets SIGKILL.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock
from gate.config import TrustConfig, TrustServerConfig

STEPS: Final = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink"}


def main(folder: Path, url: str, last_step: int) -> None:
    """Refresh once and say how many steps it took."""
    config = TrustConfig(root=folder / "root.json", server=TrustServerConfig(url))
    slot = TrustSlot(config, folder / "state", SystemClock())
    steps = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal steps
        if event not in STEPS or not str(arguments[0]).startswith(str(folder / "state")):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_DIRECTORY):
            return
        steps += 1
        if steps == last_step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    slot.refresh()
    sys.stdout.write(f"{steps}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
