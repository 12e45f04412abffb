"""Where this device's keys are kept, and what a thief has by that: said plainly, since it decides what may lie here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.errors import ConfigError
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


def require_hardware(what: str, tier: KeyTier = TIER) -> None:
    """Refuse to keep what a stolen card would give away.

    Raises:
        ConfigError: the key is not in a chip that does not give it away.
    """
    if tier is not KeyTier.HARDWARE:
        raise ConfigError(
            f"{what} is kept only by a gate whose key is held in hardware (TPM or secure element), since a stolen card "
            f'would tell everybody\'s status; this one keeps it as "{tier}": take the line out, and use exceptions'
        )
