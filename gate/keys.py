"""Where this device's keys are kept, and what a thief has by that: said plainly, since it decides what may lie here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.wire.heartbeat import KeyTier

TIER: Final = KeyTier.FILE
"""This version keeps its keys in files, whatever the board has."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How keys are kept, and what that means."""

    tier: KeyTier
    stolen_card: str
    stolen_box: str
    unused: tuple[KeyTier, ...] = ()
    """Better tiers that this board has."""


_FOUND: Final = {
    KeyTier.HARDWARE: ("dev/tpmrm0",),
    KeyTier.OTP: ("sys/bus/nvmem/devices/rpi_otp_private0/nvmem", "sys/bus/nvmem/devices/rpi_otp0/nvmem"),
}


def keeping(root: Path = Path("/")) -> Keeping:
    """Of this device.

    Args:
        root: of the file system.
    """
    return Keeping(
        TIER,
        stolen_card="the pseudonym key, and so by trial who is in the personal lists and in the journal's pseudonyms, "
        "until the lease is over; not the boxes, which only the operator opens",
        stolen_box="the same as a stolen card",
        unused=tuple(tier for tier, places in _FOUND.items() if any((root / place).exists() for place in places)),
    )
