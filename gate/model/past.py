"""What a gate itself remembers: who went which way, what was used up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gate.model.checkpoint import Direction


@dataclass(frozen=True, slots=True)
class Past:
    """What this gate remembers about one holder in one zone, and about one dynamic code."""

    direction: Direction | None = None
    """Which way the holder was let through last; None: never, or too long ago to be remembered."""
    at: datetime | None = None
    """When; None where ``direction`` is, or where the clock was not trusted then."""
    entries: Mapping[str, int] = field(default_factory=dict)
    """How often the holder was let in on each permit for so many entries, by its id."""
    code_used: bool = False
    """The code has let somebody in already."""
