"""The log line of one presentation: what came of it and how long it took. It names nobody."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.app.logs import line

if TYPE_CHECKING:
    import asyncio

    from gate.app.judgement import Judgement
    from gate.model import Decision

log = logging.getLogger("gate.passages")


@dataclass(frozen=True, slots=True)
class Measured:
    """Monotonic times of one presentation, in seconds."""

    received: float
    """When the last byte came."""
    decided: float
    committed: float | None


async def report(
    presentation: str,
    reader: str,
    judgement: Judgement | None,
    decision: Decision,
    measured: Measured,
    sound: asyncio.Future[float | None],
) -> None:
    """Write the line once it is known when the sound began; milliseconds count from the last byte."""
    heard = await sound
    log.info(
        line(
            "presentation",
            id=presentation,
            reader=reader,
            direction=None if judgement is None else judgement.place.direction.value,
            credential=None if judgement is None else judgement.credential.kind.value,
            outcome=decision.outcome.value,
            reasons=[reason.value for reason in decision.reasons],
            announced=decision.announced.value,
            calls_staff=decision.calls_staff,
            failed_rules=list(decision.failed_rules),
            received=measured.received,
            decision_ms=_ms(measured.received, measured.decided),
            commit_ms=_ms(measured.received, measured.committed),
            sound_ms=_ms(measured.received, heard),
        )
    )


def _ms(start: float, end: float | None) -> float | None:
    return None if end is None else (end - start) * 1000
