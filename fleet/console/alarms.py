"""The page of open alarms: what is wrong, since when, and who has taken note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import F
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fleet.console import permissions
from fleet.console.audit import note
from fleet.console.states import Colour, worded
from fleet.console.watch import OFFLINE
from fleet.registry.models import Alarm
from fleet.registry.notices import Notice
from fleet.troubles import Trouble

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
    there = Alarm.objects.filter(ended_at=None, device__in=permissions.devices(request.user).order_by())
    there = there.select_related("device__site__district")
    ordered = there.order_by(F("acknowledged_at").asc(nulls_first=True), "began_at", "id")
    page = Paginator(ordered, A_PAGE).get_page(request.GET.get("page"))
    steered = set(permissions.districts(request.user, to_change=True).values_list("id", flat=True))
    context = {
        "page": page,
        "rows": list(_rows(page, steered)),
        "open": there.filter(acknowledged_at=None).count(),
        "most_noted": MOST_NOTED,
        "untold": _untold() if permissions.may_publish(request.user) else [],
    }
    return render(request, "console/alarms.html", context)


def _untold() -> list[Any]:
    """Notices that could not be sent so far, for whoever answers for all districts."""
    return list(Notice.objects.filter(told_at=None, attempts__gt=0).order_by("made_at")[:SHOWN_UNTOLD])


def _rows(page: Any, steered: set[int]) -> Iterator[tuple[Alarm, Colour, str, bool]]:
    """Each with its colour and its words, and whether the user may take note of it."""
    for alarm in page:
        may = alarm.device.site.district_id in steered
        if alarm.kind == OFFLINE:
            yield alarm, Colour.RED, _("offline"), may
        else:
            yield alarm, Colour.AMBER, worded(Trouble(alarm.kind), alarm.part), may


@login_required
@require_POST
def acknowledge(request: Any, number: int) -> Any:
    """Somebody has taken note, and says what is done about it."""
    said = request.POST.get("note", "").replace("\0", "").strip()[:MOST_NOTED]
    with transaction.atomic():
        # Without what is joined: it is the alarm alone that two people must not take at once.
        open_ = Alarm.objects.select_for_update(of=("self",)).filter(ended_at=None, acknowledged_at=None)
        mine = permissions.devices(request.user, to_change=True).order_by()
        alarm = get_object_or_404(open_.filter(device__in=mine).select_related("device"), id=number)
        alarm.acknowledged_at, alarm.acknowledged_by = timezone.now(), request.user.get_username()
        alarm.note = said
        alarm.save(update_fields=("acknowledged_at", "acknowledged_by", "note"))
        note(request.user, "alarm acknowledged", alarm.device.name, f"{alarm.kind} {alarm.part}: {said}")
    return redirect("alarms")
