"""What follows a pass: the barrier lets through, and what it saw goes on record.

One release a person, even where a family's code or a child with its companion was judged as one: a turning arm lets one
person through a pulse, the sensor counts persons, and each has a row that says what became of him. Whoever of a group
does not come ends it: a barrier must not stand open for nobody.

The next one may present while a release is still open. A pass then waits for its turn, since a sensor can't tell whom
it sees; one such group may wait, and whoever comes after it is answered "one at a time".
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.app.logs import line
from gate.app.supervise import LOGGED_ALREADY
from gate.errors import DeviceLost
from gate.kiosk.state import StatusFlag
from gate.lane import LaneEvent, LaneState
from gate.model import Notice, NoticeKind, Outcome, PassageResult, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from drivers.barrier import Barrier
    from gate.app.recorder import HasLamps, Recorder
    from gate.lane import Lane
    from gate.model import Decision, Direction, ReaderEvent

RELEASE_S: Final = 4.0
"""How long the lane stands open, for whoever looks at the screen, where no sensor tells what became of it."""
ALARM_S: Final = 60.0
"""How long guards are shown that somebody passed who was not let through."""

EVENTS: Final[Mapping[PassageResult | None, LaneEvent]] = {
    PassageResult.PASSED: LaneEvent.PASSED,
    PassageResult.NOT_TAKEN: LaneEvent.NOT_TAKEN,
    PassageResult.JAMMED: LaneEvent.JAMMED,
    None: LaneEvent.TIME_OUT,
}

log = logging.getLogger("gate.passages")


@dataclass(frozen=True, slots=True)
class _Group:
    """Those who were let in together."""

    presentations: tuple[str, ...]
    reader: str
    direction: Direction
    first: asyncio.Future[PassageResult | None] | None
    """The first one's release, where it could begin at once."""


class Releases:
    """The barrier as one lane uses it; constructed and run on the event loop.

    Args:
        lane: is moved on when a release is over.
        barrier: None where nothing opens: a release then stands for a while, and nobody knows what became of it.
        recorder: takes what the barrier saw.
        screen: shows guards how the barrier stands.
        failed: told of somebody who heard a pass and then could not be let through, and of the reader.
    """

    def __init__(
        self,
        lane: Lane,
        barrier: Barrier | None,
        recorder: Recorder,
        screen: HasLamps,
        failed: Callable[[str, str], None],
    ) -> None:
        self._lane = lane
        self._barrier = barrier
        self._recorder = recorder
        self._screen = screen
        self._failed = failed
        self._out = barrier is not None  # until it has shown that it works
        self._groups: asyncio.Queue[_Group] = asyncio.Queue()
        self._open = 0
        self._timer: asyncio.TimerHandle | None = None
        self._tampered = False
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def possible(self) -> bool:
        """Whether anybody can be let through now."""
        return not self._out

    @property
    def full(self) -> bool:
        """Whether one group is being let through and another one waits for its turn."""
        return self._open > 1

    def admit(self, presentations: Sequence[str], reader: str, direction: Direction) -> bool:
        """Let them through, whose rows are safe on disk; False where the barrier can't, and nobody was let through."""
        if self._timer is not None:
            self._timer.cancel()
        if self._barrier is None:
            self._over_later()
            return True
        first = None if self._open else self._release(direction)
        if first is None and not (self._open and self.possible):
            return False
        self._open += 1
        self._groups.put_nowait(_Group(tuple(presentations), reader, direction, first))
        return True

    async def run(self) -> None:
        """Let one group through after the other until cancelled."""
        while True:
            result = await self._serve(await self._groups.get())
            self._open -= 1
            if self._open:
                continue
            if result is None:
                self._over_later()
            else:
                self._over(result)

    def signal(self, decision: Decision) -> None:
        """Lamp and buzzer; none where staff are on the way, which must not look like a refusal."""
        called = decision.announced is Reason.STAFF_CALLED and decision.outcome is not Outcome.PASS
        if self._barrier is not None and not called:
            self._barrier.signal(decision.outcome)

    def take(self, notice: ReaderEvent) -> None:
        """Take what the barrier has to say."""
        if not isinstance(notice, Notice):
            raise TypeError("a barrier reads nothing")
        severe = notice.kind in (NoticeKind.TAMPERED, NoticeKind.UNRELEASED, NoticeKind.READER_UNSERVICEABLE)
        if notice.kind not in LOGGED_ALREADY:
            told = line("barrier-notice", barrier=notice.reader, kind=notice.kind.value, detail=notice.detail)
            log.log(logging.WARNING if severe else logging.INFO, told)
        match notice.kind:
            case NoticeKind.ONLINE:
                self._out = False
            case NoticeKind.OFFLINE | NoticeKind.READER_UNSERVICEABLE:
                self._out = True
            case NoticeKind.TAMPERED | NoticeKind.TAMPER_OVER:
                self._tampered = notice.kind is NoticeKind.TAMPERED
            case NoticeKind.UNRELEASED:
                self._raise_alarm()
            case NoticeKind.FIRE_RELEASE | NoticeKind.FIRE_OVER:
                self._screen.set_status(StatusFlag.FIRE_RELEASE, on=notice.kind is NoticeKind.FIRE_RELEASE)
        self._show_state()

    def _release(self, direction: Direction) -> asyncio.Future[PassageResult | None] | None:
        if self._barrier is None or self._out or direction not in self._barrier.directions:
            return None
        try:
            return self._barrier.release(direction)
        except DeviceLost as lost:
            log.warning(line("release-failed", why=str(lost)))
            return None

    async def _serve(self, group: _Group) -> PassageResult | None:
        left, release = deque(group.presentations), group.first
        result: PassageResult | None = PassageResult.NOT_TAKEN
        while left:
            if (release := release or self._release(group.direction)) is None:
                self._failed(left[0], group.reader)
                result = PassageResult.NOT_TAKEN
                break
            result, release = await release, None
            self._note(left.popleft(), result)
            if result in (PassageResult.NOT_TAKEN, PassageResult.JAMMED):
                break
        for presentation in left:  # nobody was let through for them
            self._note(presentation, PassageResult.NOT_TAKEN)
        return result

    def _note(self, presentation: str, result: PassageResult | None) -> None:
        log.info(line("passage", id=presentation, result=None if result is None else result.value))
        if result is not None:
            self._recorder.complete(presentation, result)

    def _over_later(self) -> None:
        """Nobody knows when somebody is through; whoever comes next does not wait for this."""
        self._timer = asyncio.get_running_loop().call_later(RELEASE_S, self._over, None)

    def _over(self, result: PassageResult | None) -> None:
        """The newest release is over; where somebody is being decided about already, the lane has gone on without."""
        if self._lane.state is LaneState.RELEASED:
            self._lane.apply(EVENTS[result])

    def _raise_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(ALARM_S, self._end_alarm)

    def _end_alarm(self) -> None:
        self._alarm = None
        self._show_state()

    def _show_state(self) -> None:
        self._screen.set_status(StatusFlag.BARRIER, on=self._out or self._tampered or self._alarm is not None)
