"""Time as a fact that can be missing: the clocks that a gate goes by. Why one is believed: ``gate.clock_trust``."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from gate.clock_trust import ClockTrust, Look
from gate.model import Moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.clock_trust import Doubt, Keeper

BUILT_AT = datetime(2026, 11, 21, tzinfo=UTC)
"""No clock that shows less than this can be right."""


class Clock(Protocol):
    """Where the one ``now`` of a presentation comes from."""

    def moment(self) -> Moment: ...

    def raise_floor(self, to: datetime) -> None:
        """Take note of time that is believed: it is at least ``to`` now."""
        ...

    def heard(self, server: str, date: datetime) -> None:
        """Take note of what a server says that proved who it is; from any thread."""
        ...


class SystemClock:
    """The machine's own clock, trusted from the floor on: for commands, which nobody passes by."""

    def __init__(self, floor: datetime = BUILT_AT) -> None:
        self._floor = floor

    def moment(self) -> Moment:
        now = datetime.now(UTC)
        return Moment(now, trusted=now >= self._floor)

    def raise_floor(self, to: datetime) -> None:
        self._floor = max(self._floor, to)

    def heard(self, server: str, date: datetime) -> None:
        """A command asks nobody."""


class DemoClock:
    """Starts at a chosen moment and runs on with the machine; only a demonstration may use it."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._origin = time.monotonic()

    def moment(self) -> Moment:
        elapsed = time.monotonic() - self._origin
        return Moment(datetime.fromtimestamp(self._start.timestamp() + elapsed, UTC), trusted=True)

    def raise_floor(self, to: datetime) -> None:
        """The chosen moment stands: a demonstration replays days long past."""

    def heard(self, server: str, date: datetime) -> None:
        """The same."""


def look() -> Look:
    """Both clocks of this machine now; the steady one runs on while the machine sleeps."""
    return Look(datetime.now(UTC), time.clock_gettime(time.CLOCK_BOOTTIME))


class WatchedClock:
    """The machine's clock as the daemon goes by it: believed while nothing speaks against it. For several threads.

    Args:
        trust: what is known at the start.
        look: how both clocks are read.
    """

    def __init__(self, trust: ClockTrust, look: Callable[[], Look] = look) -> None:
        self._trust = trust
        self._look = look
        self._lock = threading.Lock()

    @property
    def trust(self) -> ClockTrust:
        """What is known now."""
        with self._lock:
            return self._trust

    def moment(self) -> Moment:
        now = self._look()
        return Moment(now.at, trusted=self.trust.doubt(now) is None)

    def doubt(self) -> Doubt | None:
        """Why it is not believed now; None: it is."""
        return self.trust.doubt(self._look())

    def raise_floor(self, to: datetime) -> None:
        with self._lock:
            self._trust = self._trust.raised(to)

    def heard(self, server: str, date: datetime) -> None:
        with self._lock:
            self._trust = self._trust.witnessed(server, date, self._look())

    def kept(self, keeper: Keeper) -> None:
        """Take note that this machine says that it was set right since its start."""
        with self._lock:
            self._trust = self._trust.kept(keeper, self._look())
