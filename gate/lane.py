"""One lane serves one person at a time: the table of what may follow what.

::

    idle ──presented──> deciding ──refused──> idle
                           │
                        released (a pass was recorded, spoken and let out)
                           v
                        released ──passed / not taken / jammed / time out──> idle
                           │
                           └──presented──> deciding   (the next person; the release before is closed as it is)

Pure: no clock, no device. ``app`` asks the lane, then acts. A transition that the table does not hold is a bug.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class LaneState(StrEnum):
    """Where the lane stands."""

    IDLE = "idle"
    DECIDING = "deciding"
    RELEASED = "released"


class LaneEvent(StrEnum):
    """What can happen to it."""

    PRESENTED = "presented"
    REFUSED = "refused"
    """Decided as ``refer`` or ``retry``."""
    RELEASE = "release"
    PASSED = "passed"
    NOT_TAKEN = "not_taken"
    JAMMED = "jammed"
    TIME_OUT = "time_out"
    """Nothing watches the barrier here, or nobody came: authorised is not passed."""


TRANSITIONS: Final[dict[tuple[LaneState, LaneEvent], LaneState]] = {
    (LaneState.IDLE, LaneEvent.PRESENTED): LaneState.DECIDING,
    (LaneState.DECIDING, LaneEvent.REFUSED): LaneState.IDLE,
    (LaneState.DECIDING, LaneEvent.RELEASE): LaneState.RELEASED,
    (LaneState.RELEASED, LaneEvent.PASSED): LaneState.IDLE,
    (LaneState.RELEASED, LaneEvent.NOT_TAKEN): LaneState.IDLE,
    (LaneState.RELEASED, LaneEvent.JAMMED): LaneState.IDLE,
    (LaneState.RELEASED, LaneEvent.TIME_OUT): LaneState.IDLE,
    (LaneState.RELEASED, LaneEvent.PRESENTED): LaneState.DECIDING,
}


class Lane:
    """Holds the state; ``busy`` lanes answer "one at a time" and count it."""

    def __init__(self) -> None:
        self.state = LaneState.IDLE
        self.turned_away = 0
        """How many were presented while somebody else was being decided about."""

    @property
    def busy(self) -> bool:
        return (self.state, LaneEvent.PRESENTED) not in TRANSITIONS

    def turn_away(self) -> None:
        self.turned_away += 1

    def apply(self, event: LaneEvent) -> LaneState:
        """Follow the table.

        Raises:
            RuntimeError: this event can't happen in this state; the program is wrong, not the world.
        """
        following = TRANSITIONS.get((self.state, event))
        if following is None:
            raise RuntimeError(f"lane: {event.value} can't happen while {self.state.value}")
        self.state = following
        return following
