"""A barrier at work before a simulated turnstile: relays on a pty or on gpiozero's own simulated lines."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

from gpiozero.pins.mock import MockFactory, MockPin

from drivers.barrier import Way
from drivers.barrier_gpio import GpioBarrier
from drivers.barrier_lcus import LcusBarrier
from drivers.gpio_panel import PanelSettings
from drivers.gpio_pins import Contact
from drivers.simulated.lcus_relay import SimulatedLcusRelay
from drivers.simulated.turnstile import SimulatedTurnstile
from gate.model import Direction, Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from drivers.barrier import Barrier
    from gate.model import ReaderEvent

WAIT_S: Final = 20
PASSAGE, TAMPER, FIRE, GREEN, RED, BUZZER = 22, 23, 24, 5, 6, 13
PANEL: Final = PanelSettings(
    passage=Contact(PASSAGE),
    tamper=Contact(TAMPER, "closed"),
    fire=Contact(FIRE, "closed"),
    green=GREEN,
    red=RED,
    buzzer=BUZZER,
)
QUICK: Final[Mapping[str, int]] = {"within_ms": 500, "jam_ms": 1000}
RELAYS: Final[Mapping[str, dict[Direction, int]]] = {
    "lcus": {Direction.IN: 1, Direction.OUT: 2},
    "gpio": {Direction.IN: 17, Direction.OUT: 27},
}


class WiredPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A simulated line with something at its other end."""

    def _set_state(self, value: float) -> None:
        lines: Lines = self.factory
        if self._number in lines.broken:
            raise OSError(5, "Input/output error")
        super()._set_state(value)
        lines.switched(self._number, bool(value))

    def close(self) -> None:
        """As lgpio's: whoever is told of changes still is."""
        self.function = "input"

    def _enable_event_detect(self) -> None:
        self.factory.watched.add(self._number)

    def _disable_event_detect(self) -> None:
        self.factory.watched.discard(self._number)

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        if self._number in self.factory.closed:
            self.drive_low()


class Lines(MockFactory):  # type: ignore[misc]  # gpiozero has no types
    """The lines of one machine, which stay while programs open and close them."""

    def __init__(self, switched: Callable[[int, bool], None]) -> None:
        super().__init__(pin_class=WiredPin)
        self.switched = switched
        self.broken: set[int] = set()
        """Lines that can't be switched any more."""
        self.watched: set[int] = set()
        """Of these somebody is told every change."""
        self.closed: set[int] = {TAMPER, FIRE}
        """Contacts that are closed to ground."""

    def contact(self, pin: int, *, closed: bool) -> None:
        """Close or open one."""
        (self.closed.add if closed else self.closed.discard)(pin)
        line = self.pin(pin)
        (line.drive_low if closed else line.drive_high)()

    def high(self, pin: int) -> bool:
        return bool(self.pin(pin).state)

    def history(self, pin: int) -> list[bool]:
        """Every level that the line had."""
        return [bool(state.state) for state in self.pin(pin).states]

    def close(self) -> None:
        """They stay."""


class Site:
    """A barrier, what it is connected to, and what it told."""

    def __init__(self, kind: str, folder: Path, *, answers: bool = False, **settings: Any) -> None:
        self.kind = kind
        self.told: list[Notice] = []
        self.changed = asyncio.Event()
        self.lines = Lines(self._switched)
        self.turnstile = SimulatedTurnstile(lambda closed: self.lines.contact(PASSAGE, closed=closed))
        self.board = SimulatedLcusRelay(folder / "relay", self._switched, answers=answers)
        entry, out = RELAYS[kind].values()
        settings = {
            "entry": Way(entry, pulse_ms=200, gap_ms=100),
            "exit": Way(out, "safe", pulse_ms=200, gap_ms=100),
            "panel": PANEL,
            **QUICK,
            **settings,
        }
        self.barrier: Barrier
        if kind == "lcus":
            self.board.plug()
            self.barrier = LcusBarrier("barrier", LcusBarrier.Settings(port=self.board.port, **settings), self._open)
        else:
            self.barrier = GpioBarrier("barrier", GpioBarrier.Settings(**settings), self._open)
        self.running: asyncio.Task[None] | None = None

    def another(self) -> Barrier:
        """The same barrier again, as another program would open it."""
        if self.kind == "lcus":
            settings = LcusBarrier.Settings(port=self.board.port, entry=Way(1))
            return LcusBarrier("another", settings, self._open)
        return GpioBarrier("another", GpioBarrier.Settings(entry=Way(17)), self._open)

    def energised(self, direction: Direction) -> bool:
        relay = RELAYS[self.kind][direction]
        return relay in self.board.on if self.kind == "lcus" else self.lines.high(relay)

    def take(self, event: ReaderEvent) -> None:
        assert isinstance(event, Notice)
        self.told.append(event)
        self.changed.set()

    def kinds(self) -> list[NoticeKind]:
        return [notice.kind for notice in self.told]

    async def until(self, kind: NoticeKind, count: int = 1) -> None:
        """Wait until that was told so often."""
        await self.becomes(lambda: self.kinds().count(kind) >= count)

    async def becomes(self, condition: Callable[[], bool]) -> None:
        """Wait until something about outputs and notices is so."""
        async with asyncio.timeout(WAIT_S):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def stop(self) -> None:
        """End the driver, which has a second for it."""
        assert self.running is not None
        self.running.cancel()
        async with asyncio.timeout(1):
            await asyncio.wait({self.running})

    async def all_off(self) -> None:
        """Wait until every output is off; a board hears the last command a moment after it was sent."""
        await self.becomes(lambda: not any(self.energised(direction) for direction in Direction))
        assert not any(self.lines.high(lamp) for lamp in (GREEN, RED, BUZZER))

    def _open(self) -> Lines:
        return self.lines

    def _switched(self, relay: int, on: bool) -> None:
        self.changed.set()
        if relay == RELAYS[self.kind][Direction.IN]:
            self.turnstile.relay(closed=on)


@contextlib.asynccontextmanager
async def at_work(kind: str, folder: Path, **settings: Any) -> AsyncIterator[Site]:
    """A barrier that is open and works; afterwards it is cancelled and has to be closed within a second."""
    site = Site(kind, folder, **settings)
    site.running = asyncio.create_task(site.barrier.run(site.take))
    try:
        await site.until(NoticeKind.ONLINE)
        yield site
    finally:
        await site.stop()
        if site.running.cancelled():
            await site.all_off()
        site.board.unplug()
