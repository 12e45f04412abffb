"""Every move of a rollout, with its entry in the audit. Tables say what is wanted; the worker makes the site follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction
from django.utils import timezone

from fleet.errors import FleetError
from fleet.locks import Lock
from fleet.publishing import health
from fleet.publishing.release import check_way_back
from fleet.publishing.rings import Stage, following
from fleet.registry.models import Alarm, AuditEntry
from fleet.registry.rollouts import OPEN, PENDING, Rollout, RolloutState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fleet.publishing.release import Release
    from fleet.publishing.site import Site
    from fleet.registry.models import Device


EMERGENCY: Final = "emergency"
"""Kind of an alarm; its part is the bundle."""
_BEGUN: Final = {
    RolloutState.RUNNING: "begun",
    RolloutState.PLANNED: "planned",
    RolloutState.WAITING: "emergency asked for",
}


def alone(*, wait: bool) -> bool:
    """Have the site to oneself until the transaction ends; gives whether that is so, which it is after waiting."""
    with connection.cursor() as link:
        if wait:
            link.execute("SELECT pg_advisory_xact_lock(%s)", (Lock.SITE,))
            return True
        link.execute("SELECT pg_try_advisory_xact_lock(%s)", (Lock.SITE,))
        return bool(link.fetchone()[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a rollout is to go."""

    pilot: Device
    """The gate that gets it first."""
    at_once: bool = False
    """An emergency: to every gate."""
    asked_by: str = ""
    """Whose emergency it is, for whom somebody else has to confirm it; empty: nobody has to."""
    starts_at: datetime | None = None
    """None: now."""
    effect: Mapping[str, Any] = field(default_factory=dict)
    """What would have changed."""


def begin(site: Site, release: Release, back: Release | None, how: How) -> Rollout:
    """Put a release and its way back onto the site, and let its rollout begin, or wait for a second person or its time.

    Raises:
        FleetError: another rollout is open, or gates would not take one of the two; nothing has happened.
        OSError: the site can't be written.
    """
    with transaction.atomic():
        alone(wait=True)
        _check_nothing_open()
        last = Rollout.begun().select_for_update().first()
        if last is not None:
            _check_follows(last, site, release, back)
        for one in filter(None, (release, back)):
            site.check(one.bundle)
        if back is not None:
            check_way_back(release, back)
        for one in filter(None, (release, back)):
            site.put(one.bundle)
        now = timezone.now()
        made: Rollout = Rollout.objects.create(
            version=release.version,
            digest=release.digest,
            rules=release.rules,
            orders=release.orders,
            effect=how.effect,
            back_version=back and back.version,
            back_digest=back.digest if back else "",
            pilot=how.pilot,
            at_once=how.at_once,
            asked_by=how.asked_by,
            starts_at=how.starts_at,
            state=_first_state(how),
            stage=Stage.ALL if how.at_once else Stage.GATE,
            began_at=now,
            before=health.troubles(now),
        )
        _note(made, _BEGUN[made.state], how.asked_by or "command line", _said(made))
        if how.asked_by:
            Alarm.objects.create(kind=EMERGENCY, part=f"trust@{made.version}", began_at=now)
    return made


def _first_state(how: How) -> str:
    if how.asked_by:
        return str(RolloutState.WAITING)
    return str(RolloutState.RUNNING if how.starts_at is None else RolloutState.PLANNED)


def _said(rollout: Rollout) -> str:
    """What is about it, for the audit."""
    parts = ["at once" if rollout.at_once else f"with {rollout.pilot.name}"]
    parts += [] if rollout.starts_at is None else [f"at {rollout.starts_at:%Y-%m-%d %H:%M} UTC"]
    parts += [f"{kind} order {id_} until {until}" for id_, kind, until in rollout.orders]
    if rollout.effect:
        parts.append(f"{rollout.effect['same']} of {rollout.effect['rows']} passages of a day decided as before")
    return ", ".join(parts)


def confirm(rollout: Rollout, who: str, now: datetime) -> None:
    """A second person wants the emergency too: every gate gets it now.

    Raises:
        FleetError: it is the one who asked.
    """
    if rollout.state != RolloutState.WAITING or rollout.asked_by == who:
        raise FleetError("somebody else than the one who asked for it has to confirm it")
    rollout.confirmed_by = who
    start(rollout, who, now)


