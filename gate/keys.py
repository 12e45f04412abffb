"""Where a gate keeps the key that turns numbers into pseudonyms, and what may be kept on it therefore (DESIGN 2.5).

Whoever takes the card out of a gate that keeps its key in a file has key and lists together.
"""

from __future__ import annotations

from enum import StrEnum

from gate.errors import ConfigError


class KeyTier(StrEnum):
    """What it takes to get at the key, the most first."""

    HARDWARE = "hardware"
    """A TPM or secure element holds it and does not give it away."""
    OTP = "otp"
    """Fuses of the Pi: who takes the card has nothing, who takes the box has all."""
    FILE = "file"
    """A file of the state directory."""


CURRENT = KeyTier.FILE
"""What this version can do."""


def require_hardware(tier: KeyTier, what: str) -> None:
    """Raise ConfigError where a stolen card would give away what is kept."""
    if tier is not KeyTier.HARDWARE:
        raise ConfigError(
            f"{what} is kept only by a gate whose key is held in hardware (TPM or secure element), since a stolen card "
            f'would tell everybody\'s status; this one keeps it as "{tier}": take the line out, and use exceptions'
        )
