"""Lines of the kernel's simulated GPIO chip (gpio-sim) in the machine, looked at and pulled through its console."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LINES: Final = 28
LABEL: Final = "pinctrl-bcm2711"
"""A Raspberry Pi 4's."""
_CONFIG: Final = "/sys/kernel/config/gpio-sim/gate"


def assembly(names: Mapping[int, str]) -> str:
    """Shell commands that make the chip; prints its name and its device's."""
    lines = [
        "modprobe gpio-sim",
        "mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config",
        f"mkdir -p {_CONFIG}/bank0",
        f"echo {LINES} > {_CONFIG}/bank0/num_lines",
        f"echo {LABEL} > {_CONFIG}/bank0/label",
    ]
    for number, name in sorted(names.items()):
        lines += [
            f"mkdir -p {_CONFIG}/bank0/line{number}",
            f"echo {shlex.quote(name)} > {_CONFIG}/bank0/line{number}/name",
        ]
    lines += [f"echo 1 > {_CONFIG}/live", f"cat {_CONFIG}/bank0/chip_name {_CONFIG}/dev_name"]
    return " && ".join(lines)


_PI = """
set -e
(cat /proc/cpuinfo && echo 'Revision : c03112') > /run/cpuinfo
mkdir -p /run/systemd/system/gate.service.d
printf '[Service]\\nBindReadOnlyPaths=/run/cpuinfo:/proc/cpuinfo\\n' > /run/systemd/system/gate.service.d/pi.conf
systemctl daemon-reload
"""
"""gpiozero asks which Pi this is before it opens a line."""


class SimulatedGpio:
    """One chip, in a machine that says of itself that it is a Raspberry Pi 4; to be made before the gate starts.

    Args:
        run: runs a shell command as root in the machine and gives what it printed; raises where it fails.
        names: what a Pi calls its lines.
    """

    def __init__(self, run: Callable[[str], str], names: Mapping[int, str]) -> None:
        self._run = run
        self.chip, device = run(assembly(names)).split()[-2:]
        run(_PI)
        self._folder = f"/sys/devices/platform/{device}/{self.chip}"

    def level(self, line: int) -> bool:
        """Whether a line is high now, driven or pulled."""
        return self._run(f"cat {self._folder}/sim_gpio{line}/value").strip() == "1"

    def pull(self, line: int, *, up: bool) -> None:
        """What hangs on a line pulls it up or down."""
        self._run(f"echo pull-{'up' if up else 'down'} > {self._folder}/sim_gpio{line}/pull")
