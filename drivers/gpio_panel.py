"""What a barrier may have on GPIO lines besides its relays: sensors, lamps, a buzzer.

The lamps say no more than the screen does: green for a pass, red for anything else, whatever the reason.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from drivers.gpio_pins import Contact, require_line
from gate.errors import ConfigError, DeviceLost
from gate.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drivers.gpio_pins import Pins


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """Which line is what; None: not fitted.

    Raises:
        ConfigError: the header has no such line, or two things share one.
    """

    passage: Contact | None = None
    """Active while somebody is in the passage, or once a turn of the arm."""
    tamper: Contact | None = None
    """Active while the housing is open."""
    fire: Contact | None = None
    """Active while the fire alarm holds the barrier open."""
    green: int | None = None
    red: int | None = None
    buzzer: int | None = None

    def __post_init__(self) -> None:
        outputs = [pin for pin in (self.green, self.red, self.buzzer) if pin is not None]
        for pin in outputs:
            require_line(pin)
        if len(set(self.pins)) < len(self.pins):
            raise ConfigError("[barrier.panel]: two things are on one GPIO line; give each its own")

    @property
    def pins(self) -> tuple[int, ...]:
        """The lines that are taken."""
        contacts = [contact.pin for contact in (self.passage, self.tamper, self.fire) if contact is not None]
        return (*contacts, *(pin for pin in (self.green, self.red, self.buzzer) if pin is not None))


class Step(NamedTuple):
    """One output, on for a while."""

    output: str
    begin_s: float
    end_s: float


SIGNALS: Final[Mapping[Outcome, tuple[Step, ...]]] = {
    Outcome.PASS: (Step("green", 0, 2.0), Step("buzzer", 0, 0.1)),
    Outcome.REFER: (Step("red", 0, 2.0), Step("buzzer", 0, 0.1), Step("buzzer", 0.25, 0.35)),
    Outcome.RETRY: (Step("red", 0, 0.5), Step("buzzer", 0, 0.4)),
}
"""Short: go. Two: somebody comes. One long: once more."""


class Lamps:
    """The lamps and the buzzer that are fitted; the newest signal cuts off the one before.

    Args:
        pins: opened.
        settings: which are fitted.
        lost: called with why where one can't be switched any more.
    """

    def __init__(self, pins: Pins, settings: PanelSettings, lost: Callable[[DeviceLost], None]) -> None:
        fitted = {"green": settings.green, "red": settings.red, "buzzer": settings.buzzer}
        self._outputs = {name: pins.output(pin) for name, pin in fitted.items() if pin is not None}
        self._lost = lost
        self._timers: list[asyncio.TimerHandle] = []

    def signal(self, outcome: Outcome) -> None:
        """Begin one signal; never blocks, never fails."""
        self.stop()
        loop = asyncio.get_running_loop()
        for output, begin, end in SIGNALS[outcome]:
            if begin:
                self._timers.append(loop.call_later(begin, self._switch, output, True))  # noqa: FBT003 - a switch
            else:
                self._switch(output, on=True)
            self._timers.append(loop.call_later(end, self._switch, output, False))  # noqa: FBT003 - a switch

    def stop(self) -> None:
        """All off."""
        while self._timers:
            self._timers.pop().cancel()
        for output in self._outputs:
            self._switch(output, on=False)

    def _switch(self, output: str, on: bool) -> None:  # noqa: FBT001 - a switch
        if (switch := self._outputs.get(output)) is None:
            return
        try:
            switch(on)
        except DeviceLost as lost:
            self._lost(lost)
