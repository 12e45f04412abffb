"""Whether the machine's clock may be believed. Pure: what the clocks show, and what others say, are arguments.

* Below the *floor* no clock can be right. It rises only to time that was proved, see ``witnessed``: neither a stranger
  on the wire nor this machine's own clock can lift it. What a rule set says of its own issue is a floor too, while the
  set is held (``raised``).
* From the floor on, the clock has to be *shown right* once: it was set from the network since the start, a battery kept
  it, or servers that proved who they are agree with it. A clock that stood still while the power was away is above the
  floor, and wrong.
* From then on its *anchor* (what it showed, and what the steady clock showed) tells what it must show. Where it shows
  something else, somebody has set it: it is not believed until it is back or servers agree with it.
* Servers who proved themselves are *witnesses*. One that disagrees may itself be wrong: several in a row count.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

TOLERANCE_S: Final = 120
"""How far a witness may be off: rules ask for hours, and five minutes ahead are a fault (DESIGN section 5)."""
SETTLING_S: Final = 30
"""What the clock may be set by at once without anybody asking why."""
BATTERY_OFF_S: Final = 900
"""What a battery's clock may be found off by when the network sets it right for the first time."""
DRIFT: Final = 200e-6
"""How fast a cheap crystal may go wrong: 17 s a day, which the next synchronisation sets right."""
AGREEING: Final = 3
"""In a row, before a clock that is not believed is believed again, and the floor rises."""
DISAGREEING: Final = 3
"""In a row, before a clock that is believed is not believed any more."""
APART_S: Final = 5.0
"""Two answers of one server within so short a time are one observation."""
_NOBODY: Final[Mapping[str, float]] = MappingProxyType({})


class Keeper(StrEnum):
    """Who says that the clock is right."""

    BATTERY = "battery"
    NETWORK = "network"
    """It was synchronised; whoever holds the network can forge that."""
    WITNESS = "witness"
    """Servers that proved who they are."""


class Doubt(StrEnum):
    """Why the clock is not believed."""

    BEFORE_FLOOR = "before_floor"
    NOT_SHOWN_RIGHT = "not_shown_right"
    SET_BY_SOMEBODY = "set_by_somebody"
    CONTRADICTED = "contradicted"
    """By the witnesses."""


@dataclass(frozen=True, slots=True)
class Look:
    """Both clocks of the machine at one instant."""

    at: datetime
    """What it shows; timezone-aware."""
    steady: float
    """Seconds since the start of the machine; nobody can set them."""


@dataclass(frozen=True, slots=True)
class ClockTrust:
    """What is known about the clock so far."""

    floor: datetime
    """The build of this software, or what witnesses proved since."""
    anchor: Look | None = None
    """When it was shown right last; None: not since the start of the machine."""
    keeper: Keeper | None = None
    """Who said so."""
    signed: datetime | None = None
    """The latest issue of what is held; ends with the process."""
    contradicted: bool = False
    agreeing: int = 0
    disagreeing: int = 0
    """Witnesses in a row."""
    heard: Mapping[str, float] = field(default_factory=lambda: _NOBODY)
    """Witness -> when it was counted last, on the steady clock."""

    def doubt(self, now: Look) -> Doubt | None:
        """Why the clock is not to be believed at this instant; None: it is."""
        if self._is_past(now):
            return Doubt.BEFORE_FLOOR
        if self.contradicted:
            return Doubt.CONTRADICTED
        if self.anchor is None:
            return Doubt.NOT_SHOWN_RIGHT
        return Doubt.SET_BY_SOMEBODY if self._was_set(self.anchor, now) else None

    def kept(self, keeper: Keeper, now: Look) -> ClockTrust:
        """After this machine said that its clock is right, by its battery or from the network.

        It counts once, where nothing is known, and the network may then set a battery's clock right by a little: what
        can be forged does not go on moving a clock that is believed.
        """
        if self._is_past(now):
            return self
        if self.anchor is not None:
            first = self.keeper is Keeper.BATTERY and keeper is Keeper.NETWORK
            if not first or abs(_moved(self.anchor, now)) > BATTERY_OFF_S:
                return self
        return replace(self, anchor=now, keeper=keeper)

    def witnessed(self, server: str, date: datetime, now: Look) -> ClockTrust:
        """After a server that proved who it is said what time it is there.

        The floor rises where several agree with this clock in a row, to what they say less the tolerance: neither a
        wrong server alone nor a wrong clock alone can lift it.
        """
        if (date - self.floor).total_seconds() < -TOLERANCE_S:
            return self  # the server's clock is wrong
        if now.steady - self.heard.get(server, -APART_S) < APART_S:
            return self
        heard = MappingProxyType({**self.heard, server: now.steady})
        if abs((date - now.at).total_seconds()) > TOLERANCE_S:
            against = self.disagreeing + 1
            contradicted = self.contradicted or against >= DISAGREEING
            return replace(self, heard=heard, agreeing=0, disagreeing=against, contradicted=contradicted)
        agreeing = self.agreeing + 1
        told = replace(self, heard=heard, agreeing=agreeing, disagreeing=0)
        if agreeing < AGREEING:
            return told
        proved = max(self.floor, date - timedelta(seconds=TOLERANCE_S))
        return replace(told, anchor=now, keeper=Keeper.WITNESS, contradicted=False, floor=proved)

    def raised(self, to: datetime) -> ClockTrust:
        """After something was read that is held to have been issued at ``to``."""
        return replace(self, signed=to if self.signed is None else max(self.signed, to))

    def _is_past(self, now: Look) -> bool:
        return now.at < self.floor or (self.signed is not None and now.at < self.signed)

    def _was_set(self, anchor: Look, now: Look) -> bool:
        return abs(_moved(anchor, now)) > SETTLING_S + DRIFT * abs(now.steady - anchor.steady)


def _moved(anchor: Look, now: Look) -> float:
    """By how many seconds the clock was set since then."""
    return (now.at - anchor.at).total_seconds() - (now.steady - anchor.steady)
