"""How often somebody was just asked to try again: a rule set may say when that has to end with a person.

Counted by holder where the holder is known, else by reader. Only in memory, and only for two minutes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Hashable

WINDOW_S: Final = 120.0
MOST_KEPT: Final = 256


@dataclass(slots=True)
class _Count:
    retries: int
    last: float


class Attempts:
    """Retries by key; ``now`` is ``time.monotonic()``."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Hashable, _Count] = OrderedDict()

    def retries(self, key: Hashable, now: float) -> int:
        """How often this one was asked to try again, without another outcome since."""
        count = self._counts.get(key)
        return 0 if count is None or now - count.last > WINDOW_S else count.retries

    def note(self, key: Hashable, outcome: Outcome, now: float) -> None:
        """Take note of an outcome; anything but a retry ends the count."""
        retries = self.retries(key, now)
        self._counts.pop(key, None)
        if outcome is Outcome.RETRY:
            self._counts[key] = _Count(retries + 1, now)
            if len(self._counts) > MOST_KEPT:
                self._counts.popitem(last=False)
