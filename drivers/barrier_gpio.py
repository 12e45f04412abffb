"""A barrier whose relays hang on GPIO lines of a Raspberry Pi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drivers.barrier import BarrierSettings
from drivers.barrier_work import BarrierWork
from drivers.gpio_pins import Pins, lgpio_factory, require_line
from gate.errors import ConfigError, DeviceLost

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from drivers import Emit
    from gate.model import Direction, Outcome, PassageResult


class GpioBarrier:
    """Driver of one barrier on GPIO lines."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Settings(BarrierSettings):
        """What an installer sets; a way's ``relay`` is a GPIO number (BCM).

        Raises:
            ConfigError: the header has no such line, or a relay shares it.
        """

        active_low: bool = False
        """The relay board takes a low line for on."""

        def __post_init__(self) -> None:
            BarrierSettings.__post_init__(self)
            relays = [way.relay for way in self.ways.values()]
            for relay in relays:
                require_line(relay)
            if set(relays) & set(self.panel.pins):
                raise ConfigError("[barrier]: a relay and something of [barrier.panel] are on one GPIO line")

    def __init__(self, name: str, settings: Settings, open_factory: Callable[[], Any] = lgpio_factory) -> None:
        self._name = name
        self._settings = settings
        self._open_factory = open_factory
        self._work: BarrierWork | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def directions(self) -> frozenset[Direction]:
        return frozenset(self._settings.ways)

    def release(self, direction: Direction) -> asyncio.Future[PassageResult | None]:
        if self._work is None:
            raise DeviceLost("the barrier is not open")
        return self._work.release(direction)

    def signal(self, outcome: Outcome) -> None:
        if self._work is not None:
            self._work.signal(outcome)

    async def run(self, emit: Emit) -> None:
        """Serve the barrier until it is lost; see ``drivers.barrier.Barrier``.

        Raises:
            DeviceLost: a line can't be used, or can't be switched any more.
        """
        low = self._settings.active_low
        with Pins(self._open_factory) as pins:
            relays = {way.relay: pins.output(way.relay, active_low=low) for way in self._settings.ways.values()}

            def energise(relay: int, on: bool) -> None:  # noqa: FBT001 - a switch
                relays[relay](on)

            work = BarrierWork(self._name, self._settings, energise, emit)
            try:
                work.begin(pins)
                self._work = work
                await work.lost
            finally:
                self._work = None
                work.close()
