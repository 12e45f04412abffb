"""A day of everything that somebody may see: hour by hour, and where most were sent to a person."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from fleet.console import permissions
from fleet.console.plots import Hour, plot

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR: Final = timedelta(hours=1)
MOST_SITES: Final = 100
OF_A_DAY: Final = """
SELECT hour, site_id, sum(passed), sum(refused), sum(retried)
FROM hours JOIN sites ON sites.id = site_id
WHERE hour >= %s AND hour < %s AND district_id = ANY(%s)
GROUP BY GROUPING SETS ((hour), (site_id))
"""


@login_required
@require_GET
def city(request: Any) -> Any:
    """The day that is asked for, or today."""
    day = _day(request.GET.get("day", "")) or timezone.localdate()
    begins = timezone.make_aware(datetime.combine(day, time()))
    hours, sites = of_a_day([district.id for district in permissions.districts(request.user)], begins)
    names = dict(
        permissions.sites(request.user).filter(id__in=[number for number, _ in sites]).values_list("id", "name")
    )
    context = {
        "day": day,
        "before": _shifted(day, -1),
        "after": _shifted(day, 1) if day < timezone.localdate() else None,
        "plot": plot(hours),
        "hours": hours,
        "total": sum(hour.total for hour in hours),
        "refused": sum(hour.refused for hour in hours),
        "sites": [(number, names.get(number, ""), sums) for number, sums in sites],
        "most": MOST_SITES,
    }
    return render(request, "console/city.html", context)


def of_a_day(districts: Sequence[int], begins: datetime) -> tuple[list[Hour], list[tuple[int, Hour]]]:
    """What was decided in each of 24 hours, and the sites where most were sent to a person."""
    with connection.cursor() as cursor:
        cursor.execute(OF_A_DAY, (begins, begins + 24 * HOUR, list(districts)))
        found = cursor.fetchall()
    counted = {hour: Hour(hour, *sums) for hour, site, *sums in found if hour is not None}
    sites = [(site, Hour(begins, *sums)) for hour, site, *sums in found if hour is None]
    sites.sort(key=lambda one: (-one[1].refused, -one[1].total))
    every = (begins + n * HOUR for n in range(24))
    return [counted.get(hour, Hour(hour)) for hour in every], sites[:MOST_SITES]


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(1970, 1, 2) <= day <= date(9000, 1, 1) else None


def _shifted(day: date, by: int) -> date:
    return day + timedelta(by)
