"""Which key a record is sealed to, and what goes into the box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from gate.journal.sealing import seal

if TYPE_CHECKING:
    from gate.app.judge import HoldsTrust
    from gate.clock import Clock
    from gate.credentials.sealing_keys import SealingKey
    from gate.model import Credential, Moment

UNSEALED: Final = "unsealed"
"""Mark of a record that should say who was there and does not, since there was no key of the day."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals what a credential says about whose it is."""

    trust: HoldsTrust
    time_zone: str
    clock: Clock

    def key(self, moment: Moment) -> SealingKey | None:
        """The key of the presentation's local day; None where there is none.

        Where the clock is not trusted nobody knows the day: it is that of the floor or a later one, and the key of the
        floor, or the last one before it, is the one least likely to be destroyed already.
        """
        keys, zone = self.trust.current.sealing_keys, ZoneInfo(self.time_zone)
        if moment.trusted:
            return keys.of(moment.at.astimezone(zone).date())
        return keys.newest_until(self.clock.floor.astimezone(zone).date())

    def box(self, presentation: str, credential: Credential, key: SealingKey | None) -> tuple[bytes | None, str | None]:
        """The box and its key's id; twice None where there is no key, or no document to seal."""
        holder = credential.holder
        if key is None or holder is None or holder.document is None:
            return None, None
        return seal((holder.document, *holder.also), key, presentation), key.id
