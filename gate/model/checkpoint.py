"""Where the gate stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Which way a lane leads."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where this device stands; part of what rules may ask about."""

    id: str
    site_class: str
    """e.g. ``"station"``, ``"hospital"``."""
    lane: str
    """e.g. ``"1"``, ``"yellow"``, ``"emergency"``."""
    direction: Direction
    attended: bool
    """A guard stands beside it and can compare a code with a face or a card."""
    time_zone: str = "Asia/Shanghai"
    zone: str = "public"
    """Which zone it leads into; permits name zones."""
    thermometer: bool = False
    """A thermometer is fitted, so that a missing measurement is a fault."""
