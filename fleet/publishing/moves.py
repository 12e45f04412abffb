"""Every move of a rollout, with its entry in the audit. Tables say what is wanted; the worker makes the site follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import connection, transaction
from django.utils import timezone

from fleet.errors import FleetError
from fleet.publishing import health
from fleet.publishing.release import check_way_back
from fleet.publishing.rings import Stage, following
from fleet.registry.models import AuditEntry
from fleet.registry.rollouts import OPEN, Rollout, RolloutState

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.publishing.release import Release
    from fleet.publishing.site import Site
    from fleet.registry.models import Device


ALONE: Final = 20210621
"""Of the locks that PostgreSQL keeps by number."""


def alone(*, wait: bool) -> bool:
    """Have the site to oneself until the transaction ends; gives whether that is so, which it is after waiting."""
    with connection.cursor() as link:
        if wait:
            link.execute("SELECT pg_advisory_xact_lock(%s)", (ALONE,))
            return True
        link.execute("SELECT pg_try_advisory_xact_lock(%s)", (ALONE,))
        return bool(link.fetchone()[0])


def begin(site: Site, release: Release, back: Release | None, pilot: Device, *, at_once: bool) -> Rollout:
    """Put a release and its way back onto the site, and let its rollout begin.

    Raises:
        FleetError: another rollout is open, or gates would not take one of the two; nothing has happened.
        OSError: the site can't be written.
    """
    with transaction.atomic():
        alone(wait=True)
        last = Rollout.objects.select_for_update().first()
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
            back_version=back and back.version,
            back_digest=back.digest if back else "",
            pilot=pilot,
            at_once=at_once,
            stage=Stage.ALL if at_once else Stage.GATE,
            began_at=now,
            before=health.troubles(now),
        )
        _note(made, "begun", "command line", "at once" if at_once else f"with {pilot.name}")
    return made


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
        if last is not None and last.state in OPEN:
            for version in filter(None, (last.version, last.back_version)):
                if version > release.version and site.timestamp(version) <= release.timestamp:
                    raise FleetError(f"renew version {version} first: gates go from timestamp to newer timestamp")
        site.put(release.bundle)


def _check_follows(last: Rollout, site: Site, release: Release, back: Release | None) -> None:
    """The release comes after what gates find now, and the way back brings that again."""
    if last.state in OPEN:
        raise FleetError(f"the rollout of version {last.version} is open; let it end, or go back, at the console")
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


def _note(rollout: Rollout, what: str, who: str, detail: str) -> None:
    AuditEntry.objects.create(
        at=timezone.now(),
        who=who[:150],
        what=f"rollout {what}",
        subject=f"trust@{rollout.version}",
        detail=detail[:1000],
    )
