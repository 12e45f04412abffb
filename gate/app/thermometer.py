"""Whose temperature it is: a measurement belongs to whoever presented a credential just before it.

Only readings from the moment of the credential on count, and only for a second: whoever stood there before may have
been somebody else (docs/decisions/0015).
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol

from drivers import THERMOMETERS
from gate.app.attempts import Attempts
from gate.config_bind import bind
from gate.config_devices import THERMOMETER
from gate.errors import ConfigError
from gate.model import Outcome, Reason, Temperature
from gate.rules.temperature import ENOUGH, LONGEST_S, SHORTEST_S, Correction, measured_tenths, of_somebody

if TYPE_CHECKING:
    from collections.abc import Hashable

    from drivers import Driver, TakeReading
    from gate.config import ThermometerConfig
    from gate.config_bind import Roots
    from gate.model import Decision, ThermometerReading

SECOND: Final = 2
"""Rules know a first measurement and a second; one that follows those is a second as well."""
_MOST_KEPT: Final = 64


class MeasuresPeople(Protocol):
    """What a decision asks of a thermometer."""

    async def measure(self, who: Hashable, since: float) -> Temperature | None:
        """The temperature of whoever presented at ``since`` (``time.monotonic()``); None where it was not measured."""
        ...

    def note(self, who: Hashable, decision: Decision) -> None:
        """Take note of what came of it: whoever is asked to be measured again is measured a second time next."""
        ...


class NoThermometer:
    """None is fitted here."""

    async def measure(self, _who: Hashable, _since: float) -> Temperature | None:
        return None

    def note(self, _who: Hashable, _decision: Decision) -> None:
        """Nobody was measured."""


NO_THERMOMETER: Final = NoThermometer()


class Thermometer:
    """The newest readings of one thermometer, and who was asked to be measured again."""

    def __init__(self, correction: Correction) -> None:
        self._correction = correction
        self._newest: deque[ThermometerReading] = deque(maxlen=_MOST_KEPT)
        self._arrived = asyncio.Event()
        self._again = Attempts()

    def take(self, reading: ThermometerReading) -> None:
        """Take what the driver measured."""
        self._newest.append(reading)
        self._arrived.set()

    async def measure(self, who: Hashable, since: float) -> Temperature | None:
        """See ``MeasuresPeople``; answers at the latest ``LONGEST_S`` after ``since``."""
        until = since + LONGEST_S
        found: list[ThermometerReading] = []
        while True:
            found = [reading for reading in self._newest if since <= reading.at_monotonic <= until]
            if found and found[-1].at_monotonic >= since + SHORTEST_S and len(of_somebody(found)) >= ENOUGH:
                break
            self._arrived.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._arrived.wait()
            except TimeoutError:
                break
        tenths = measured_tenths(found, self._correction)
        if tenths is None:
            return None
        return Temperature(tenths, min(SECOND, 1 + self._again.retries(who, time.monotonic())))

    def note(self, who: Hashable, decision: Decision) -> None:
        """See ``MeasuresPeople``."""
        if decision.outcome is not Outcome.RETRY or Reason.TEMPERATURE_AGAIN in decision.reasons:
            self._again.note(who, decision.outcome, time.monotonic())


def fit(config: ThermometerConfig | None, roots: Roots) -> tuple[MeasuresPeople, tuple[Driver, ...]]:
    """The thermometer as decisions see it, and its driver; without one, nothing measured and no driver.

    Raises:
        ConfigError: no such driver, or its settings don't fit; the message names the key.
    """
    if config is None:
        return NO_THERMOMETER, ()
    thermometer = Thermometer(config.correction)
    return thermometer, (driver(config.driver, config.settings, roots, thermometer.take),)


def driver(name: str, settings: dict[str, Any], roots: Roots, take: TakeReading) -> Driver:
    """The driver called ``name``; see ``fit``."""
    if (target := THERMOMETERS.get(name)) is None:
        raise ConfigError(f'[thermometer]: no driver "{name}"; known: {", ".join(sorted(THERMOMETERS))}')
    module_name, class_name = target.split(":")
    module: Any = importlib.import_module(module_name)  # from the table, never from the configuration
    kind: Any = getattr(module, class_name)
    made: Driver = kind(THERMOMETER, bind(kind.Settings, settings, roots, "[thermometer]"), take)
    return made
