"""The operator's keys of the day: who was there is sealed to them, and only their private halves open it.

They come with what is signed, months ahead; ``gate.trust.sealing_keys`` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey


@dataclass(frozen=True, slots=True)
class SealingKey:
    """One key, for the days from the first to the last, both inclusive."""

    id: str
    first_day: date
    last_day: date
    public_key: X25519PublicKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """All that a gate was given, whatever their days."""

    keys: tuple[SealingKey, ...] = ()

    def of(self, day: date) -> SealingKey | None:
        """The key of a day; of several the one that began last."""
        return max(
            (key for key in self.keys if key.first_day <= day <= key.last_day),
            key=lambda key: key.first_day,
            default=None,
        )

    def newest_until(self, day: date) -> SealingKey | None:
        """The key that began last of those that had begun by a day, over or not."""
        return max((key for key in self.keys if key.first_day <= day), key=lambda key: key.first_day, default=None)

    @property
    def last_day(self) -> date | None:
        """Until when they last; None where there is none."""
        return max((key.last_day for key in self.keys), default=None)


NO_SEALING_KEYS: Final = SealingKeys()
