"""The last lines of the gate's units from systemd's journal, less everything that is not the program's own words.

Lines about single presentations are left out: when somebody was refused, and why, is nobody else's business even
without a name. What they say about time is told as a summary.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from gate.app.doctor.machine import WAIT_S
from gate.app.log_tail import OF_ONE_PERSON
from gate.app.logs import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.app.doctor.case import Case

LINES: Final = 2000
_UNITS: Final = ("gate.service", "gate-camera.service", "gate-kiosk.service")
_TIMES: Final = ("decision_ms", "commit_ms", "sound_ms")
_EVENT: Final = re.compile(r"[A-Z]+ [\w.]+ ([a-z-]+)")
_LONGEST: Final = 600


def log(case: Case) -> str:
    """Filtered lines, oldest first."""
    if (tool := shutil.which("journalctl")) is None:
        return "there is no journalctl here\n"
    units = [word for unit in _UNITS for word in ("--unit", unit)]
    command = [tool, *units, "--lines", str(LINES), "--output", "json", "--no-pager"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=WAIT_S, check=False)  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired):
        return "journalctl does not answer\n"
    times: dict[str, list[float]] = defaultdict(list)
    lines = list(_lines(done.stdout.decode("utf-8", "replace"), case, times))
    summary = [
        f"{name}: {len(found)} presentations, median {statistics.median(found):.0f}, longest {max(found):.0f}"
        for name, found in times.items()
    ]
    return "\n".join([*summary, "", *lines]) + "\n" if lines or summary else "no lines\n"


def _lines(output: str, case: Case, times: dict[str, list[float]]) -> Iterator[str]:
    for row in output.splitlines():
        try:
            entry = json.loads(row)
            at = datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
            unit, message = str(entry.get("_SYSTEMD_UNIT") or entry.get("UNIT")), entry["MESSAGE"]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
            continue
        if not isinstance(message, str):  # not UTF-8
            continue
        event = _EVENT.match(message)
        if event is not None and event[1] in OF_ONE_PERSON:
            _note(message, times)
            continue
        shown = case.words.only(message.replace("\n", " ")[:_LONGEST])
        yield f"{at:%Y-%m-%dT%H:%M:%SZ} {unit if unit in _UNITS else '-'} {shown}"


def _note(message: str, times: dict[str, list[float]]) -> None:
    try:
        values: dict[str, Any] = parse(message)
    except (ValueError, RecursionError):
        return
    for name in _TIMES:
        if isinstance(values.get(name), int | float):
            times[name].append(float(values[name]))
