"""Puts presentations on record, and says when a record is safe; nobody is let in on one that is not."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from gate.app.logs import line
from gate.app.sealer import UNSEALED
from gate.errors import JournalError, JournalFull
from gate.journal.passages import Passage
from gate.kiosk.state import StatusFlag
from gate.model import Outcome

if TYPE_CHECKING:
    from concurrent.futures import Future

    from gate.app.judgement import Judgement
    from gate.app.sealer import Sealer
    from gate.journal.store import Journal
    from gate.model import Moment, PassageResult

log = logging.getLogger("gate.passages")


class HasLamps(Protocol):
    """The screen's signs for guards."""

    def set_status(self, flag: StatusFlag, *, on: bool) -> None: ...


class Recorder:
    """The journal as one lane uses it.

    Args:
        journal: opened.
        limit_s: how long a person may be kept waiting for a record.
        screen: shows when records can't be written, or don't say who was there.
        sealer: seals who was there.
    """

    def __init__(self, journal: Journal, limit_s: float, screen: HasLamps, sealer: Sealer) -> None:
        self._journal = journal
        self._limit_s = limit_s
        self._screen = screen
        self._sealer = sealer

    def record(self, presentation: str, reader: str, judgement: Judgement, moment: Moment) -> Future[int]:
        """Hand a row to the journal's thread; ``safe`` tells when it is on disk."""
        decision, key = judgement.decision, self._sealer.key(moment)
        self._screen.set_status(StatusFlag.UNSEALED, on=key is None)
        if key is None:
            decision = replace(decision, marks=(*decision.marks, UNSEALED))
        sealed, sealed_to = self._sealer.box(presentation, judgement.credential, key)
        return self._journal.record(
            Passage(
                id=presentation,
                at=moment.at,
                clock_trusted=moment.trusted,
                reader=reader,
                direction=judgement.place.direction,
                zone=judgement.place.zone,
                credential=judgement.credential.kind.value,
                assurance=int(judgement.credential.assurance),
                holder=judgement.holder,
                code=judgement.credential.one_time,
                permit=judgement.permit if decision.outcome is Outcome.PASS else None,
                decision=decision,
                sealed=sealed,
                sealed_to=sealed_to,
            )
        )

    async def safe(self, presentation: str, commit: Future[int]) -> float | None:
        """Wait for a row, but not for ever; the monotonic time at which it was safe, None where it is not."""
        row = asyncio.wrap_future(commit)
        await asyncio.wait({row}, timeout=self._limit_s)
        at = time.monotonic()
        if not row.done():
            row.add_done_callback(_swallow)
            why = f"the disk needs more than {self._limit_s * 1000:.0f} ms"
        elif isinstance(fault := row.exception(), JournalError):
            why = str(fault)
        else:
            row.result()  # anything else is a bug and ends the process
            for flag in (StatusFlag.RECORD_FAILED, StatusFlag.NOTE_ON_PAPER):
                self._screen.set_status(flag, on=False)
            return at
        log.error(line("record-failed", id=presentation, why=why))
        self._failed(None if not row.done() else row.exception())
        return None

    def _failed(self, fault: BaseException | None) -> None:
        """Tell the guards; a full disk may have room again before the next person comes."""
        full = isinstance(fault, JournalFull)
        self._screen.set_status(StatusFlag.NOTE_ON_PAPER if full else StatusFlag.RECORD_FAILED, on=True)
        if full:
            asyncio.wrap_future(self._journal.room()).add_done_callback(self._has_room)

    def _has_room(self, room: asyncio.Future[None]) -> None:
        if not room.cancelled():
            log.info(line("disk-has-room"))
            self._screen.set_status(StatusFlag.NOTE_ON_PAPER, on=False)

    def withdraw(self, presentation: str, why: str) -> None:
        """Mark a pass that was not let out; should its row land after all, it says so."""
        self._journal.withdraw(presentation, why)

    def complete(self, presentation: str, result: PassageResult) -> None:
        """Add what the barrier saw; nobody waits for it."""
        asyncio.wrap_future(self._journal.complete(presentation, result)).add_done_callback(self._completed)

    def _completed(self, row: asyncio.Future[int]) -> None:
        if row.cancelled():
            return
        if isinstance(fault := row.exception(), JournalError):
            log.error(line("passage-not-recorded", why=str(fault)))
            self._failed(fault)
        else:
            row.result()  # anything else is a bug and ends the process


def _swallow(row: asyncio.Future[int]) -> None:
    """A row that failed after its person was answered: the failure was logged when it was late."""
    if not row.cancelled():
        row.exception()
