"""One change of one setting: which gates it touches, whether they could live with it, and the change itself."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import connection

from fleet.configuration.checks import faults
from fleet.configuration.said import Place, Said, gates, with_bases
from fleet.locks import Lock
from fleet.registry.levels import Setting
from gate.config_levels import value_in

if TYPE_CHECKING:
    from fleet.registry.models import Device


@dataclass(frozen=True, slots=True)
class Touched:
    """A gate for which something else holds after a change."""

    device: Device
    before: Any
    """What held: set from here, or by hand; None: nothing was."""
    after: Any
    faults: tuple[str, ...]
    """Why it could not live with it."""
    known: bool
    """Whether the gate has told what was set on it by hand."""


@dataclass(frozen=True, slots=True)
class Change:
    """What would be set where; ``value`` None: nothing any more."""

    place: Place
    name: str
    value: Any

    def touched(self, said: Said) -> list[Touched]:
        """The gates that it touches; those of which a narrower level says something else are none."""
        new, found = said.changed(self.place, self.name, self.value), []
        for device, base in with_bases(gates(self.place)):
            before, after = said.values(device), new.values(device)
            if before == after:
                continue
            by_hand = value_in(base or {}, self.name)
            found.append(
                Touched(
                    device,
                    before.get(self.name, by_hand),
                    after.get(self.name, by_hand),
                    faults(base, after),
                    base is not None,
                )
            )
        return found

    def digest(self, touched: list[Touched]) -> str:
        """The same for the same change of the same gates, so that nobody makes one that he has not seen."""
        gates_ = [(one.device.id, one.before, one.after) for one in touched]
        shown = msgspec.json.encode([self.place.level, self.place.id, self.name, self.value, gates_])
        return sha256(shown).hexdigest()

    def make(self, who: str) -> None:
        """Do it, in a transaction that ``alone`` was called in."""
        row = Setting.objects.filter(name=self.name, **self.place.columns)
        if self.value is None:
            row.delete()
        elif not row.update(value=self.value, set_by=who):
            Setting.objects.create(name=self.name, value=self.value, set_by=who, **self.place.columns)


def alone() -> None:
    """Wait until nobody else changes settings, until the end of the transaction."""
    with connection.cursor() as link:
        link.execute("SELECT pg_advisory_xact_lock(%s)", (Lock.SETTINGS,))
