"""What the screen shows now: one snapshot, replaced whole by the next.

Pure: no clock and no loop; whoever owns it calls ``clear`` when the time of a snapshot is over.
Holds nothing that could name a person, and no reason: a reason can be a health fact, the screen is public.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gate.model import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.model import Announcement


class ScreenKind(StrEnum):
    """What the screen is about; the page adds ``lost`` for itself."""

    IDLE = "idle"
    DECIDING = "deciding"
    PASS = "pass"  # noqa: S105 - the field's word for letting a person through
    REFER = "refer"
    RETRY = "retry"
    STAFF = "staff"
    """Somebody is on the way: no refusal, and nothing of the look of one."""


class StatusFlag(StrEnum):
    """What guards should know about the gate; the value is the key of its words."""

    READER_OFFLINE = "reader_offline"
    SOUND_OFF = "sound_off"
    TIME_UNTRUSTED = "time_untrusted"
    STATUS_OFFLINE = "status_offline"
    """The city does not answer: people are judged by what is held here."""
    RULES_OVERDUE = "rules_overdue"
    TRUST_OVERDUE = "trust_overdue"
    RECORD_FAILED = "record_failed"
    BARRIER = "barrier"
    """It does not open, its housing is open, or somebody passed who was not let through: guards look after it."""
    FIRE_RELEASE = "fire_release"


DECIDING_HOLD_S: Final = 10.0
"""A decision takes 3 s at most; a screen that still says "one moment" after this has missed it."""

_KINDS: Final = {
    Outcome.PASS: ScreenKind.PASS,
    Outcome.REFER: ScreenKind.REFER,
    Outcome.RETRY: ScreenKind.RETRY,
}


@dataclass(frozen=True, slots=True)
class ScreenText:
    """The words of a decision in one language."""

    lang: str
    screen: str
    next_step: str
    advice: str = ""
    """What to do by when, on a pass; empty where there is nothing to advise."""


@dataclass(frozen=True, slots=True)
class ScreenState:
    """One snapshot of the screen."""

    kind: ScreenKind = ScreenKind.IDLE
    texts: tuple[ScreenText, ...] = ()
    """In the order of the configured languages; empty unless a decision is shown."""
    receipt: str | None = None
    hold_s: float | None = None
    """Seconds until the screen is idle again; None where it stays."""
    flags: tuple[StatusFlag, ...] = ()


class Screen:
    """Keeps the one current state. A new announcement replaces the older one at once (DESIGN invariant 8)."""

    def __init__(self, languages: Sequence[str], hold_s: Mapping[Outcome, float]) -> None:
        self._languages = tuple(languages)
        self._hold_s = dict(hold_s)
        self.state = ScreenState()
        self.revision = 0
        """Grows with every change."""
        self.shown = 0
        """The revision at which the words last changed: two equal decisions in a row are two."""

    def show(self, announcement: Announcement) -> None:
        texts = tuple(
            ScreenText(lang, words.screen, words.next_step, announcement.advice.get(lang, ""))
            for lang in self._languages
            if (words := announcement.texts.get(lang)) is not None
        )
        # An advice is to be read: a pass that has one stays as long as a referral.
        read_as = Outcome.REFER if any(text.advice for text in texts) else announcement.outcome
        self._words(_kind(announcement), texts, announcement.receipt, self._hold_s[read_as])

    def deciding(self) -> None:
        self._words(ScreenKind.DECIDING, hold_s=DECIDING_HOLD_S)

    def clear(self) -> None:
        """Back to idle."""
        self._words(ScreenKind.IDLE)

    def set_status(self, flag: StatusFlag, *, on: bool) -> bool:
        """Raise or lower a flag; returns whether that changed anything."""
        flags = tuple(f for f in StatusFlag if (on if f is flag else f in self.state.flags))
        if flags == self.state.flags:
            return False
        self.state = replace(self.state, flags=flags)
        self.revision += 1
        return True

    def _words(
        self,
        kind: ScreenKind,
        texts: tuple[ScreenText, ...] = (),
        receipt: str | None = None,
        hold_s: float | None = None,
    ) -> None:
        self.state = ScreenState(kind, texts, receipt, hold_s, self.state.flags)
        self.revision += 1
        self.shown = self.revision

    def snapshot(self) -> dict[str, object]:
        """What the page is told, ready for JSON: all of it, every time."""
        state = self.state
        return {
            "revision": self.revision,
            "shown": self.shown,
            "kind": state.kind.value,
            "texts": [asdict(text) for text in state.texts],
            "receipt": state.receipt,
            "hold_s": state.hold_s,
            "flags": [flag.value for flag in state.flags],
        }


def _kind(announcement: Announcement) -> ScreenKind:
    kind = _KINDS[announcement.outcome]
    called = announcement.reason is Reason.STAFF_CALLED
    return ScreenKind.STAFF if called and kind is not ScreenKind.PASS else kind
