"""What was decided, why, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gate.model.facts import FactState
from gate.model.reasons import Reason


class Outcome(StrEnum):
    """``refer`` beats ``retry`` beats ``pass``."""

    PASS = "pass"  # noqa: S105 - the field's word for letting a person through
    RETRY = "retry"
    REFER = "refer"


@dataclass(frozen=True, slots=True)
class FactUsed:
    """Provenance of one fact in a decision, kept with the record of it."""

    name: str
    state: FactState
    source: str | None
    age: int | None


@dataclass(frozen=True, slots=True)
class Advisory:
    """What a person who is let in should do by when."""

    reason: Reason
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome with everything that led to it."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    """Never empty, the one that decided first. A pass carries the reason for the pass."""
    rule_set: str | None = None
    """``id@version`` of the rule set that judged, None where none did."""
    profile: str | None = None
    failed_rules: tuple[str, ...] = ()
    facts: tuple[FactUsed, ...] = ()
    marks: tuple[str, ...] = ()
    """Conditions that every record must carry, e.g. ``"rules-past-refresh"`` or ``"grace:LAB-0630"``."""
    advisories: tuple[Advisory, ...] = ()
    """Only on a pass."""
    spoken: Reason | None = None
    """What is said and shown instead of the first reason, where the profile wants another; None: the first reason."""
    calls_staff: bool = False
    """Somebody is called at once."""

    @property
    def announced(self) -> Reason:
        """What is said and shown."""
        return self.spoken or self.reasons[0]


class PassageResult(StrEnum):
    """Authorised is not passed: what the barrier saw afterwards."""

    PASSED = "passed"
    NOT_TAKEN = "not_taken"
    JAMMED = "jammed"
