"""Time as a fact that can be missing.

A Raspberry Pi has no clock battery: after a power cut it may believe any date. The clock is trusted only while it
shows no earlier than the floor, the latest moment that is known to have passed from a source that nobody on the wire
can forge: the build of this software and the ``issued_at`` of rule sets, which are files of this machine.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

from gate.model import Moment

BUILT_AT = datetime(2026, 11, 21, tzinfo=UTC)
"""No clock that shows less than this can be right."""


class Clock(Protocol):
    """Where the one ``now`` of a presentation comes from."""

    def moment(self) -> Moment: ...

    @property
    def floor(self) -> datetime:
        """It is at least this now."""
        ...

    def raise_floor(self, to: datetime) -> None:
        """Take note of time that is believed: it is at least ``to`` now."""
        ...


class SystemClock:
    """The machine's own clock, trusted from the floor on."""

    def __init__(self, floor: datetime = BUILT_AT) -> None:
        self._floor = floor

    def moment(self) -> Moment:
        now = datetime.now(UTC)
        return Moment(now, trusted=now >= self._floor)

    @property
    def floor(self) -> datetime:
        return self._floor

    def raise_floor(self, to: datetime) -> None:
        self._floor = max(self._floor, to)


class DemoClock:
    """Starts at a chosen moment and runs on with the machine; only a demonstration may use it."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._origin = time.monotonic()

    def moment(self) -> Moment:
        elapsed = time.monotonic() - self._origin
        return Moment(datetime.fromtimestamp(self._start.timestamp() + elapsed, UTC), trusted=True)

    @property
    def floor(self) -> datetime:
        return self._start

    def raise_floor(self, to: datetime) -> None:
        """The chosen moment stands: a demonstration replays days long past."""
