"""How a gate is, in a colour and in words: from what it told last, and when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from fleet.planned import ALWAYS
from fleet.troubles import Condition, Trouble, condition, read, troubles
from gate.wire.commands import CommandResult

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.planned import Plan
    from fleet.registry.models import Command, Device
    from gate.wire.heartbeat import Heartbeat


class Colour(StrEnum):
    """Each goes with a word, so that nobody has to tell them apart."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    GREY = "grey"


@dataclass(frozen=True, slots=True)
class State:
    """What the console shows of one gate."""

    colour: Colour
    word: str
    troubles: tuple[str, ...] = ()
    beat: Heartbeat | None = None


def state_of(device: Device, now: datetime, plan: Plan = ALWAYS) -> State:
    """How a gate is at ``now``, given when it is switched off on purpose."""
    report = getattr(device, "report", None)
    beat = read(report.heartbeat) if report else None
    words = tuple(worded(*trouble) for trouble in troubles(beat)) if beat else ()
    match condition(device.state, report.seen_at if report else None, beat, now, plan):
        case Condition.REVOKED:
            return State(Colour.GREY, _("revoked"), beat=beat)
        case Condition.UNREPORTED:
            return State(Colour.GREY, _("has not reported yet"))
        case Condition.OFFLINE:
            return State(Colour.RED, _("offline"), words, beat)
        case Condition.OFF:
            return State(Colour.GREY, _("switched off as planned"), words, beat)
        case Condition.DEGRADED:
            return State(Colour.AMBER, _("degraded"), words, beat)
        case Condition.ONLINE:
            return State(Colour.GREEN, _("online"), beat=beat)


def answer_of(command: Command, now: datetime) -> str:
    """What became of a command, in a word or two."""
    if command.done_at is None:
        return str(_("waits") if command.expires_at > now else _("no answer in time"))
    match command.result:
        case CommandResult.DONE:
            return str(_("done"))
        case CommandResult.EXPIRED:
            return str(_("too late: not carried out"))
        case CommandResult.NOT_SUPPORTED:
            return str(_("its software can't do that"))
        case _:
            return str(_("failed"))


def worded(trouble: Trouble, detail: str) -> str:
    """A trouble, in words."""
    match trouble:
        case Trouble.GONE:
            words = _("%(device)s is gone") % {"device": detail}
        case Trouble.CLOCK:
            words = _("clock not trusted")
        case Trouble.RULES:
            words = _("stale rules")
        case Trouble.DISK:
            words = _("disk almost full")
        case Trouble.JOURNAL:
            words = _("journal can't be read")
        case Trouble.DEAD_LETTERS:
            words = _("dead letters: %(count)s") % {"count": detail} if detail else _("dead letters")
        case _:  # settings
            words = _("can't live with what was set for it")
            words = f"{words}: {detail}" if detail else words
    return str(words)
