"""How the gates are that a rollout covers: by what each told last, and when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from fleet.console.states import state_of
from fleet.publishing.rings import STAGES, Count, Reach, Stage, holds, reach
from fleet.registry.models import Device, DeviceState
from fleet.registry.plans import Plans
from fleet.troubles import OFFLINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.registry.rollouts import Rollout


def reach_of(rollout: Rollout, stage: Stage) -> Reach:
    """Whom a stage of a rollout covers."""
    site = Device.objects.filter(site=rollout.pilot.site_id).values_list("name", flat=True)
    return reach(stage, rollout.pilot.name, frozenset(site))


def troubles(now: datetime) -> dict[str, int]:
    """How many troubles each gate has that has any, by its row."""
    found = ((str(one.id), len(state_of(one, now).troubles)) for one in _gates())
    return {row: number for row, number in found if number}


def covered(rollout: Rollout) -> Mapping[Stage, int]:
    """How many gates each stage covers."""
    names = list(Device.objects.filter(state=DeviceState.ACTIVE).values_list("name", flat=True))
    return {stage: sum(map(reach_of(rollout, stage).covers, names)) for stage in STAGES}


def count(rollout: Rollout, now: datetime) -> Count:
    """What is known of the gates that a rollout covers now."""
    asked = reach_of(rollout, Stage(rollout.stage))
    found = _gates() if asked.rings else _gates().filter(name__in=asked.gates)
    gates = [one for one in found if asked.covers(one.name)]
    due = {(name, version) for name, version, since in rollout.rules if datetime.fromisoformat(since) <= now}
    heard = holding = sick = away = 0
    plans = Plans(now)
    for gate in gates:
        report = getattr(gate, "report", None)
        if report is None or report.seen_at is None:
            continue
        plan = plans.of(gate.id, gate.site_id)
        state = state_of(gate, now)
        is_missed = plan.missed(report.seen_at, now, OFFLINE) > OFFLINE
        heard += (since := report.seen_at >= rollout.began_at)
        holding += since and state.beat is not None and holds(state.beat, rollout.version, due)
        fell_silent = report.seen_at > rollout.began_at - OFFLINE and is_missed
        sick += fell_silent or (since and len(state.troubles) > rollout.before.get(str(gate.id), 0))
        away += not since and not is_missed and now - report.seen_at > OFFLINE
    return Count(len(gates), heard, holding, sick, away)


def _gates() -> Any:
    return Device.objects.filter(state=DeviceState.ACTIVE).select_related("report")
