"""A circuit breaker: a server that failed several times is left alone for a while, then tried once.

Pure: time and chance are arguments. Closed → open after ``failures`` in a row → one trial (half-open) once the pause is
over → closed, or open for longer. The pause is drawn from the whole range (full jitter), so that devices which lost
the same server don't come back as one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """When a server is left alone, and for how long at most."""

    failures: int = 3
    """In a row."""
    first_pause_s: float = 2.0
    longest_pause_s: float = 60.0

    def longest_after(self, trials: int) -> float:
        """The upper end of the pause after so many trials in vain, in seconds."""
        doublings = min(trials, 32)  # beyond any limit that makes sense, and no number too large for a float
        return min(self.first_pause_s * (1 << doublings), self.longest_pause_s)


DEFAULT: Final = Limits()


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state after what happened so far; asked and told by one caller at a time, or under its lock."""

    limits: Limits = DEFAULT
    failed_in_a_row: int = 0
    trials: int = 0
    """In vain, since the last good answer."""
    paused_until: float | None = None
    """None: everybody may ask. Else nobody before this time (s, on the caller's monotonic clock), then one."""
    on_trial: bool = False
    """Somebody is asking; until that is known nobody else does."""

    def lets_ask(self, now: float) -> bool:
        """Whether the server may be asked; who does says ``asking`` first."""
        return self.paused_until is None or (now >= self.paused_until and not self.on_trial)

    def asking(self) -> Breaker:
        """Somebody asks now, having been let."""
        return self if self.paused_until is None else replace(self, on_trial=True)

    def answered(self) -> Breaker:
        """It answered: nothing is held against it any more."""
        return Breaker(self.limits)

    def failed(self, now: float, chance: float) -> Breaker:
        """It failed.

        Args:
            now: as in ``lets_ask``.
            chance: 0 to 1, drawn anew: the part of the longest pause that is taken.
        """
        failed = self.failed_in_a_row + 1
        if self.paused_until is None and failed < self.limits.failures:
            return replace(self, failed_in_a_row=failed)
        if self.paused_until is not None and not self.on_trial:
            return self  # asked before the breaker opened; the pause stands
        trials = self.trials + 1 if self.on_trial else self.trials
        pause = chance * self.limits.longest_after(trials)
        return Breaker(self.limits, failed, trials, now + pause)
