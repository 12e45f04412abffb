"""The read cycle of a resident-ID reader as a state table: no port, no clock (PROTOCOLS 1.6, 1.7).

Theory of operation. Each ``Step`` is one command to the reader; the reader's answer, as ``Advice`` (None for silence),
selects the next step and the pause before it::

    FIND --good--> SELECT --good--> READ --good--> WATCH --card gone--> FIND
      any service status, or no usable answer about a card -> RESET -> FIND

A module that stays silent about a card may hang with it half removed, which a reset is known to cure.

*Presence* begins with the first FIND that sees something and ends when the card was read, or when the reader misses
it (twice in a row as long as its holder has heard nothing: a card held at the edge of the field flickers). Every
presence gets an answer: the text block, or a notice at the latest ``PATIENCE`` seconds after the card was found.

*Watching.* After a good READ the module answers FIND with "no card" until the card has left, and some firmware is
said to find it again at the next FIND. A miss of FIND therefore does not tell a card that was taken away from one that
still lies there, so the chip number is polled instead, which fails once the selected card is gone. Twice in a
row, because a card that lies still loses contact now and then and must not be read a second time for that. A reader
without that command (status 21) is watched by FIND, with the same rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from drivers.idcard_frames import Command
from drivers.idcard_status import Advice, Status, advice, describe
from gate.model import NoticeKind

PATIENCE = 2.5
"""Seconds from finding a card to asking for it again; leaves half a second of DESIGN invariant 2 to say it."""
READ_FAILURES = 3
"""So many times status 41 in one presence, and the card is asked for again."""
QUICK_RETRIES = 3
"""Retries of one presence without a pause; a card that can't be read must not keep the wire busy."""
SILENCES = 3
"""So many unanswered FINDs in a row, from a module that does answer SAM status, call for service."""
MISSES = 2
"""So many misses in a row mean that the card has left."""


class Step(StrEnum):
    """Where the cycle stands: the command that is asked next."""

    FIND = "find"
    SELECT = "select"
    READ = "read"
    WATCH = "watch"
    RESET = "reset"


class Pace(Enum):
    """Seconds of pause before the next step."""

    NOW = 0.0
    POLL = 0.25
    SLOW = 5.0
    """Between attempts to bring back a reader that needs service."""


@dataclass(frozen=True, slots=True)
class News:
    """A notice to be given; ``detail`` holds status bytes, never anything from a card.

    It is empty for ``ONLINE``, where the driver says which reader it is.
    """

    kind: NoticeKind
    detail: str


Table = dict[Step, dict[Advice | None, tuple[Step, Pace]]]

TABLE: Table = {
    Step.FIND: {
        Advice.GOOD: (Step.SELECT, Pace.NOW),
        Advice.NO_CARD: (Step.FIND, Pace.POLL),
        Advice.RETRY: (Step.FIND, Pace.POLL),
        Advice.PRESENT_AGAIN: (Step.FIND, Pace.POLL),
        Advice.SERVICE: (Step.RESET, Pace.NOW),
        None: (Step.FIND, Pace.POLL),
    },
    Step.SELECT: {
        Advice.GOOD: (Step.READ, Pace.NOW),
        Advice.NO_CARD: (Step.FIND, Pace.POLL),
        Advice.RETRY: (Step.FIND, Pace.NOW),
        Advice.PRESENT_AGAIN: (Step.FIND, Pace.POLL),
        Advice.SERVICE: (Step.RESET, Pace.NOW),
        None: (Step.RESET, Pace.NOW),
    },
    Step.READ: {
        Advice.GOOD: (Step.WATCH, Pace.POLL),
        Advice.NO_CARD: (Step.FIND, Pace.POLL),
        Advice.RETRY: (Step.FIND, Pace.NOW),
        Advice.PRESENT_AGAIN: (Step.FIND, Pace.POLL),
        Advice.SERVICE: (Step.RESET, Pace.NOW),
        None: (Step.RESET, Pace.NOW),
    },
    # Every error means that the card did not answer, whichever it is; misses are counted below.
    Step.WATCH: dict.fromkeys((*Advice, None), (Step.WATCH, Pace.POLL)),
    Step.RESET: {
        **dict.fromkeys((*Advice, None), (Step.FIND, Pace.POLL)),
        Advice.GOOD: (Step.FIND, Pace.NOW),
        Advice.SERVICE: (Step.RESET, Pace.SLOW),
    },
}


