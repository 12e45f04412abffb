"""A small child waits for whoever comes along: the next person to present is taken for the companion.

Only in memory, for one child at a time and half a minute: the next family must not inherit the last one's child.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gate.app.judgement import Judgement

WAIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class WaitingChild:
    """A child's presentation that a companion has to complete."""

    reader: str
    judgement: Judgement
    since: float
    """``time.monotonic()``."""


class Companions:
    """Holds the child that waits, if one does."""

    def __init__(self) -> None:
        self._child: WaitingChild | None = None

    def wait(self, child: WaitingChild) -> None:
        """From now on this child waits; one that waited before is given up."""
        self._child = child

    def join(self, judgement: Judgement, now: float) -> WaitingChild | None:
        """The child that this person completes.

        None where none waits, the wait is over, it is the child again, or somebody comes the other way.
        """
        child, self._child = self._child, None
        if child is None or now - child.since > WAIT_S:
            return None
        same = judgement.holder is None or judgement.holder == child.judgement.holder
        if same or judgement.place.direction is not child.judgement.place.direction:
            self._child = child  # nobody else has presented yet
            return None
        return child