def start(rollout: Rollout, who: str, now: datetime) -> None:
    """Let one begin that was confirmed, or whose time has come."""
    rollout.state, rollout.began_at, rollout.before = RolloutState.RUNNING, now, health.troubles(now)
    rollout.save()
    _note(rollout, "begun", who, _said(rollout))


def call_off(rollout: Rollout, who: str) -> None:
    """No gate will find it."""
    rollout.state = RolloutState.OFF
    rollout.save()
    _note(rollout, "called off", who, "")
    _over(rollout)


def renew(site: Site, release: Release) -> None:
    """Put the newer timestamp of a bundle there that was published before (``gate trust renew``).

    Raises:
        FleetError: it is no newer one; or, while a rollout is open, gates would not take what comes after it any more.
        OSError: the site can't be written.
    """
    with transaction.atomic():
        alone(wait=True)
        last = Rollout.objects.select_for_update().first()
        if release.timestamp <= site.timestamp(release.version):
            raise FleetError(
                f"the site has timestamp {site.timestamp(release.version)}; gate trust renew makes a newer"
            )
        if last is not None and last.state in (*OPEN, *PENDING):
            for version in filter(None, (last.version, last.back_version)):
                if version > release.version and site.timestamp(version) <= release.timestamp:
                    raise FleetError(f"renew version {version} first: gates go from timestamp to newer timestamp")
        site.put(release.bundle)


def _check_nothing_open() -> None:
    last = Rollout.objects.filter(state__in=(*OPEN, *PENDING)).first()
    if last is not None:
        raise FleetError(f"the rollout of version {last.version} is open; let it end, or go back, at the console")


def _check_follows(last: Rollout, site: Site, release: Release, back: Release | None) -> None:
    """The release comes after what gates find now, and the way back brings that again."""
    version, digest = last.settled
    timestamp = site.timestamp(version)
    if release.version <= version or release.timestamp <= timestamp:
        raise FleetError(
            f"version {release.version}, timestamp {release.timestamp}, is not newer than what gates have "
            f"(version {version}, timestamp {timestamp})"
        )
    if back is not None and back.digest != digest:
        raise FleetError(f"the way back does not hold what gates have now, which is version {version}")


def go_on(rollout: Rollout, who: str, now: datetime) -> None:
    """To the next stage; after the last one, it is done."""
    stage = following(Stage(rollout.stage), health.covered(rollout))
    if stage is None:
        rollout.state = RolloutState.DONE
    else:
        rollout.stage, rollout.state, rollout.began_at = stage, RolloutState.RUNNING, now
    rollout.why = ""
    rollout.save()
    _note(rollout, "done" if stage is None else "goes on", who, str(stage or ""))
    if stage is None:
        _over(rollout)


def go_on_by_hand(rollout: Rollout, who: str, now: datetime) -> None:
    """The same; somebody has looked, so that what is wrong with gates now counts as what was before."""
    rollout.before = health.troubles(now)
    go_on(rollout, who, now)


def hold(rollout: Rollout, who: str, why: str) -> None:
    """No further; whoever has it keeps it."""
    rollout.state, rollout.why = RolloutState.HELD, why
    rollout.save()
    _note(rollout, "held", who, why)


def go_back(rollout: Rollout, who: str, why: str) -> None:
    """Every gate gets what was there before, as a newer version, whether it has had the release or not.

    Raises:
        FleetError: there is no signed way back.
    """
    if rollout.back_version is None:
        raise FleetError("there is no signed way back")
    rollout.state, rollout.why = RolloutState.BACK, why
    rollout.save()
    _note(rollout, "goes back", who, f"to version {rollout.back_version}: {why}")
    _over(rollout)


def _over(rollout: Rollout) -> None:
    """There is no emergency any more."""
    alarms = Alarm.objects.filter(kind=EMERGENCY, part=f"trust@{rollout.version}", ended_at=None)
    alarms.update(ended_at=timezone.now())


def _note(rollout: Rollout, what: str, who: str, detail: str) -> None:
    AuditEntry.objects.create(
        at=timezone.now(),
        who=who[:150],
        what=f"rollout {what}",
        subject=f"trust@{rollout.version}",
        detail=detail[:1000],
    )
