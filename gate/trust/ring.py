"""Which part of a fleet a gate is in while something new goes to ever more gates, and where it looks for its own."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

RINGS: Final = 100
PLACEHOLDER: Final = "{ring}"
"""In the address of a server of bundles: in its place a gate puts one of the names below."""


def ring_of(device: str) -> int:
    """The ring of a gate, 0 to 99; by its name alone, so that it never changes and age has no part in it."""
    return int.from_bytes(sha256(device.encode()).digest()[:8]) % RINGS


def ring_name(ring: int) -> str:
    """Where all gates of a ring look, e.g. ``"07"``."""
    return f"{ring:02}"


def own_name(device: str) -> str:
    """Where one gate looks first: what is there is for it before its ring."""
    return f"gate-{device}"
