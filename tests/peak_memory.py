"""The most memory that this process has used since a moment, as the kernel counts it."""

from __future__ import annotations

import resource
from pathlib import Path

_RESET_PEAK = "5"
"""To ``/proc/self/clear_refs`` (proc(5)): the peak begins again at what is in use now."""


def restart() -> int:
    """Forget the peak so far; gives the present use in bytes."""
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    return peak()


def peak() -> int:
    """Bytes of memory in use at the highest moment since ``restart``."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
