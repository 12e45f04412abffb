"""GPIO lines of a Raspberry Pi through gpiozero and lgpio: opened together, closed together, one error for all.

lgpio is the one library that works on every Pi up to the fifth, whose RP1 chip RPi.GPIO and pigpio can't drive.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from gate.errors import ConfigError, DeviceLost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HIGHEST: Final = 27
"""Of the lines that a Pi's 40-pin header has, by the numbers of the chip (BCM)."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A dry contact between a line and ground; the line is pulled up.

    Raises:
        ConfigError: the header has no such line.
    """

    pin: int
    """GPIO number (BCM)."""
    normally: Literal["open", "closed"] = "open"
    """At rest. A cut wire looks like an open contact, so let what must not go unnoticed be normally closed."""

    def __post_init__(self) -> None:
        require_line(self.pin)

    def active(self, *, closed: bool) -> bool:
        """Whether a contact in this position has something to say."""
        return closed == (self.normally == "open")


def require_line(pin: int) -> None:
    """Make sure that the header has this line.

    Raises:
        ConfigError: it has not.
    """
    if not 0 <= pin <= HIGHEST:
        raise ConfigError(f"[barrier]: there is no GPIO {pin}; write 0 to {HIGHEST}, by the chip's numbers (BCM)")


def lgpio_factory() -> Any:
    """The lines of this machine.

    Raises:
        DeviceLost: the libraries are missing or are not the real ones, or this machine's lines can't be opened.
    """
    try:
        # Importing lgpio makes a FIFO in the working directory, and fails where that is read-only; afterwards both its
        # ends are open, and the name is needed no more.
        with tempfile.TemporaryDirectory(prefix="gate-lgpio-") as folder, contextlib.chdir(folder):
            import lgpio  # noqa: PLC0415 - only where a device is opened (DESIGN section 3)
    except (ImportError, OSError) as fault:
        raise DeviceLost(f"GPIO needs the package lgpio, 0.2.2 or later ({fault}): see docs/devices.md") from None
    if not hasattr(lgpio, "gpiochip_open"):
        # What pip takes without a word where the real one has no wheel for this Python.
        raise DeviceLost("the installed lgpio is an empty placeholder (0.0.0.2): install 0.2.2 or later, or Debian's")
    try:
        from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415 - as above
    except ImportError as fault:
        raise DeviceLost(f"GPIO needs the package gpiozero, 2.0.1 or later ({fault}): see docs/devices.md") from None
    with declared():
        return LGPIOFactory()


@contextlib.contextmanager
def declared() -> Iterator[None]:
    """Whatever the libraries raise is one declared error.

    Raises:
        DeviceLost: a line can't be used; the message says why.
    """
    import gpiozero  # noqa: PLC0415 - only where a device is opened (DESIGN section 3)

    lgpio = sys.modules.get("lgpio")
    foreign = (OSError, gpiozero.GPIOZeroError, *(() if lgpio is None else (lgpio.error,)))
    try:
        yield
    except gpiozero.GPIOPinInUse as fault:
        raise DeviceLost(f"a GPIO line is in use ({fault}): give each its own") from fault
    except AttributeError as fault:  # Debian's gpiozero asks for a name that lgpio 0.2.2.0 has not
        raise DeviceLost(f"gpiozero and lgpio do not fit each other ({fault}): see docs/devices.md") from fault
    except foreign as fault:
        raise DeviceLost(
            f"GPIO can't be used ({fault}): is this a Raspberry Pi, is another program using the line ('gpioinfo'), "
            "and is the gate's user in group gpio?"
        ) from fault


class Pins:
    """The lines that one device has open; use it as a context manager.

    Args:
        open_factory: opens the lines of the machine; a test's are simulated ones.

    Raises:
        DeviceLost: this machine's lines can't be opened.
    """

    def __init__(self, open_factory: Callable[[], Any] = lgpio_factory) -> None:
        self._factory = open_factory()
        self._open: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def output(self, pin: int, *, active_low: bool = False) -> Callable[[bool], None]:
        """Open an output, off; gives what switches it, which raises ``DeviceLost`` where it can't.

        Raises:
            DeviceLost: the line can't be used.
        """
        from gpiozero import OutputDevice  # noqa: PLC0415 - only where a device is opened (DESIGN section 3)

        with declared():
            device = OutputDevice(pin, active_high=not active_low, initial_value=False, pin_factory=self._factory)
        self._open.append(device)

        def switch(on: bool) -> None:  # noqa: FBT001 - a switch
            with declared():
                (device.on if on else device.off)()

        return switch

    def watch(self, contact: Contact, changed: Callable[[bool], None]) -> bool:
        """Open an input; ``changed`` is called with whether it is active, from a thread of the library's.

        Returns whether it is active now.

        Raises:
            DeviceLost: the line can't be used.
        """
        from gpiozero import DigitalInputDevice  # noqa: PLC0415 - only where a device is opened (DESIGN section 3)

        with declared():
            device = DigitalInputDevice(contact.pin, pull_up=True, pin_factory=self._factory)
            self._open.append(device)
            device.when_activated = lambda: changed(contact.active(closed=True))
            device.when_deactivated = lambda: changed(contact.active(closed=False))
            return contact.active(closed=bool(device.is_active))

    def close(self) -> None:
        """Give every line back, outputs off first; harmless when it was done."""
        while self._open:
            device = self._open.pop()
            with contextlib.suppress(DeviceLost), declared():
                if hasattr(device, "off"):
                    device.off()
            with contextlib.suppress(DeviceLost), declared():
                # Closing alone leaves lgpio's thread with a callback, whose failure at the next edge ends that thread
                # and with it every line's callbacks.
                device.pin.when_changed = None
            with contextlib.suppress(DeviceLost), declared():
                device.close()
        with contextlib.suppress(DeviceLost), declared():
            self._factory.close()
