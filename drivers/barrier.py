"""The barrier: lets one person through and tells what became of it.

Contract of a barrier (``Barrier``), on top of that of every driver (``drivers.Driver``):

* ``release`` begins at once and lets one person through in one direction. Its future gives what the passage sensor saw,
  and None where nobody knows: no sensor, the fire alarm holds the barrier open, or the device was lost meanwhile.
* One release at a time; the next may follow as soon as the future is done.
* Whatever ends ``run``, every output is off before it returns: a way that is fail-secure is closed then, one that is
  fail-safe open. The fire release is wired past this software and only observed.
* Besides ``ONLINE`` it emits the notices of ``NoticeKind`` that only barriers have, and ``READER_UNSERVICEABLE`` while
  its passage is jammed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol

from drivers import Driver
from drivers.gpio_panel import PanelSettings
from gate.errors import ConfigError
from gate.model import Direction

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from gate.model import Outcome, PassageResult

PULSE_MS: Final = (200, 1000)
GAP_MS: Final = (100, 5000)
WITHIN_MS: Final = (500, 60_000)
"""Shortest and longest of each setting; the pulse's are what turnstiles take (PROTOCOLS 5.1)."""


class Barrier(Driver, Protocol):
    """One barrier; see the module's docstring. Used on the event loop's thread only."""

    @property
    def directions(self) -> frozenset[Direction]:
        """Which ways it can release."""
        ...

    def release(self, direction: Direction) -> asyncio.Future[PassageResult | None]:
        """Let one person through; the future is never cancelled and raises nothing.

        Raises:
            DeviceLost: it is not open, and nobody was let through.
        """
        ...

    def signal(self, outcome: Outcome) -> None:
        """Light its lamp and sound its buzzer, where it has them; never blocks, never fails."""
        ...


BARRIERS: Final[Mapping[str, str]] = {
    "gpio": "drivers.barrier_gpio:GpioBarrier",
    "lcus": "drivers.barrier_lcus:LcusBarrier",
}
"""Driver name in the configuration -> ``"module:Class"``. Each class has a ``Settings`` frozen dataclass."""


@dataclass(frozen=True, slots=True)
class Way:
    """One direction and the relay that lets people through.

    Raises:
        ConfigError: a time that no turnstile takes.
    """

    relay: int
    """Channel of the relay board, or GPIO number."""
    fail: Literal["secure", "safe"] = "secure"
    """Without power: ``secure`` closed (energised to let through), ``safe`` open (energised to lock)."""
    pulse_ms: int = 500
    gap_ms: int = 500
    """From the end of a pulse to the next."""

    def __post_init__(self) -> None:
        _within("pulse_ms", self.pulse_ms, PULSE_MS)
        _within("gap_ms", self.gap_ms, GAP_MS)

    def energised(self, *, released: bool) -> bool:
        """Whether the relay has current while somebody is let through, or while nobody is."""
        return released == (self.fail == "secure")


@dataclass(frozen=True, slots=True, kw_only=True)
class BarrierSettings:
    """What an installer sets for every kind of barrier.

    Raises:
        ConfigError: no way at all, one relay for both, or a time out of range.
    """

    entry: Way | None = None
    exit: Way | None = None
    within_ms: int = 8000
    """Nobody in the passage by then: not taken. At least as long as the turnstile itself stays released."""
    jam_ms: int = 10_000
    """The passage blocked for so long: jammed."""
    panel: PanelSettings = field(default_factory=PanelSettings)

    def __post_init__(self) -> None:
        _within("within_ms", self.within_ms, WITHIN_MS)
        _within("jam_ms", self.jam_ms, WITHIN_MS)
        relays = [way.relay for way in self.ways.values()]
        if not relays:
            raise ConfigError("[barrier] lets nobody through: write [barrier.entry] or [barrier.exit] with relay = …")
        if len(set(relays)) < len(relays):
            raise ConfigError("[barrier.entry] and [barrier.exit] share a relay: give each one of its own")

    @property
    def ways(self) -> dict[Direction, Way]:
        """The ways that are fitted."""
        both = {Direction.IN: self.entry, Direction.OUT: self.exit}
        return {direction: way for direction, way in both.items() if way is not None}


def _within(key: str, value: int, limits: tuple[int, int]) -> None:
    lowest, highest = limits
    if not lowest <= value <= highest:
        raise ConfigError(f'[barrier] key "{key}": {value} is out of range; write {lowest} to {highest}')
