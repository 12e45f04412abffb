"""What this machine itself knows of its clock: whether it was set from the network, or kept by a battery."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from gate.clock_trust import Keeper

SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes it when it has set the clock; it goes with the next start of the machine."""
BATTERY_CLOCK: Final = Path("/sys/class/rtc/rtc0")
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
BATTERY_S: Final = 60
"""How far the battery's clock and the machine's may be apart: one without a battery begins in 1970 or 2000."""
_WAIT_S: Final = 5


def keeper() -> Keeper | None:
    """Who of this machine says that its clock is right. Blocks for seconds where the system's services are slow."""
    if SYNCHRONISED.exists() or _synchronised_by_another():
        return Keeper.NETWORK
    return Keeper.BATTERY if kept_by_battery(BATTERY_CLOCK) else None


def kept_by_battery(clock: Path) -> bool:
    """Whether the machine took its time from a clock with a battery that still agrees with it."""
    try:
        set_by_it = (clock / "hctosys").read_text("ascii").strip() == "1"
        shows = int((clock / "since_epoch").read_text("ascii"))
    except (OSError, ValueError):
        return False
    return set_by_it and abs(shows - time.time()) <= BATTERY_S


def boot_id() -> str:
    """Tells one start of the machine from another; empty where the system does not say."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _synchronised_by_another() -> bool:
    """What the kernel was told by whatever sets the clock, e.g. chrony; the unit may not ask it itself (adjtimex)."""
    if (tool := shutil.which("timedatectl")) is None:
        return False
    command = [tool, "show", "--property=NTPSynchronized", "--value"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_WAIT_S, check=False)  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == b"yes"
