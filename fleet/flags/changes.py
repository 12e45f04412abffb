"""What is asked for, what is held until a second person has looked, and what counts now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction
from django.db.models import Q, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone
from django.utils.translation import gettext as _

from fleet.console import permissions
from fleet.console.audit import note, note_all
from fleet.errors import FleetError
from fleet.flags import volume
from fleet.locks import Lock
from fleet.registry.flags import LIFTING, MOST_DAYS, ChangeState, Flag, FlagChange, FlagReason, HeldFor
from fleet.registry.models import Alarm

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.registry.models import District

ALARM: Final = "flags"
"""Kind of an alarm; its part is the number of the change."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants."""

    district: District
    colour: str
    """A ``FlagColour``; empty: flags are lifted."""
    agency: str
    reason: str
    days: int
    people: tuple[bytes, ...]
    """Each once."""


def in_force(now: datetime) -> Any:
    """The flags that count at a moment: nothing has to happen for one to end."""
    accepted = Flag.objects.filter(change__state=ChangeState.ACCEPTED, change__expires_at__gt=now)
    return accepted.filter(Q(lift=None) | ~Q(lift__state=ChangeState.ACCEPTED))


def ask(asked: Asked, user: Any) -> FlagChange:
    """Set a colour, or lift it: at once for one person, after a second look for more and for unusually many.

    Raises:
        FleetError: it can't be; nothing has happened.
    """
    now = timezone.now()
    _check(asked, user)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (Lock.FLAGS,))
        held = _held_for(asked, user, now)
        made: FlagChange = FlagChange.objects.create(
            district=asked.district,
            colour=asked.colour,
            agency=asked.agency,
            reason=asked.reason,
            people=len(asked.people),
            expires_at=now + timedelta(days=asked.days) if asked.colour else None,
            held_for=held,
            state=ChangeState.WAITING if held else ChangeState.ACCEPTED,
            asked_by=user.get_username(),
            asked_at=now,
            decided_at=None if held else now,
        )
        _keep(made, asked, now)
        what = "flag" if asked.colour else "flag lifted"
        note_all(user, f"{what} asked for" if held else what, [(one.hex(), said(made)) for one in asked.people])
        if held == str(HeldFor.VOLUME):
            Alarm.objects.create(district=asked.district, kind=ALARM, part=str(made.id), began_at=now)
            note(user, "flags unusual", f"change {made.id}", said(made))
    return made


def decide(number: int, user: Any, people: str, *, accept: bool) -> FlagChange:
    """A second person has looked.

    Args:
        number: of the change.
        user: not the one who asked.
        people: how many they are, as it was typed.
        accept: whether it is to count.

    Raises:
        FleetError: it can't be; nothing has happened.
    """
    now = timezone.now()
    with transaction.atomic():
        waiting = FlagChange.objects.select_for_update().filter(state=ChangeState.WAITING)
        change: FlagChange | None = waiting.filter(
            district__in=permissions.districts(user, to_change=True), id=number
        ).first()
        if change is None:
            raise FleetError(_("There is nothing to decide: somebody else has, or it is not yours."))
        if change.asked_by == user.get_username():
            raise FleetError(_("Somebody else has to look at what you have asked for."))
        if accept and people.strip() != str(change.people):
            raise FleetError(_("Nothing was done: that is not how many they are."))
        if accept and change.expires_at is not None and change.expires_at <= now:
            raise FleetError(_("Its time is over already."))
        change.state = ChangeState.ACCEPTED if accept else ChangeState.REFUSED
        change.decided_by, change.decided_at = user.get_username(), now
        change.save(update_fields=("state", "decided_by", "decided_at"))
        Alarm.objects.filter(kind=ALARM, part=str(change.id), ended_at=None).update(ended_at=now)
        note(user, f"flags {change.state}", f"change {change.id}", f"asked for by {change.asked_by}: {said(change)}")
    return change


def said(change: FlagChange) -> str:
    """A change in one line, for the audit."""
    until = f" until {change.expires_at:%Y-%m-%d %H:%M} UTC" if change.expires_at else ""
    what = f"{change.colour or 'lifted'} {change.reason} by {change.agency}{until}"
    return f"change {change.id}: {what}, {change.people} people, {change.district.name}"


def _check(asked: Asked, user: Any) -> None:
    if not permissions.districts(user, to_change=True).filter(id=asked.district.id).exists():
        raise FleetError(_("That is no district of yours."))
    if (FlagReason(asked.reason) in LIFTING) == bool(asked.colour):
        raise FleetError(_("That reason is none for this."))
    if not 1 <= asked.days <= MOST_DAYS:
        raise FleetError(_("at most %(most)d days") % {"most": MOST_DAYS})


def _held_for(asked: Asked, user: Any, now: datetime) -> str:
    """Why it has to wait; empty where it has not."""
    for whose in ({"agency": asked.agency}, {"asked_by": user.get_username()}):
        mine = FlagChange.objects.filter(**whose)
        lately = mine.filter(asked_at__gt=now - volume.WINDOW).aggregate(all=Sum("people"))["all"] or 0
        before = mine.filter(
            state=ChangeState.ACCEPTED, asked_at__lte=now - volume.WINDOW, asked_at__gt=now - volume.LOOKS_BACK
        )
        hours = before.annotate(hour=TruncHour("asked_at")).values("hour").annotate(all=Sum("people"))
        if lately + len(asked.people) > volume.limit([one["all"] for one in hours.order_by()]):
            return str(HeldFor.VOLUME)
    return str(HeldFor.BULK) if len(asked.people) > 1 else ""


def _keep(change: FlagChange, asked: Asked, now: datetime) -> None:
    if asked.colour:
        Flag.objects.bulk_create([Flag(change=change, holder=one) for one in asked.people], batch_size=1000)
        return
    theirs = in_force(now).filter(holder__in=asked.people, change__district=asked.district, change__agency=asked.agency)
    # One that waits to be lifted already is that change's.
    theirs = theirs.exclude(lift__state=ChangeState.WAITING)
    found = list(theirs.values_list("id", "holder"))
    without = len(asked.people) - len({bytes(holder) for _id, holder in found})
    if without:
        raise FleetError(_("Without a flag of this agency in this district: %(count)d") % {"count": without})
    Flag.objects.filter(id__in=[id_ for id_, _holder in found]).update(lift=change)