class Cycle:
    """One reader's place in the table. ``now`` is always seconds of the monotonic clock."""

    def __init__(self, *, serviceable: bool = True) -> None:
        self.step = Step.FIND if serviceable else Step.RESET
        self._serviceable = serviceable
        self._found_at: float | None = None
        self._answered = False
        self._misses = 0
        self._retries = 0
        self._read_failures = 0
        self._silences = 0
        self._watch_by_find = False

    @property
    def command(self) -> Command:
        """What to ask the reader in this step."""
        match self.step:
            case Step.FIND:
                return Command.FIND
            case Step.SELECT:
                return Command.SELECT
            case Step.READ:
                return Command.READ
            case Step.WATCH:
                return Command.FIND if self._watch_by_find else Command.CHIP_NUMBER
            case Step.RESET:
                return Command.SAM_RESET

    @property
    def due(self) -> float | None:
        """When somebody must be asked to present the card again, unless it is read before; None without a card."""
        return None if self._found_at is None or self._answered else self._found_at + PATIENCE

    def overdue(self, now: float) -> list[News]:
        """The notice that is due at ``now``, if one is; to be called whenever ``due`` has come."""
        if self.due is None or now < self.due:
            return []
        return self._ask_again("the card could not be read in time")

    def advance(self, status: int | None, now: float) -> tuple[float, list[News]]:
        """Move on with the reader's answer.

        Args:
            status: its status byte, None when it gave no usable answer in time.
            now: when the answer was complete.

        Returns:
            Seconds to pause before the next step, and what to say about it.
        """
        step, result = self.step, None if status is None else advice(status)
        self.step, pace = TABLE[step][result]
        if step is Step.WATCH:
            return self._watch(status), []
        if step is Step.FIND:
            self._silences = self._silences + 1 if status is None else 0
        if result is Advice.SERVICE or (step is Step.FIND and self._silences >= SILENCES):
            return self._out_of_service(f"the reader's answer to {step}: {_told(status)}")
        if result is Advice.RETRY and self._found_at is not None:
            self._retries += 1
            if pace is Pace.NOW and self._retries >= QUICK_RETRIES:
                pace = Pace.POLL
        return pace.value, self._judge(step, status, now)

    def _judge(self, step: Step, status: int | None, now: float) -> list[News]:
        """Keep the books about the presence, and say what there is to say."""
        result = None if status is None else advice(status)
        if step is Step.FIND and result is Advice.NO_CARD:
            return self._back_in_service() + self._miss()
        if step is Step.READ and result is Advice.GOOD:
            self._leave()
            return self._back_in_service()
        if step is Step.FIND and status is not None:
            self._found(now)
        if result is Advice.PRESENT_AGAIN:
            return self._ask_again(f"{step}: {_told(status)}")
        if status == Status.READ_FAILED:
            self._read_failures += 1
            if self._read_failures >= READ_FAILURES:
                return self._ask_again(f"{step}: {_told(status)}, {self._read_failures} times")
        return []

    def _found(self, now: float) -> None:
        self._misses = 0
        if self._found_at is None:
            self._found_at = now
            self._answered = False
            self._retries = self._read_failures = 0

    def _leave(self) -> None:
        self._found_at = None
        self._misses = 0

    def _miss(self) -> list[News]:
        if self._found_at is None:
            return []
        self._misses += 1
        if not self._answered and self._misses < MISSES:
            return []
        news = self._ask_again("the card left before it was read")
        self._leave()
        return news

    def _ask_again(self, detail: str) -> list[News]:
        """Ask for the card, once in a presence."""
        if self._answered:
            return []
        self._answered = True
        return [News(NoticeKind.PRESENT_AGAIN, detail)]

    def _out_of_service(self, detail: str) -> tuple[float, list[News]]:
        """Reset the module, slowly from the second time on; say so once, and to everybody who was found since."""
        waiting = self._found_at is not None and not self._answered
        news = [News(NoticeKind.READER_UNSERVICEABLE, detail)] if self._serviceable or waiting else []
        pace = Pace.NOW if self._serviceable else Pace.SLOW
        self.step, self._answered, self._serviceable = Step.RESET, True, False
        return pace.value, news

    def _back_in_service(self) -> list[News]:
        if self._serviceable:
            return []
        self._serviceable = True
        return [News(NoticeKind.ONLINE, "")]

    def _watch(self, status: int | None) -> float:
        if status == Status.COMMAND_WRONG and not self._watch_by_find:
            self._watch_by_find = True
            return Pace.NOW.value
        if status is not None and advice(status) is Advice.GOOD:
            self._misses = 0
            return Pace.POLL.value
        self._misses += 1
        if self._misses < MISSES:
            return Pace.POLL.value
        self._leave()
        self.step = Step.FIND
        return Pace.NOW.value


def _told(status: int | None) -> str:
    return "none in time" if status is None else describe(status)
