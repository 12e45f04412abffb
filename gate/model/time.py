"""Time, the one ``now`` of a presentation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """The one ``now`` that selects the rule set and judges everything (DESIGN invariant 9)."""

    at: datetime
    """Timezone-aware; a naive value is a bug."""
    trusted: bool
    """False until the clock was shown to be right: no age can then be known."""
