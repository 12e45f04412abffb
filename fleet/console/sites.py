"""The page of one site: its gates, and its last 24 hours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from fleet.console import permissions, planned
from fleet.console.plots import Hour, plot
from fleet.console.states import state_of
from fleet.registry.plans import Plans

if TYPE_CHECKING:
    from datetime import datetime

HOURS: Final = 24
HOUR: Final = timedelta(hours=1)
BY_HOUR: Final = "SELECT hour, passed, refused, retried FROM hours WHERE site_id = %s AND hour >= %s AND hour < %s"
"""The database counts when rows come in: of a city they are two million a day."""


@login_required
@require_GET
def site(request: Any, number: int) -> Any:
    """How its gates are, and how many people were there, hour by hour."""
    found = get_object_or_404(permissions.sites(request.user).select_related("district"), id=number)
    now = timezone.now()
    plans = Plans(now)
    devices = list(permissions.devices(request.user).filter(site=found).order_by("name"))
    hours = by_hour(found.id, now)
    context = {
        "site": found,
        "rows": [(device, state_of(device, now, plans.of(device.id, device.site_id))) for device in devices],
        "plot": plot(hours),
        "hours": hours,
        "total": sum(hour.total for hour in hours),
        "refused": sum(hour.refused for hour in hours),
        **planned.shown(request.user, found),
    }
    return render(request, "console/site.html", context)


def by_hour(number: int, now: datetime) -> list[Hour]:
    """What was decided at a site in each of the last 24 hours, the one that is not over included."""
    first = _first(now)
    with connection.cursor() as cursor:
        cursor.execute(BY_HOUR, (number, first, first + HOURS * HOUR))
        counted = {begins: Hour(begins, *counts) for begins, *counts in cursor.fetchall()}
    return [counted.get(begins, Hour(begins)) for begins in (first + n * HOUR for n in range(HOURS))]


def _first(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR
