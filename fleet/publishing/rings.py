"""How far a rollout goes, stage by stage, and what the health of the gates says about going on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gate.trust.ring import RINGS, own_name, ring_name, ring_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gate.wire.heartbeat import Heartbeat


class Stage(StrEnum):
    """Whom a rollout covers; each covers all that the one before did."""

    GATE = "gate"
    SITE = "site"
    FEW = "5%"
    MANY = "25%"
    ALL = "all"


class Verdict(StrEnum):
    """What is to be done."""

    WAIT = "wait"
    ON = "on"
    STOP = "stop"
    BACK = "back"


STAGES: Final = tuple(Stage)
RINGS_OF: Final[Mapping[Stage, int]] = {Stage.GATE: 0, Stage.SITE: 0, Stage.FEW: 5, Stage.MANY: 25, Stage.ALL: RINGS}
"""Of a hundred."""
SOAK: Final[Mapping[Stage, timedelta]] = {
    Stage.GATE: timedelta(minutes=30),
    Stage.SITE: timedelta(hours=1),
    Stage.FEW: timedelta(hours=4),
    Stage.MANY: timedelta(hours=8),
    Stage.ALL: timedelta(hours=2),
}
"""How long a stage lasts at least: two refreshes of every gate, and a time in which people come through."""
PATIENCE: Final = 4
"""So many times as long for what was to be seen, then a person has to look."""
LEAST_PATIENCE: Final = timedelta(hours=2)
MOST_AWAY: Final = timedelta(days=4)
"""Where every gate is switched off as planned: a long weekend, and then a person has to look."""
HEARD_OF_COVERED: Final = 0.5
"""Closed entrances are off for months."""
HOLDING_OF_HEARD: Final = 0.95
SICK_OF_COVERED: Final = 0.01
"""Something always breaks somewhere; under a hundred gates, nothing may."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The gates that a stage covers."""

    gates: frozenset[str]
    """By name."""
    rings: int
    """The first so many."""

    def covers(self, device: str) -> bool:
        """Whether a gate is among them."""
        return device in self.gates or ring_of(device) < self.rings

    @property
    def links(self) -> tuple[str, ...]:
        """What is switched for them, the most careful part first."""
        return (*map(own_name, sorted(self.gates)), *map(ring_name, range(self.rings)))


@dataclass(frozen=True, slots=True)
class Count:
    """What is known of the gates that are covered."""

    covered: int = 0
    heard: int = 0
    """Since the stage began."""
    holding: int = 0
    """What is being rolled out."""
    sick: int = 0
    """Silent, or with more troubles than before."""
    away: int = 0
    """Not heard of since the stage began, and switched off as planned."""

    @property
    def too_sick(self) -> bool:
        """Whether it can't be chance."""
        return self.sick > self.covered * SICK_OF_COVERED


def reach(stage: Stage, pilot: str, site: frozenset[str]) -> Reach:
    """Whom a stage covers, given the first gate's name and those of all gates of its site."""
    named = {pilot} if stage is Stage.GATE else site | {pilot}
    return Reach(frozenset(named), RINGS_OF[stage])


def following(stage: Stage, covered: Mapping[Stage, int]) -> Stage | None:
    """The next stage from which there is something to learn.

    Args:
        stage: the one that is over.
        covered: how many gates each stage covers.

    Returns:
        The next one with more gates; the last one in any case, and None after it.
    """
    later = STAGES[STAGES.index(stage) + 1 :]
    more = (one for one in later if one is Stage.ALL or covered[one] > covered[stage])
    return next(more, None)


def judge(stage: Stage, count: Count, lasted: timedelta, *, at_once: bool, may_go_back: bool) -> Verdict:
    """What the gates say.

    Args:
        stage: the one that goes on.
        count: of its gates.
        lasted: since it began.
        at_once: an emergency: nobody waits for longer than the gates need.
        may_go_back: there is a signed way back.
    """
    if count.too_sick:
        return Verdict.BACK if may_go_back else Verdict.STOP
    soak = timedelta() if at_once else SOAK[stage]
    awaited = count.covered - count.away
    heard = count.heard > 0 and count.heard >= awaited * HEARD_OF_COVERED
    if lasted >= soak and heard and count.holding >= count.heard * HOLDING_OF_HEARD:
        return Verdict.ON
    patience = max(PATIENCE * soak, LEAST_PATIENCE if awaited or not count.away else MOST_AWAY)
    return Verdict.STOP if lasted >= patience else Verdict.WAIT


def holds(beat: Heartbeat, version: int, due: Collection[tuple[str, int]]) -> bool:
    """Whether a gate has taken a bundle.

    Args:
        beat: what it told.
        version: of the bundle.
        due: id and version of each rule set in it that is valid by now; a gate that judges by one of these names has
            to judge by one of these versions.
    """
    if beat.trust is None or beat.trust.name != f"trust@{version}":
        return False
    name = "" if beat.rules is None else beat.rules.name
    known = {f"{id_}@{number}" for id_, number in due}
    return name in known or name.rpartition("@")[0] not in {id_ for id_, _ in due}
