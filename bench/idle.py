"""What a gate costs while nobody comes: memory, processor, and how long it takes to be ready.

The daemon in a process of its own as systemd starts it, with a socket to tell when it is ready; the demonstration's
configuration, records and bundle, simulated devices on real wires. Of the memory only the daemon's own process counts:
the picture decoder is a process apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.app.demo.certificates import certificates
from gate.app.demo.devices import Devices
from gate.app.demo.people import people
from gate.app.demo.stage import CONFIG, fill, install
from gate.config_file import load

if TYPE_CHECKING:
    from asyncio.subprocess import Process

READY_S: Final = 60.0
SETTLE_S: Final = 1.0
"""What a start leaves to be done is done by then."""
WATCHED_S: Final = 3.0
_MIB: Final = 1 << 20


@dataclass(slots=True)
class IdleCosts:
    """One value a start."""

    ready_s: list[float] = field(default_factory=list)
    """From the start of the process to ``READY=1``."""
    rss_mib: list[float] = field(default_factory=list)
    core_percent: list[float] = field(default_factory=list)
    """Of one core, over the time that it was watched."""


def measure(starts: int) -> IdleCosts:
    """Start a gate so many times."""
    costs = IdleCosts()
    for _ in range(starts):
        with tempfile.TemporaryDirectory(prefix="gate-idle-") as state:
            asyncio.run(_measure(Path(state), costs))
    return costs


async def _measure(state: Path, costs: IdleCosts) -> None:
    installed = install(CONFIG, state)
    with installed.open("a", encoding="utf-8") as file:
        file.write("\n[kiosk]\nport = 0\n")  # a gate that runs on this machine keeps its own
    config = load(installed, state)
    assert config.demo is not None  # noqa: S101 - it is the demonstration's
    everybody = people(config.demo.clock)
    fill(config, everybody, certificates(config.demo.clock))
    with contextlib.closing(Devices(state, everybody, _nobody_asks, _nobody_asks)), _manager(state) as manager:
        began = time.monotonic()
        gate = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "gate", "run", "--config", str(installed), "--state", str(state)),
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "15000000"},
        )
        try:
            async with asyncio.timeout(READY_S):
                told = await asyncio.get_running_loop().sock_recv(manager, 4096)
            assert told == b"READY=1"  # noqa: S101 - nothing is told before
            costs.ready_s.append(time.monotonic() - began)
            await _watch(gate, costs)
        finally:
            with contextlib.suppress(ProcessLookupError):
                gate.terminate()
            await gate.wait()


async def _watch(gate: Process, costs: IdleCosts) -> None:
    await asyncio.sleep(SETTLE_S)
    before = _processor_s(gate.pid)
    await asyncio.sleep(WATCHED_S)
    costs.core_percent.append((_processor_s(gate.pid) - before) / WATCHED_S * 100)
    costs.rss_mib.append(_statm(gate.pid) / _MIB)


def _manager(state: Path) -> contextlib.closing[socket.socket]:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(state / "notify"))
    listener.settimeout(0)
    return contextlib.closing(listener)


async def _nobody_asks(_: str) -> None:
    """Devices that are only there."""


def _statm(pid: int) -> int:
    """Bytes of memory that are in use (RSS)."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _processor_s(pid: int) -> float:
    """Seconds that a process has computed so far, its threads included."""
    spent = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(") ", 1)[1].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")
