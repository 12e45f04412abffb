"""How often one gate may ask. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

A_SECOND: Final = 20.0
BURST: Final = 400.0
"""A gate that comes back after days sends batch after batch."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Rates:
    """A bucket for each gate that has shown its token."""

    def __init__(self) -> None:
        self._buckets: dict[int, _Bucket] = {}

    def allows(self, gate: int, now: float) -> bool:
        """Count one question of a gate's at ``now`` (seconds, monotonic), and say whether it may be answered."""
        bucket = self._buckets.setdefault(gate, _Bucket(BURST, now))
        bucket.left, bucket.at = min(BURST, bucket.left + (now - bucket.at) * A_SECOND), now
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True
