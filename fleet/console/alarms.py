"""The page of open alarms: what is wrong, since when, and who has taken note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import F, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from fleet.console import permissions
from fleet.console.alarm_words import district, what
from fleet.console.audit import note
from fleet.console.states import Colour
from fleet.flags import changes
from fleet.publishing.moves import EMERGENCY
from fleet.registry.models import Alarm
from fleet.registry.notices import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

A_PAGE: Final = 100
SHOWN_UNTOLD: Final = 5
MOST_NOTED: Final = 500
"""Characters."""


@login_required
@require_GET
def alarms(request: Any) -> Any:
    """Those of the user's districts, with those first that nobody has taken note of, the oldest first."""
    there = Alarm.objects.filter(_seen(request.user), ended_at=None)
    there = there.select_related("device__site__district", "district")
    ordered = there.order_by(F("acknowledged_at").asc(nulls_first=True), "began_at", "id")
    page = Paginator(ordered, A_PAGE).get_page(request.GET.get("page"))
    steered = set(permissions.districts(request.user, to_change=True).values_list("id", flat=True))
    context = {
        "page": page,
        "rows": list(_rows(page, steered, is_publisher=permissions.may_publish(request.user))),
        "open": there.filter(acknowledged_at=None).count(),
        "most_noted": MOST_NOTED,
        "untold": _untold() if permissions.may_publish(request.user) else [],
    }
    return render(request, "console/alarms.html", context)


def _untold() -> list[Any]:
    """Notices that could not be sent so far, for whoever answers for all districts."""
    return list(Notice.objects.filter(told_at=None, attempts__gt=0).order_by("made_at")[:SHOWN_UNTOLD])


def _rows(page: Any, steered: set[int], *, is_publisher: bool) -> Iterator[tuple[Alarm, Colour, str, bool]]:
    """Each with its colour and its words, and whether the user may take note of it."""
    for alarm in page:
        where = district(alarm)
        may = is_publisher if where is None else where.id in steered
        colour = Colour.RED if alarm.kind in (EMERGENCY, changes.ALARM, Alarm.OFFLINE) else Colour.AMBER
        yield alarm, colour, what(alarm), may


@login_required
@require_POST
def acknowledge(request: Any, number: int) -> Any:
    """Somebody has taken note, and says what is done about it."""
    said = request.POST.get("note", "").replace("\0", "").strip()[:MOST_NOTED]
    with transaction.atomic():
        # Without what is joined: it is the alarm alone that two people must not take at once.
        open_ = Alarm.objects.select_for_update(of=("self",)).filter(ended_at=None, acknowledged_at=None)
        mine = open_.filter(_seen(request.user, to_change=True))
        alarm = get_object_or_404(mine.select_related("device"), id=number)
        alarm.acknowledged_at, alarm.acknowledged_by = timezone.now(), request.user.get_username()
        alarm.note = said
        alarm.save(update_fields=("acknowledged_at", "acknowledged_by", "note"))
        subject = f"{alarm.kind} {alarm.part}" if alarm.device is None else alarm.device.name
        note(request.user, "alarm acknowledged", subject, f"{alarm.kind} {alarm.part}: {said}")
    return redirect("alarms")


def _seen(user: Any, *, to_change: bool = False) -> Q:
    """Of the gates that a user may see or steer, of their districts, and everybody's."""
    districts = permissions.districts(user, to_change=to_change)
    theirs = Q(device__in=permissions.devices(user, to_change=to_change).order_by())
    everybodys = Q(kind=EMERGENCY) if not to_change or permissions.may_publish(user) else Q(pk__in=())
    return theirs | everybodys | Q(device=None, district__in=districts)
