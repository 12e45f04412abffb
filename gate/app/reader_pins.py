"""Which ID reader stands where: the first one is remembered, another one needs approval (DESIGN invariant 12).

Frames of ID readers carry no authentication: whoever puts a device of their own in a reader's place can present any
card. So a reader is known by its SAM number and the USB socket it is plugged into. That is no proof (a number can be
copied), but nobody changes a reader unseen by mistake or with another one from the shop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from gate import durable
from gate.errors import ConfigError
from gate.files import read_bounded

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "readers.json"
"""In the state directory: name of a reader -> which one was approved, and which one waits."""
_MODE: Final = 0o644
"""Nothing in it is secret, and whoever approves may be another user than the gate."""
_SAM: Final = re.compile(r"[0-9.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Identity:
    """One reader in one place."""

    sam: str
    usb: str
    """The socket as the kernel names it; empty where it is not on USB."""

    def __str__(self) -> str:
        return f"SAM {self.sam}" + (f" in USB socket {self.usb}" if self.usb else "")


@dataclass(frozen=True, slots=True)
class Pin:
    """What is known of one reader's place."""

    approved: Identity
    waiting: Identity | None = None
    """The newest one that was refused."""


class ReaderPins:
    """The file; read each time, since ``gate readers approve`` changes it from another process."""

    def __init__(self, state: Path) -> None:
        self._file = state / FILE

    def pins(self) -> dict[str, Pin]:
        """Every reader that is remembered.

        Raises:
            ConfigError: the file can't be read.
        """
        try:
            return msgspec.json.decode(read_bounded(self._file), type=dict[str, Pin])
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as fault:
            raise ConfigError(f"{self._file}: can't be read; delete it and every reader is new") from fault

    def objection(self, name: str, sam: str, usb: str) -> str:
        """Why this reader may not be used, or nothing; the first one at a place is remembered.

        Whatever fails is an objection: what can't be remembered could be changed unseen.
        """
        if not _SAM.fullmatch(sam):
            return "the reader does not tell its SAM number: it can't be told from another one"
        seen = Identity(sam, usb)
        try:
            pins = self.pins()
            pin = pins.get(name)
            if pin is None:
                self._save(pins | {name: Pin(seen)})
                return ""
            if pin.approved == seen:
                return ""
            if pin.waiting != seen:
                self._save(pins | {name: Pin(pin.approved, seen)})
        except (ConfigError, OSError) as fault:
            return f"the reader can't be remembered: {fault}"
        return f"another reader, {seen} instead of {pin.approved}: if that is right, 'gate readers approve {name}'"

    def approve(self, name: str) -> Identity:
        """Let the reader that waits take the place of the one that was there.

        Raises:
            ConfigError: none waits, or the file can't be read or written.
        """
        pins = self.pins()
        pin = pins.get(name)
        if pin is None or pin.waiting is None:
            raise ConfigError(f'no other reader waits at "{name}"; `gate readers` lists them')
        try:
            self._save(pins | {name: Pin(pin.waiting)})
        except OSError as fault:
            raise ConfigError(f"{self._file}: can't be written ({fault.strerror}); run it as root") from None
        return pin.waiting

    def _save(self, pins: dict[str, Pin]) -> None:
        durable.write(self._file, msgspec.json.format(msgspec.json.encode(pins)), _MODE)
