"""How a gate is, in a colour and in words: from what it told last, and when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from gate.errors import WireFault
from gate.wire.heartbeat import Heartbeat
from gate.wire.message import decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fleet.registry.models import Device

OFFLINE_S: Final = 300
"""Five heartbeats that did not come."""
LEAST_FREE: Final = 0.1
"""Of the disk."""


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


def state_of(device: Device, now: datetime) -> State:
    """How a gate is at ``now``."""
    report = getattr(device, "report", None)
    beat = _beat(report.heartbeat) if report and report.heartbeat else None
    if device.state == "revoked":
        return State(Colour.GREY, _("revoked"), beat=beat)
    if beat is None or report is None:
        return State(Colour.GREY, _("has not reported yet"))
    troubles = tuple(_troubles(beat))
    if (now - report.seen_at).total_seconds() > OFFLINE_S:
        return State(Colour.RED, _("offline"), troubles, beat)
    if troubles:
        return State(Colour.AMBER, _("degraded"), troubles, beat)
    return State(Colour.GREEN, _("online"), beat=beat)


def _beat(body: bytes | memoryview) -> Heartbeat | None:
    try:
        return decode(bytes(body), Heartbeat)
    except WireFault:
        return None  # of a version of ours that is no more


def _troubles(beat: Heartbeat) -> Iterator[str]:
    for part in (*beat.readers, *(() if beat.barrier is None else (beat.barrier,))):
        if part.gone_s is not None:
            yield _("%(device)s is gone") % {"device": part.name}
    if not beat.clock.trusted:
        yield _("clock not trusted")
    if beat.rules is None or (beat.rules.due_s is not None and beat.rules.due_s < 0):
        yield _("stale rules")
    if beat.disk is not None and beat.disk.free_bytes < LEAST_FREE * beat.disk.total_bytes:
        yield _("disk almost full")
    if beat.journal is None:
        yield _("journal can't be read")
    elif beat.journal.dead_letters:
        yield _("dead letters: %(count)d") % {"count": beat.journal.dead_letters}
