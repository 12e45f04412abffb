"""The machine that the gate runs on. Its name is not told: people name machines after people and places."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate import __version__, clock_file, clock_sources
from gate.clock import BUILT_AT, look
from gate.errors import ClockFileFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.app.doctor.case import Case

_MOST_PACKAGES: Final = 400
_LITTLE: Final = 50 * 1024 * 1024
_UNITS: Final = (
    "gate.service",
    "gate-camera.service",
    "gate-kiosk.service",
    "pcscd.socket",
    "systemd-timesyncd.service",
)
_SHOWN: Final = "Id,LoadState,ActiveState,SubState,Result,NRestarts,ExecMainStatus"
WAIT_S: Final = 10


def versions(_: Case) -> str:
    """This program, Python, libraries."""
    installed = sorted({f"{found.name} {found.version}" for found in importlib.metadata.distributions()}, key=str.lower)
    return _text(
        f"gate {__version__}",
        f"Python {platform.python_version()} ({sys.implementation.name})",
        f"SQLite {sqlite3.sqlite_version}",
        ssl.OPENSSL_VERSION,
        "",
        *installed[:_MOST_PACKAGES],
    )


def system(_: Case) -> str:
    """Kernel, board, memory, load, units."""
    release = _first("/etc/os-release", "PRETTY_NAME=").strip('"')
    units = _asked("systemctl", "show", *_UNITS, f"--property={_SHOWN}") or "units: systemctl does not answer"
    return _text(
        f"kernel {platform.system()} {platform.release()} {platform.machine()}",
        f"system {release or 'not known'}",
        f"board {_whole('/proc/device-tree/model') or 'not known'}",
        f"memory {_first('/proc/meminfo', 'MemTotal:')}, available {_first('/proc/meminfo', 'MemAvailable:')}",
        f"load {' '.join(f'{load:.2f}' for load in os.getloadavg())} on {os.cpu_count()} cores",
        f"temperature {_whole('/sys/class/thermal/thermal_zone0/temp') or 'not known'} (thousandths of a degree)",
        "",
        units,
    )


def disk(case: Case) -> str:
    """Space and rights where the gate writes."""
    places = dict.fromkeys((case.state, case.config_file.parent, Path("/"), Path("/tmp"), Path("/run")))  # noqa: S108 - looked at
    return _text(*(line for place in places for line in _place(place)), "", *_files(case))


def _place(place: Path) -> Iterator[str]:
    try:
        usage, about = shutil.disk_usage(place), os.statvfs(place)
    except OSError as fault:
        yield f"{place}: {fault.strerror}"
        return
    full = "FULL, " if usage.free < _LITTLE or (about.f_files and not about.f_favail) else ""
    only = "read-only, " if about.f_flag & os.ST_RDONLY else ""
    inodes = f"{about.f_favail} of {about.f_files} files free"
    yield f"{place}: {full}{only}{usage.free >> 20} of {usage.total >> 20} MiB free, {inodes}"


def _files(case: Case) -> Iterator[str]:
    """What lies in the state directory: sizes and rights, not contents."""
    try:
        entries = sorted(case.state.iterdir())[:200]
    except OSError as fault:
        yield f"{case.state}: {fault.strerror}"
        return
    for entry in entries:
        about = entry.lstat()
        age = int(time.time() - about.st_mtime)
        name = case.words.only(entry.name)
        yield f"{oct(about.st_mode)} uid {about.st_uid} {about.st_size:>12} bytes, {age} s old, {name}"


def clock(case: Case) -> str:
    """What time it is here, and why somebody should believe it."""
    try:
        trust = clock_file.read(case.state / clock_file.NAME, BUILT_AT, clock_sources.boot_id())
    except ClockFileFault as fault:
        return _text(str(fault))
    now = look()
    doubt = trust.doubt(now)
    synchronised = clock_sources.SYNCHRONISED.exists()
    return _text(
        f"now {now.at:%Y-%m-%d %H:%M:%S} UTC, {'trusted' if doubt is None else f'NOT TRUSTED: {doubt}'}",
        f"floor {trust.floor:%Y-%m-%d %H:%M:%S} UTC (built {BUILT_AT:%Y-%m-%d})",
        f"shown right since the start by: {trust.keeper or 'nobody'}",
        f"up {_whole('/proc/uptime').partition(' ')[0]} s",
        f"systemd-timesyncd has {'' if synchronised else 'not '}set it since the start",
        f"the battery's clock agrees: {'yes' if clock_sources.kept_by_battery(clock_sources.BATTERY_CLOCK) else 'no'}",
        f"clock with a battery: {'there' if Path('/sys/class/rtc/rtc0').exists() else 'none'}",
        "",
        _asked("timedatectl", "show", "--property=NTP,NTPSynchronized,Timezone") or "timedatectl does not answer",
        f"told at {datetime.now(UTC):%H:%M:%S}",
    )


def _asked(*command: str) -> str:
    """What a tool of the system says; empty where it is missing or does not answer."""
    if (tool := shutil.which(command[0])) is None:
        return ""
    try:
        done = subprocess.run([tool, *command[1:]], capture_output=True, text=True, timeout=WAIT_S, check=False)  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return ""
    return done.stdout.strip()


def _whole(file: str) -> str:
    try:
        return Path(file).read_text("utf-8", "replace").strip(" \n\0")
    except OSError:
        return ""


def _first(file: str, start: str) -> str:
    """What follows ``start`` in the line that begins with it."""
    found = (line for line in _whole(file).splitlines() if line.startswith(start))
    return next(found, start).removeprefix(start).strip()


def _text(*lines: str) -> str:
    return "\n".join(lines) + "\n"
