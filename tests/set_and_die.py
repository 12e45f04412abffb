"""A gate that takes new settings and is killed in the middle: a program of its own, so that the kill is a real one.

Every system call that changes its folder is a step; before the one with the given number the process gets SIGKILL.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

from settings_rig import AT_ONCE, DEVICE, Lives, until_restart

from gate.app.settings.slot import SettingsSlot
from gate.app.settings.start import start
from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock

STEPS: Final = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "shutil.rmtree"}


def main(state: Path, last_step: int) -> None:
    """Take what is offered, and say how many steps that took."""
    steps = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal steps
        if event not in STEPS or not str(arguments[0]).startswith(str(state)):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_DIRECTORY):
            return
        steps += 1
        if steps == last_step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    started = start(state / "config" / "demo.toml", state)
    assert started.kept is not None
    slot = SettingsSlot(started, started.kept, AT_ONCE)
    TrustSlot(started.config.trust, state, SystemClock(), slot.offer, DEVICE).refresh()
    until_restart(slot, Lives())
    sys.stdout.write(f"{steps}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
