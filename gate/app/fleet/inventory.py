"""What this gate is made of."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate import __version__
from gate.keys import TIER
from gate.wire.inventory import Inventory, Part, Place

if TYPE_CHECKING:
    from gate.config import FleetConfig, GateConfig

_BOARD: Final = Path("/proc/device-tree/model")
_MOST_CHARACTERS: Final = 200


def inventory(config: GateConfig, fleet: FleetConfig, base: str | None) -> Inventory:
    """What this gate is made of; what can't be found out is left out or said to be unknown.

    Args:
        config: as it is in force.
        fleet: where it is told.
        base: JSON of what was set by hand.
    """
    here = config.checkpoint
    parts = [Part(reader.name, reader.driver) for reader in config.readers]
    if config.thermometer is not None:
        parts.append(Part("thermometer", config.thermometer.driver))
    if config.barrier is not None:
        parts.append(Part("barrier", config.barrier.driver))
    return Inventory(
        device=fleet.device,
        software=__version__,
        python=platform.python_version(),
        system=_system(),
        kernel=platform.release() or "unknown",
        machine=platform.machine() or "unknown",
        board=board(),
        processors=os.cpu_count() or 0,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        place=Place(here.id, here.site_class, here.zone, here.lane),
        parts=tuple(parts),
        key_tier=TIER,
        base=base,
    )


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"


def board() -> str | None:
    """What the board calls itself; None: it does not say."""
    try:
        text = _BOARD.read_text("ascii", "replace")
    except OSError:
        return None
    return re.sub(r"[^ -~]", "", text)[:_MOST_CHARACTERS] or None
