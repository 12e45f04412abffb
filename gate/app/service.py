"""One lane at work: from what a device emits to a spoken, shown and recorded decision.

Order of things, and why:

1. the moment of presentation is taken once, and judges everything;
2. the decision goes to the journal;
3. a pass waits for its commit; if the disk is too slow or full, the person is referred and the row, should it
   land later, is marked as withdrawn: nobody is let in on a record that might not exist;
4. the barrier lets through (``gate.app.release``) before the pass is spoken; where it can't, the person is referred;
5. ``refer`` and ``retry`` are spoken and shown at once, their rows follow;
6. a child waits for its companion: both are judged, both recorded, and the worse of both outcomes is spoken.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from gate.app.advice import advice_texts
from gate.app.attempts import Attempts
from gate.app.companions import Companions, WaitingChild
from gate.app.logs import line
from gate.app.recorder import Recorder
from gate.app.release import Releases
from gate.app.report import Measured, report
from gate.app.sealer import Sealer
from gate.app.supervise import LOGGED_ALREADY
from gate.credentials.trusted import TRUST_OVERDUE
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
from gate.rules.decide import PAST_REFRESH, SEVERITY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from drivers.barrier import Barrier
    from gate.app.judge import Judge
    from gate.app.judgement import Judgement
    from gate.clock import Clock
    from gate.journal.store import Journal

log = logging.getLogger("gate.passages")


class Speaks(Protocol):
    """The voice."""

    def say(self, reason: Reason, advice: Reason | None = None) -> asyncio.Future[float | None]:
        """Begin to speak, cutting off what is being said; gives the monotonic time of the first audio, or None."""
        ...


class Shows(Protocol):
    """The screen."""

    def show(self, announcement: Announcement) -> None: ...
    def deciding(self) -> None: ...
    def set_status(self, flag: StatusFlag, *, on: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class _Person:
    """One of those who are judged together: usually one; a child and its companion, or everybody of a family's code."""

    presentation: str
    reader: str
    judgement: Judgement


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
        barrier: Barrier | None = None,
    ) -> None:
        self._judge = judge
        sealer = Sealer(judge.trust, judge.checkpoint.time_zone, clock)
        self._recorder = Recorder(journal, commit_limit_s, screen, sealer)
        self._attempts = Attempts()
        self._companions = Companions()
        self._time_zone = judge.checkpoint.time_zone
        self._voice = voice
        self._screen = screen
        self._texts = texts
        self._clock = clock
        self._marks = marks
        self.lane = Lane()
        self.releases = Releases(self.lane, barrier, self._recorder, screen, self._not_let_through)
        self._events: asyncio.Queue[Reading | asyncio.Event] = asyncio.Queue()
        self._came = time.monotonic()
        """When somebody came last."""
        self._free = asyncio.Event()
        """Nobody is being decided about."""
        self._free.set()
        self._readers_out: set[str] = set()
        self._reports: set[asyncio.Task[None]] = set()

    @property
    def quiet_s(self) -> float:
        """For how long nobody has come, or was decided about or let through; 0: somebody is."""
        return time.monotonic() - self._came if self.lane.state is LaneState.IDLE else 0.0

    def take(self, event: ReaderEvent) -> None:
        """Take what a driver emits; never blocks. While somebody is being decided about, others are turned away."""
        if isinstance(event, Notice):
            self._notice(event)
            return
        self._came = time.monotonic()
        if self.lane.busy or self.releases.full:
            self._turn_away(event.reader)
        else:
            self.lane.apply(LaneEvent.PRESENTED)
            self._free.clear()
            self._events.put_nowait(event)

    async def run(self) -> None:
        """Serve one presentation after the other until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.releases.run())
            while True:
                event = await self._events.get()
                group.create_task(self._serve(event) if isinstance(event, Reading) else self._pass_through(event))

    async def turn(self) -> None:
        """Come back once an empty event went the way of everything that is presented and found the lane free.

        It never comes back where the lane hangs, be it between two people or with one: ``gate.health`` lives on that.
        """
        through = asyncio.Event()
        self._events.put_nowait(through)
        await through.wait()

    async def _pass_through(self, through: asyncio.Event) -> None:
        await self._free.wait()
        through.set()

    async def _serve(self, reading: Reading) -> None:
        self._screen.deciding()
        moment, now = self._clock.moment(), time.monotonic()
        self._screen.set_status(StatusFlag.TIME_UNTRUSTED, on=not moment.trusted)
        self._screen.set_status(StatusFlag.TRUST_OVERDUE, on=self._judge.trust.current.overdue(moment))
        judged = await self._judge.judge(reading, moment, lambda key: self._attempts.retries(key, now))
        judgement = judged[0]
        people = [
            *(_Person(new_presentation_id(), reading.reader, person) for person in judged),
            *self._with_child(judgement, moment, now),
        ]
        if judgement.decision.rule_set is not None:
            self._screen.set_status(StatusFlag.RULES_OVERDUE, on=PAST_REFRESH in judgement.decision.marks)
        if judgement.decision.reasons[0] is Reason.COMPANION_NEEDED:
            self._companions.wait(WaitingChild(reading.reader, judgement, now))
        decided = time.monotonic()
        chief = max(people, key=lambda person: SEVERITY[person.judgement.decision.outcome])
        decision, committed = chief.judgement.decision, None
        if decision.outcome is Outcome.PASS and not self.releases.possible:
            decision = self._judge.refuse(
                Reason.BARRIER_FAULT, moment, chief.reader, kind=chief.judgement.credential.kind
            )
        commits = [self._record(person, decision, moment) for person in people]
        to_admit = decision.outcome is Outcome.PASS
        if to_admit:
            decision, committed = await self._admit(people, decision, commits)
        for key in {person.holder or reading.reader for person in judged}:
            self._attempts.note(key, decision.outcome, now)
        if decision.outcome is not Outcome.RETRY:
            self._attempts.note(reading.reader, decision.outcome, now)  # the next one begins anew
        sound = self._announce(chief.presentation, decision)
        self.lane.apply(LaneEvent.RELEASE if decision.outcome is Outcome.PASS else LaneEvent.REFUSED)
        self._free.set()
        if not to_admit:
            committed = await self._recorder.safe(people[0].presentation, commits[0])
        measured = Measured(reading.received_monotonic, decided, committed)
        await report(chief.presentation, reading.reader, judgement, decision, measured, sound)

    def _turn_away(self, reader: str) -> None:
        """Answer somebody who came while another is being decided about, whether it could be read or not."""
        self.lane.turn_away()
        log.info(line("turned-away", reader=reader, so_far=self.lane.turned_away))
        self._announce(new_presentation_id(), self._judge.refuse(Reason.ONE_AT_A_TIME, self._clock.moment(), reader))

    def _with_child(self, companion: Judgement, moment: Moment, now: float) -> list[_Person]:
        """The child that waits for this person, judged again; the worse of both outcomes is what is spoken."""
        child = self._companions.join(companion, now)
        if child is None:
            return []
        judged = self._judge.with_companion(child.judgement, companion, moment)
        return [_Person(new_presentation_id(), child.reader, judged)]

    def _record(self, person: _Person, chief: Decision, moment: Moment) -> Future[int]:
        """Record one of them; whoever is in order alone, but not together, was not let in and is not recorded so."""
        own = person.judgement.decision
        if own.outcome is Outcome.PASS and chief.outcome is not Outcome.PASS:
            own = replace(own, outcome=chief.outcome, reasons=chief.reasons, advisories=())
        overdue = (TRUST_OVERDUE,) if self._judge.trust.current.overdue(moment) else ()
        own = replace(own, marks=(*own.marks, *overdue, *self._marks))
        judgement = replace(person.judgement, decision=own)
        return self._recorder.record(person.presentation, person.reader, judgement, moment)

    async def _admit(
        self, people: list[_Person], decision: Decision, commits: list[Future[int]]
    ) -> tuple[Decision, float | None]:
        """A pass stands once every row of it is safe on disk, within the limit, and the barrier has begun to let in."""
        safe = [
            await self._recorder.safe(person.presentation, commit)
            for person, commit in zip(people, commits, strict=True)
        ]
        late, first = None in safe, people[0]
        presentations, direction = [person.presentation for person in people], first.judgement.place.direction
        if not late and self.releases.admit(presentations, first.reader, direction):
            return decision, safe[0]
        for person in people:
            self._recorder.withdraw(
                person.presentation, "not committed in time" if late else "the barrier did not open"
            )
        kind = first.judgement.credential.kind
        reason = Reason.RECORD_FAILED if late else Reason.BARRIER_FAULT
        return self._judge.refuse(reason, self._clock.moment(), first.reader, kind=kind), None

    def mark(self, mark: str) -> None:
        """Put a mark on every record from now on."""
        self._marks = (*self._marks, mark)

    def _not_let_through(self, presentation: str, reader: str) -> None:
        """Somebody who heard a pass stands before a barrier that can't open any more."""
        self._announce(presentation, self._judge.refuse(Reason.BARRIER_FAULT, self._clock.moment(), reader))

    def _announce(self, presentation: str, decision: Decision) -> asyncio.Future[float | None]:
        self.releases.signal(decision)
        reason = decision.announced
        advice = decision.advisories[0] if decision.advisories else None
        self._screen.show(
            Announcement(
                presentation,
                decision.outcome,
                reason,
                self._texts(reason),
                receipt(presentation),
                {} if advice is None else advice_texts(self._texts(advice.reason), advice.deadline, self._time_zone),
            )
        )
        return self._voice.say(reason, None if advice is None else advice.reason)

    def _notice(self, notice: Notice) -> None:
        if notice.kind not in LOGGED_ALREADY:
            log.info(line("reader-notice", reader=notice.reader, kind=notice.kind.value, detail=notice.detail))
        match notice.kind:
            case NoticeKind.ONLINE:
                self._readers_out.discard(notice.reader)
            case NoticeKind.OFFLINE:
                self._readers_out.add(notice.reader)
            case NoticeKind.PRESENT_AGAIN if self.lane.busy:
                self._turn_away(notice.reader)
            case NoticeKind.PRESENT_AGAIN:
                self._tell(notice, Reason.PRESENT_AGAIN)
            case NoticeKind.READER_UNSERVICEABLE:
                self._readers_out.add(notice.reader)
                self._tell(notice, Reason.READER_UNSERVICEABLE)
        self._screen.set_status(StatusFlag.READER_OFFLINE, on=bool(self._readers_out))

    def _tell(self, notice: Notice, reason: Reason) -> None:
        """Answer somebody whose credential never became a reading."""
        now = time.monotonic()
        retries = self._attempts.retries(notice.reader, now)
        presentation = new_presentation_id()
        decision = self._judge.refuse(reason, self._clock.moment(), notice.reader, retries=retries)
        self._attempts.note(notice.reader, decision.outcome, now)
        sound = self._announce(presentation, decision)
        measured = Measured(notice.at_monotonic, time.monotonic(), None)
        task = asyncio.create_task(report(presentation, notice.reader, None, decision, measured, sound))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)
