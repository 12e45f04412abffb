"""What a gate is made of: told at its start, and when the fleet asks for it."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gate.wire.heartbeat import KeyTier
from gate.wire.message import Count, DeviceId, Name
from gate.wire.passages import Word

PATH: Final = "/v1/inventory"


class Part(msgspec.Struct, frozen=True):
    """A configured device."""

    name: Name
    driver: Word


class Place(msgspec.Struct, frozen=True):
    """Where the gate stands."""

    checkpoint: Name
    site_class: Name
    zone: Name
    lane: Name


class Inventory(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One gate."""

    device: DeviceId
    software: Word
    python: Word
    system: Name
    """E.g. ``Debian GNU/Linux 13 (trixie)``."""
    kernel: Name
    machine: Word
    board: Name | None = None
    """E.g. ``Raspberry Pi 4 Model B Rev 1.4``; None: the board does not say."""
    processors: Count
    memory_bytes: Count
    place: Place
    parts: tuple[Part, ...]
    key_tier: KeyTier
    base: Annotated[str, Meta(max_length=64 * 1024)] | None = None
    """JSON of the configuration that was set by hand; what the fleet sets lies above it."""


class InventoryAnswer(msgspec.Struct, frozen=True):
    """It is known; there is nothing more to say."""
