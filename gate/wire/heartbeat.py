"""How a gate is: told every minute, and at once where something changes that somebody should see to."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gate.wire.commands import Command, CommandOutcome
from gate.wire.message import Count, DeviceId, Name, Seconds
from gate.wire.passages import When, Word

PATH: Final = "/v1/heartbeat"
EVERY_S: Final = 60
MOST_OFTEN_S: Final = 5


class KeyTier(StrEnum):
    """How the gate keeps its keys, i.e. what a stolen card or box would reveal."""

    HARDWARE = "hardware"
    """TPM or secure element."""
    OTP = "otp"
    """In the board's fuses: not on the card, but in the box."""
    MEMORY = "memory"
    """Nowhere but in memory."""
    FILE = "file"
    """On the card: whoever has it has them."""


class Device(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reader, the thermometer or the barrier."""

    name: Name
    gone_s: Seconds | None = None
    """For how long it has not worked; None: it works."""


class Clock(msgspec.Struct, frozen=True):
    """What the gate takes for the time."""

    at: When
    trusted: bool


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule set or a trust bundle in use."""

    name: Name
    """``id@version``."""
    age_s: int | None = None
    """Since it was made; None where the clock is not trusted, or it does not say."""
    due_s: int | None = None
    """Until a newer one is due, below 0 where that has passed; None as above."""


class Journal(msgspec.Struct, frozen=True, omit_defaults=True):
    """The rows that wait."""

    unsent: Count
    dead_letters: Count
    """Refused by the server: a person has to look at them."""
    watermark: Count
    """Every row up to it is with the server or is a dead letter."""
    oldest_unsent_s: int | None = None


class Disk(msgspec.Struct, frozen=True):
    """Where the journal lies."""

    free_bytes: Count
    total_bytes: Count


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the fleet has set for this gate; docs/fleet.md."""

    holds: Word
    """Digest of those in force; ``none``: what was set by hand alone."""
    refused: Word | None = None
    """Digest of those that this gate can't live with."""
    why: Annotated[str, Meta(max_length=1000)] | None = None


class Heartbeat(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One report."""

    device: DeviceId
    software: Word
    uptime_s: Seconds
    """Of the process."""
    clock: Clock
    readers: tuple[Device, ...]
    """All that are configured, the thermometer among them."""
    barrier: Device | None = None
    flags: tuple[Word, ...] = ()
    """What the screen shows to guards."""
    rules: Held | None = None
    trust: Held | None = None
    journal: Journal | None = None
    """None: it could not be asked."""
    disk: Disk | None = None
    settings: Settings | None = None
    key_tier: KeyTier
    outcomes: Annotated[tuple[CommandOutcome, ...], Meta(max_length=64)] = ()


class HeartbeatAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the fleet has for the gate."""

    commands: Annotated[tuple[Command, ...], Meta(max_length=64)] = ()
