"""Which gate is switched off when, from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.planned import REMEMBERED, Timetable
from fleet.registry.planned import OpeningHours, PlannedAbsence

if TYPE_CHECKING:
    from datetime import datetime


class Plans(Timetable):
    """Those of all gates at one moment."""

    def __init__(self, now: datetime) -> None:
        away = PlannedAbsence.objects.filter(ends__gt=now - REMEMBERED)
        super().__init__(
            OpeningHours.objects.values_list("site_id", "opens", "closes", "days"),
            away.values_list("site_id", "device_id", "begins", "ends"),
        )
