"""The page of one site: its gates, and its last 24 hours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

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
    from collections.abc import Sequence
    from datetime import datetime

HOURS: Final = 24
HOUR: Final = timedelta(hours=1)
BY_HOUR: Final = """
SELECT date_trunc('hour', at), count(*) FILTER (WHERE outcome = 'pass'), count(*) FILTER (WHERE outcome = 'refer'),
    count(*) FILTER (WHERE outcome = 'retry')
FROM passages
WHERE id >= %s AND id < %s AND device_id = ANY(%s) AND at >= %s AND at < %s
GROUP BY 1
"""
"""The ids say which days' partitions it is; they begin with the same moment that ``at`` has."""


@login_required
@require_GET
def site(request: Any, number: int) -> Any:
    """How its gates are, and how many people were there, hour by hour."""
    found = get_object_or_404(permissions.sites(request.user).select_related("district"), id=number)
    now = timezone.now()
    plans = Plans(now)
    devices = list(permissions.devices(request.user).filter(site=found).order_by("name"))
    hours = by_hour([device.id for device in devices], now)
    context = {
        "site": found,
        "rows": [(device, state_of(device, now, plans.of(device.id, device.site_id))) for device in devices],
        "plot": plot(hours),
        "hours": hours,
        "total": sum(hour.total for hour in hours),
        "refused": sum(hour.refused for hour in hours),
        **planned.shown(request.user, site=found),
    }
    return render(request, "console/site.html", context)


def by_hour(devices: Sequence[int], now: datetime) -> list[Hour]:
    """What was decided at these gates in each of the last 24 hours, the one that is not over included."""
    with connection.cursor() as cursor:
        cursor.execute(BY_HOUR, bounds(devices, now))
        counted = {begins: Hour(begins, *counts) for begins, *counts in cursor.fetchall()}
    first = _first(now)
    return [counted.get(begins, Hour(begins)) for begins in (first + n * HOUR for n in range(HOURS))]


def bounds(devices: Sequence[int], now: datetime) -> tuple[Any, ...]:
    """What ``BY_HOUR`` is asked with."""
    first = _first(now)
    last = first + HOURS * HOUR
    return _first_id(first), _first_id(last), list(devices), first, last


def _first(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR


def _first_id(moment: datetime) -> UUID:
    """The first UUIDv7 of a moment: 48 bits of milliseconds, then nothing."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
