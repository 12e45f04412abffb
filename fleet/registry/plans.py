"""Which gate is switched off when, from the tables."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from fleet.planned import ALWAYS, Absence, Hours, Plan
from fleet.registry.planned import OpeningHours, PlannedAbsence

if TYPE_CHECKING:
    from datetime import datetime

REMEMBERED: Final = timedelta(days=14)
"""Absences that are over: by then every site was open again for long enough to miss its gates."""


class Plans:
    """Those of all gates at one moment."""

    def __init__(self, now: datetime) -> None:
        zone = ZoneInfo(settings.TIME_ZONE)
        rows = OpeningHours.objects.values_list("site_id", "opens", "closes", "days")
        self._hours = {
            site: Hours(opens, closes, frozenset(map(int, days)), zone) for site, opens, closes, days in rows
        }
        self._sites: dict[int, tuple[Absence, ...]] = defaultdict(tuple)
        self._gates: dict[int, tuple[Absence, ...]] = defaultdict(tuple)
        away = PlannedAbsence.objects.filter(ends__gt=now - REMEMBERED)
        for site, device, begins, ends in away.values_list("site_id", "device_id", "begins", "ends"):
            if device is None:
                self._sites[site] += (Absence(begins, ends),)
            else:
                self._gates[device] += (Absence(begins, ends),)

    def of(self, device: int, site: int) -> Plan:
        """That of a gate, by its row and its site's."""
        hours = self._hours.get(site)
        away = self._sites.get(site, ()) + self._gates.get(device, ())
        return Plan(hours, away) if hours or away else ALWAYS
