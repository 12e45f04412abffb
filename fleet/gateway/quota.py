"""How often an interface may be asked: by the whole city, and for one gate. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fleet.gateway.trouble import Trouble

if TYPE_CHECKING:
    from fleet.gateway.adapter import Quota

MOST_GATES: Final = 65_536
"""Those that were quiet for longest are forgotten first: their buckets are full again."""


@dataclass(slots=True)
class Bucket:
    """So many at once, and then so many a second."""

    a_second: float
    most: float
    left: float
    at: float

    def fill(self, now: float) -> bool:
        """What has come in by ``now`` (s, monotonic); whether one may be taken."""
        self.left = min(self.most, self.left + max(now - self.at, 0.0) * self.a_second)
        self.at = now
        return self.left >= 1


class Quotas:
    """Those of one interface."""

    def __init__(self, quota: Quota, now: float) -> None:
        self._quota = quota
        self._city = Bucket(quota.a_second, quota.at_once, quota.at_once, now)
        self._gates: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, gate: str, now: float) -> Trouble | None:
        """Count one question of a gate's at ``now`` (s, monotonic); why not, or None."""
        a_minute = self._quota.gate_a_minute
        own = self._gates.setdefault(gate, Bucket(a_minute / 60, a_minute, a_minute, now))
        self._gates.move_to_end(gate)
        if len(self._gates) > MOST_GATES:
            self._gates.popitem(last=False)
        if not own.fill(now):
            return Trouble.GATE_QUOTA
        if not self._city.fill(now):
            return Trouble.CITY_QUOTA
        own.left -= 1
        self._city.left -= 1
        return None
