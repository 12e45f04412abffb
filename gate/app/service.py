"""One lane at work: from what a device emits to a spoken, shown and recorded decision.

Order of things, and why:

1. the moment of presentation is taken once, and judges everything;
2. the decision goes to the journal;
3. a pass waits for its commit; if the disk is too slow or full, the person is referred and the row, should it
   land later, is marked as withdrawn: nobody is let in on a record that might not exist;
4. ``refer`` and ``retry`` are spoken and shown at once, their rows follow.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from gate.app.logs import line
from gate.errors import JournalError
from gate.journal.store import Journal, Passage
from gate.kiosk.state import StatusFlag
from gate.lane import Lane, LaneEvent, LaneState
from gate.model import (
    Announcement,
    Decision,
    Moment,
    Notice,
    NoticeKind,
    Outcome,
    ReaderEvent,
    Reading,
    Reason,
    Texts,
)
from gate.presentation_id import new_presentation_id, receipt
from gate.rules.decide import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from gate.app.judge import Judge, Judgement
    from gate.clock import Clock

RELEASE_S = 4.0
"""How long a release stands where nothing watches the barrier."""

log = logging.getLogger("gate.passages")


class Speaks(Protocol):
    """The voice."""

    def say(self, reason: Reason) -> asyncio.Future[float | None]:
        """Begin to speak, cutting off what is being said; gives the monotonic time of the first audio, or None."""
        ...


class Shows(Protocol):
    """The screen."""

    def show(self, announcement: Announcement) -> None: ...
    def deciding(self) -> None: ...
    def set_status(self, flag: StatusFlag, *, on: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Measured:
    """Monotonic times of one presentation, in seconds."""

    received: float
    decided: float
    committed: float | None


class LaneService:
    """Takes the events of every reader of one lane; constructed and run on the event loop."""

    def __init__(  # noqa: PLR0913 - the parts of a lane, put together in one place only
        self,
        *,
        judge: Judge,
        journal: Journal,
        commit_limit_s: float,
        voice: Speaks,
        screen: Shows,
        texts: Callable[[Reason], Mapping[str, Texts]],
        clock: Clock,
        marks: tuple[str, ...],
    ) -> None:
        self._judge = judge
        self._journal = journal
        self._commit_limit_s = commit_limit_s
        self._voice = voice
        self._screen = screen
        self._texts = texts
        self._clock = clock
        self._marks = marks
        self.lane = Lane()
        self._events: asyncio.Queue[Reading] = asyncio.Queue()
        self._offline: set[str] = set()
        self._release: asyncio.TimerHandle | None = None
        self._reports: set[asyncio.Task[None]] = set()

    def take(self, event: ReaderEvent) -> None:
        """Take what a driver emits; never blocks. While somebody is being decided about, others are turned away."""
        if isinstance(event, Notice):
            self._notice(event)
        elif self.lane.busy:
            self.lane.turn_away()
            log.info(line("turned-away", reader=event.reader, so_far=self.lane.turned_away))
            self._announce(new_presentation_id(), refuse(Reason.ONE_AT_A_TIME))
        else:
            self.lane.apply(LaneEvent.PRESENTED)
            self._events.put_nowait(event)

    async def run(self) -> None:
        """Serve one presentation after the other until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                reading = await self._events.get()
                group.create_task(self._serve(reading))

    async def _serve(self, reading: Reading) -> None:
        self._cancel_release()
        self._screen.deciding()
        moment = self._clock.moment()
        presentation = new_presentation_id()
        judgement = await self._judge.judge(reading, moment)
        judgement = replace(judgement, decision=_marked(judgement.decision, self._marks))
        decided = time.monotonic()
        commit = self._journal.record(_row(presentation, reading, judgement, moment))
        decision, committed = judgement.decision, None
        if decision.outcome is Outcome.PASS:
            decision, committed = await self._admit(presentation, decision, commit)
        sound = self._announce(presentation, decision)
        self._follow(decision)
        if committed is None:
            committed = await self._committed(presentation, commit)
        measured = Measured(reading.received_monotonic, decided, committed)
        await self._report(reading.reader, presentation, judgement, decision, measured, sound)

    async def _admit(self, presentation: str, decision: Decision, commit: Future[int]) -> tuple[Decision, float | None]:
        """A pass stands once its row is safe on disk, and only within the limit."""
        committed = await self._committed(presentation, commit)
        if committed is None:
            self._journal.withdraw(presentation, "not committed in time")
            return replace(decision, outcome=Outcome.REFER, reasons=(Reason.RECORD_FAILED,)), None
        return decision, committed

    async def _committed(self, presentation: str, commit: Future[int]) -> float | None:
        """Wait for a row, but not for ever; the monotonic time at which it was safe, None where it is not."""
        row = asyncio.wrap_future(commit)
        await asyncio.wait({row}, timeout=self._commit_limit_s)
        at = time.monotonic()
        if not row.done():
            row.add_done_callback(_swallow)
            why = f"the disk needs more than {self._commit_limit_s * 1000:.0f} ms"
        elif isinstance(fault := row.exception(), JournalError):
            why = str(fault)
        else:
            row.result()  # anything else is a bug and ends the process
            self._screen.set_status(StatusFlag.RECORD_FAILED, on=False)
            return at
        log.error(line("record-failed", id=presentation, why=why))
        self._screen.set_status(StatusFlag.RECORD_FAILED, on=True)
        return None

    def _announce(self, presentation: str, decision: Decision) -> asyncio.Future[float | None]:
        reason = decision.reasons[0]
        self._screen.show(
            Announcement(presentation, decision.outcome, reason, self._texts(reason), receipt(presentation))
        )
        return self._voice.say(reason)

    def _follow(self, decision: Decision) -> None:
        """Move the lane on after an announcement."""
        if decision.outcome is not Outcome.PASS:
            self.lane.apply(LaneEvent.REFUSED)
            return
        self.lane.apply(LaneEvent.RELEASE)
        loop = asyncio.get_running_loop()
        self._release = loop.call_later(RELEASE_S, self._release_over)

    def _release_over(self) -> None:
        self._release = None
        if self.lane.state is LaneState.RELEASED:
            self.lane.apply(LaneEvent.TIME_OUT)

    def _cancel_release(self) -> None:
        if self._release is not None:
            self._release.cancel()
            self._release = None

    def _notice(self, notice: Notice) -> None:
        log.info(line("reader-notice", reader=notice.reader, kind=notice.kind.value, detail=notice.detail))
        match notice.kind:
            case NoticeKind.ONLINE | NoticeKind.OFFLINE:
                (self._offline.discard if notice.kind is NoticeKind.ONLINE else self._offline.add)(notice.reader)
                self._screen.set_status(StatusFlag.READER_OFFLINE, on=bool(self._offline))
            case NoticeKind.PRESENT_AGAIN:
                self._tell(notice, Reason.PRESENT_AGAIN)
            case NoticeKind.READER_UNSERVICEABLE:
                self._tell(notice, Reason.READER_UNSERVICEABLE)

    def _tell(self, notice: Notice, reason: Reason) -> None:
        """Answer somebody whose credential never became a reading; a decision in progress is not cut off."""
        if self.lane.busy:
            return
        presentation, decision = new_presentation_id(), refuse(reason)
        sound = self._announce(presentation, decision)
        measured = Measured(notice.at_monotonic, time.monotonic(), None)
        report = asyncio.create_task(self._report(notice.reader, presentation, None, decision, measured, sound))
        self._reports.add(report)
        report.add_done_callback(self._reports.discard)

    async def _report(
        self,
        reader: str,
        presentation: str,
        judgement: Judgement | None,
        decision: Decision,
        measured: Measured,
        sound: asyncio.Future[float | None],
    ) -> None:
        heard = await sound
        log.info(
            line(
                "presentation",
                id=presentation,
                reader=reader,
                credential=None if judgement is None else judgement.credential.kind.value,
                outcome=decision.outcome.value,
                reasons=[reason.value for reason in decision.reasons],
                failed_rules=list(decision.failed_rules),
                received=measured.received,
                decision_ms=_ms(measured.received, measured.decided),
                commit_ms=_ms(measured.received, measured.committed),
                sound_ms=_ms(measured.received, heard),
            )
        )


def _swallow(row: asyncio.Future[int]) -> None:
    """A row that failed after its person was answered: the failure was logged when it was late."""
    if not row.cancelled():
        row.exception()


def _ms(start: float, end: float | None) -> float | None:
    return None if end is None else (end - start) * 1000


def _marked(decision: Decision, marks: tuple[str, ...]) -> Decision:
    return replace(decision, marks=(*decision.marks, *marks)) if marks else decision


def _row(presentation: str, reading: Reading, judgement: Judgement, moment: Moment) -> Passage:
    return Passage(
        id=presentation,
        at=moment.at,
        clock_trusted=moment.trusted,
        reader=reading.reader,
        credential=judgement.credential.kind.value,
        assurance=int(judgement.credential.assurance),
        holder=judgement.holder,
        decision=judgement.decision,
    )
