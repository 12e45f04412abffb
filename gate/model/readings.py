"""What comes from devices: raw payloads and a device's own news."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class PayloadKind(StrEnum):
    """What a driver delivers; the parser is chosen by it."""

    RESIDENT_ID_BLOCK = "resident_id_block"
    """The 256-byte text block of a resident ID card (PROTOCOLS 1.9)."""
    CARD_EXCHANGE = "card_exchange"
    """Everything that a smart card answered in one dialogue (``gate.credentials.iso7816``)."""
    CODE_TEXT = "code_text"
    """The exact bytes of a bar code or QR code, however it was read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One raw payload as a device delivered it: not yet parsed, never trusted."""

    reader: str
    """The configured name of the reader, e.g. ``"id-reader"``."""
    kind: PayloadKind
    data: bytes = field(repr=False)
    received_monotonic: float
    """When the last byte arrived."""


class NoticeKind(StrEnum):
    """What a device has to say besides a payload."""

    PRESENT_AGAIN = "present_again"
    """Something was there but could not be read: the person is asked to present it again."""
    READER_UNSERVICEABLE = "reader_unserviceable"
    """The device answers but reports that it can't work (SAM self-test, not authorised)."""
    ONLINE = "online"
    OFFLINE = "offline"
    # only from a barrier
    TAMPERED = "tampered"
    """Its housing is open, or the wire to that contact is cut."""
    TAMPER_OVER = "tamper_over"
    UNRELEASED = "unreleased"
    """Somebody passed who had not been let through."""
    FIRE_RELEASE = "fire_release"
    """Held open by the building's fire alarm, past this software."""
    FIRE_OVER = "fire_over"


@dataclass(frozen=True, slots=True)
class Notice:
    """A device's own news; ``detail`` is for the guard and the log and holds no personal data."""

    reader: str
    kind: NoticeKind
    detail: str
    at_monotonic: float


@dataclass(frozen=True, slots=True)
class ThermometerReading:
    """What a thermometer saw at one instant: of whom, or of what, it does not know."""

    target: int = field(repr=False)
    """What it points at, in hundredths of a degree Celsius: 3649 is 36.49 °C."""
    ambient: int
    """The sensor's own surroundings, in the same."""
    at_monotonic: float


ReaderEvent = Reading | Notice
"""What a driver emits."""
