"""USB ids that say something, each with where it is from (PROTOCOLS 1.1, 3.2, 3.3), and what guns call themselves.

A bridge from USB to a serial port is in no row: FTDI, Prolific, Silicon Labs and CH340 chips sit in readers, relays,
guns, thermometers and Braille displays alike, and the id is the chip's. What is behind one is found out by asking it,
or by whoever plugged it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gate.app.probe.kernel import Usb


class Kind(StrEnum):
    """What something is to a gate."""

    ID_READER = "ID reader"
    GUN = "gun"
    KEYBOARD = "keyboard or gun"
    SERIAL = "serial port"
    CARD_READER = "smart-card reader"
    CAMERA = "camera"
    THERMOMETER = "thermometer bus"
    PINS = "GPIO lines"
    SOUND = "sound"
    SCREEN = "screen"


class Sure(StrEnum):
    """How sure that is."""

    SURE = "sure"
    LIKELY = "likely"
    OPEN = "open"
    """It can be several things: ask it, or look at it."""


@dataclass(frozen=True, slots=True)
class Known:
    """One id, or one vendor that makes nothing else."""

    vendor: str
    product: str
    """Empty: all of this vendor's."""
    kind: Kind
    what: str
    sure: Sure
    source: str


KNOWN: Final = (
    Known(
        *("0400", "c35a", Kind.ID_READER, "resident-ID reader on two USB bulk endpoints", Sure.SURE),
        "more than three public drivers and a list of USB devices",
    ),
    Known(
        *("0316", "5020", Kind.ID_READER, "resident-ID reader (Synjones, HID)", Sure.LIKELY),
        "two public drivers",
    ),
    Known(
        *("2b8b", "2721", Kind.ID_READER, "resident-ID reader (YinanSoft, HID)", Sure.LIKELY),
        "one public driver",
    ),
    Known(*("1eab", "1d06", Kind.GUN, "Newland engine", Sure.SURE), "two public sources"),
    Known(*("1eab", "1d10", Kind.GUN, "Newland FM430 (HID)", Sure.LIKELY), "one public source"),
    Known(*("1eab", "", Kind.GUN, "a Newland device", Sure.LIKELY), "the vendor id: this maker's are code readers"),
    Known(*("0c2e", "0b61", Kind.GUN, "Honeywell Voyager 1250g, as a keyboard", Sure.SURE), "two public sources"),
    Known(*("0c2e", "0b6a", Kind.GUN, "Honeywell gun, as a serial port", Sure.LIKELY), "one public source"),
    Known(*("0c2e", "0be1", Kind.GUN, "Honeywell 7580g", Sure.LIKELY), "one public source"),
    Known(*("0c2e", "", Kind.GUN, "a Honeywell device", Sure.LIKELY), "the vendor id: this maker's are code readers"),
    Known(*("05e0", "", Kind.GUN, "a Zebra device", Sure.LIKELY), "the vendor id: this maker's are code readers"),
)
"""The first row that fits counts."""

_OF_GUNS: Final = (
    *("barcode", "scanner", "2d imager", "newland", "newtologic", "ticode", "netum", "superlead", "honeywell", "h2750"),
    *("tms hidkeyboard", "usbkey chip usbkey module"),
)
"""Parts of names that keyboards without a maker's own id gave themselves, in the field (PROTOCOLS 3.2)."""


def by_id(usb: Usb) -> Known | None:
    """The row for this device."""
    return next((row for row in KNOWN if row.vendor == usb.vendor and row.product in {"", usb.product}), None)


def named_like_a_gun(*names: str) -> bool:
    """Whether something that types calls itself what guns call themselves."""
    return any(part in name.lower() for name in names for part in _OF_GUNS)
