"""What a passage sensor says about a release: taken or not, jammed, or somebody who was not released at all.

Times are arguments (monotonic seconds), and whoever owns it calls ``tick`` at ``deadline``.
The sensor is a light beam that is blocked while somebody is inside, or a contact that closes once a turn of the arm.
Contacts chatter and people swing bags, so that a change counts only after it has lasted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from gate.model import PassageResult

BLOCKED_SETTLES_S: Final = 0.02
"""Shorter than the shortest pulse of a turning arm, longer than a contact chatters."""
CLEAR_SETTLES_S: Final = 0.1
"""A gap between leg and bag is no end of a person."""


class Sign(Enum):
    """What happened besides the end of a release."""

    UNRELEASED = "somebody passed who had not been released"
    JAM = "the passage sensor stays blocked: free the passage, or look after sensor and wire"
    JAM_OVER = "the passage is free again"


@dataclass(frozen=True, slots=True)
class Over:
    """The release is over; None: nobody knows how."""

    result: PassageResult | None


Happening = Sign | Over


class PassageWatch:
    """One passage, one release at a time.

    Args:
        within_s: how long a released person may take to come.
        jam_s: how long anybody may stay inside.
        sensor: whether there is one; without, a release is over at once and nobody knows how.
    """

    def __init__(self, within_s: float, jam_s: float, *, sensor: bool) -> None:
        self._within_s = within_s
        self._jam_s = jam_s
        self._sensor = sensor
        self._raw = False
        self._settles: float | None = None
        self._blocked = False
        self._jams: float | None = None
        self._jammed = False
        self._take_by: float | None = None
        self._fire = False
        self._fire_seen = False

    @property
    def deadline(self) -> float | None:
        """When ``tick`` is due; None: not before something else happens."""
        inside = (self._blocked or self._raw) and not self._jammed
        untaken = None if inside else self._take_by
        dues = [due for due in (self._settles, self._jams, untaken) if due is not None]
        return min(dues, default=None)

    def release(self, now: float) -> None:
        """Somebody is let through from now on."""
        if self._take_by is not None:
            raise RuntimeError("one release at a time")
        self._take_by = now + (self._within_s if self._sensor else 0)
        self._fire_seen = self._fire

    def sensed(self, now: float, *, blocked: bool) -> list[Happening]:
        """The sensor changed, or chattered."""
        happened = self.tick(now)
        self._raw = blocked
        wait = BLOCKED_SETTLES_S if blocked else CLEAR_SETTLES_S
        self._settles = None if blocked == self._blocked else now + wait
        return happened

    def fire(self, now: float, *, active: bool) -> list[Happening]:
        """The fire alarm holds the barrier open, or does so no longer."""
        happened = self.tick(now)
        self._fire = active
        self._fire_seen |= active
        return happened

    def tick(self, now: float) -> list[Happening]:
        """Everything that fell due until now, in its order."""
        happened: list[Happening] = []
        while (due := self.deadline) is not None and due <= now:
            if due == self._settles:
                happened += self._settle(due)
            elif due == self._jams:
                happened += self._stays_blocked(due)
            else:
                happened.append(self._end(PassageResult.NOT_TAKEN if self._sensor else None))
        return happened

    def _settle(self, at: float) -> list[Happening]:
        self._settles, self._blocked = None, self._raw
        if self._blocked:
            self._jams = at + self._jam_s
            return []
        self._jams = None
        if self._jammed:
            self._jammed = False
            return [Sign.JAM_OVER]
        if self._take_by is not None:
            self._take_by = None
            return [Over(PassageResult.PASSED)]
        return [] if self._fire else [Sign.UNRELEASED]

    def _stays_blocked(self, at: float) -> list[Happening]:
        self._jams = at + self._jam_s if self._fire else None  # a crowd in flight is no jam
        self._jammed = not self._fire
        over: list[Happening] = [] if self._take_by is None else [self._end(PassageResult.JAMMED)]
        return [Sign.JAM, *over] if self._jammed else over

    def _end(self, result: PassageResult | None) -> Over:
        """End the release; where the fire alarm held the barrier open meanwhile, nobody knows who took it."""
        self._take_by = None
        return Over(None if self._fire_seen else result)
