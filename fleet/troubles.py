"""What is wrong with a gate, from what it told last, and when. Pure; words for it are the console's."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from fleet.planned import ALWAYS
from gate.errors import WireFault
from gate.wire.heartbeat import Heartbeat
from gate.wire.message import decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fleet.planned import Plan

OFFLINE_S: Final = 300
"""Five heartbeats that did not come."""
OFFLINE: Final = timedelta(seconds=OFFLINE_S)
LEAST_FREE: Final = 0.1
"""Of the disk."""


class Condition(StrEnum):
    """How a gate is."""

    ONLINE = "online"
    DEGRADED = "degraded"
    OFFLINE = "offline"
    OFF = "off"
    """Not heard of, as was planned."""
    UNREPORTED = "unreported"
    REVOKED = "revoked"


class Trouble(StrEnum):
    """Something that somebody should see to."""

    GONE = "gone"
    CLOCK = "clock"
    RULES = "rules"
    DISK = "disk"
    JOURNAL = "journal"
    DEAD_LETTERS = "dead letters"
    SETTINGS = "settings"


def read(body: bytes | memoryview | None) -> Heartbeat | None:
    """A heartbeat as it lies in the tables; None: there is none, or it is of a version of ours that is no more."""
    try:
        return None if body is None else decode(bytes(body), Heartbeat)
    except WireFault:
        return None


def condition(
    state: str, seen_at: datetime | None, beat: Heartbeat | None, now: datetime, plan: Plan = ALWAYS
) -> Condition:
    """How a gate is at ``now``.

    Args:
        state: in the table of gates.
        seen_at: when it was last heard of.
        beat: what it told then.
        now: with a time zone.
        plan: when it is switched off on purpose.
    """
    if state == "revoked":
        return Condition.REVOKED
    if beat is None or seen_at is None:
        return Condition.UNREPORTED
    if now - seen_at > OFFLINE:
        return Condition.OFFLINE if plan.missed(seen_at, now, OFFLINE) > OFFLINE else Condition.OFF
    return Condition.DEGRADED if next(troubles(beat), None) else Condition.ONLINE


def troubles(beat: Heartbeat) -> Iterator[tuple[Trouble, str]]:
    """What is wrong, each with a detail: which device is gone, how many dead letters."""
    for part in (*beat.readers, *(() if beat.barrier is None else (beat.barrier,))):
        if part.gone_s is not None:
            yield Trouble.GONE, part.name
    if not beat.clock.trusted:
        yield Trouble.CLOCK, ""
    if beat.rules is None or (beat.rules.due_s is not None and beat.rules.due_s < 0):
        yield Trouble.RULES, ""
    if beat.disk is not None and beat.disk.free_bytes < LEAST_FREE * beat.disk.total_bytes:
        yield Trouble.DISK, ""
    if beat.journal is None:
        yield Trouble.JOURNAL, ""
    elif beat.journal.dead_letters:
        yield Trouble.DEAD_LETTERS, str(beat.journal.dead_letters)
    if beat.settings is not None and beat.settings.refused is not None:
        yield Trouble.SETTINGS, beat.settings.why or ""
