"""Where this device's keys are kept, and what a thief has by that: said plainly, since it decides what may lie here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final


class Tier(StrEnum):
    """Who holds the keys, the best first."""

    HARDWARE = "hardware"
    """A TPM or a secure element: they can be used on this board, and read nowhere."""
    OTP = "otp"
    """The one-time programmable memory of a Raspberry Pi: whoever is root on this board reads them."""
    FILE = "file"
    """Files on the card."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How keys are kept, and what that means."""

    tier: Tier
    stolen_card: str
    stolen_box: str
    unused: tuple[Tier, ...] = ()
    """Better tiers that this board has."""


_FOUND: Final = {
    Tier.HARDWARE: ("dev/tpmrm0",),
    Tier.OTP: ("sys/bus/nvmem/devices/rpi_otp_private0/nvmem", "sys/bus/nvmem/devices/rpi_otp0/nvmem"),
}


def keeping(root: Path = Path("/")) -> Keeping:
    """Of this device.

    This version keeps its keys in files, whatever the board has.

    Args:
        root: of the file system.
    """
    return Keeping(
        Tier.FILE,
        stolen_card="the pseudonym key, and so by trial who is in the personal lists and in the journal's pseudonyms, "
        "until the lease is over; not the boxes, which only the operator opens",
        stolen_box="the same as a stolen card",
        unused=tuple(tier for tier, places in _FOUND.items() if any((root / place).exists() for place in places)),
    )
