"""What is said about a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.model.decisions import Outcome
from gate.model.reasons import Reason


@dataclass(frozen=True, slots=True)
class Texts:
    """What is said about one reason in one language."""

    voice: str
    """Heard by everybody around: neutral."""
    screen: str
    """Public screen: no name, no result."""
    next_step: str
    """Public screen: what the person should do now."""
    guard: str
    """For the guard only: the plain fact."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One decision put into words; what the voice says and the screen shows."""

    presentation_id: str
    outcome: Outcome
    reason: Reason
    texts: Mapping[str, Texts]
    """By language tag, e.g. ``{"zh-CN": Texts(...), "en": Texts(...)}``."""
    receipt: str
    """Short code by which a hotline finds the record without a name."""
    advice: Mapping[str, str] = field(default_factory=dict)
    """By language tag: what to do by when, one line; empty where there is nothing to advise."""
