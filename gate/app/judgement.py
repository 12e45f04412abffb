"""One presentation while it is judged, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gate.rules.derive import Inputs

if TYPE_CHECKING:
    from gate.model import Checkpoint, Credential, Decision, Moment, Past, PermitRecord, Reading, Records, Temperature


STATUS_OFFLINE: Final = "status-offline"
"""Mark of a decision by what is held at the gate, since the city did not answer."""
STATUS_UNAVAILABLE: Final = "status-unavailable"
"""Mark of a decision that an emergency order made without any records, since nobody could be asked."""
STATUS_MARKS: Final = frozenset({STATUS_OFFLINE, STATUS_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was presented, whose it is (as a pseudonym) and what was decided."""

    credential: Credential
    holder: bytes | None
    decision: Decision
    place: Checkpoint
    """Where it was presented, and which way somebody wants to go."""
    inputs: Inputs | None = None
    """What it was judged by; None where nothing could be judged, or where only the credential's own content was."""
    permit: PermitRecord | None = None
    """What somebody who passes is let through on, where that is a permit."""

    def marked(self, *marks: str) -> Judgement:
        """The same, with what its record must say about where it comes from."""
        return replace(self, decision=replace(self.decision, marks=(*self.decision.marks, *marks)))


@dataclass(frozen=True, slots=True)
class Presented:
    """A credential, and where and when."""

    credential: Credential
    reading: Reading
    place: Checkpoint
    moment: Moment
    temperature: Temperature | None = None

    def inputs(self, records: Records | None, past: Past | None, retries: int) -> Inputs:
        return Inputs(
            credential=self.credential,
            records=records,
            moment=self.moment,
            checkpoint=self.place,
            temperature=self.temperature,
            past=past,
            retries=retries,
        )
