"""When a gate is switched off on purpose, so that its silence means nothing. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import time

ZONE: Final = ZoneInfo("Asia/Shanghai")
"""In which opening hours are meant."""
REMEMBERED: Final = timedelta(days=14)
"""Absences that are over: by then every site was open again for long enough to miss its gates."""
LEAST_OPEN: Final = timedelta(minutes=15)
"""Of a day: what is open for less is never missed, whatever happens to it."""
LONGEST_AWAY: Final = timedelta(days=400)
_DAY: Final = timedelta(days=1)
_WEEK: Final = 7
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a site is open, every week."""

    opens: time
    closes: time
    """Of the next day where it is not after ``opens``; the same as that: open for 24 hours."""
    days: frozenset[int]
    """On which it opens, 1 Monday to 7 Sunday."""
    zone: ZoneInfo

    def before(self, moment: datetime) -> tuple[datetime, bool]:
        """Since when it was as it was just before a moment, and whether that was open; a week back at most."""
        day = moment.astimezone(self.zone).date()
        for back in range(_WEEK + 2):
            on = day - back * _DAY
            if on.isoweekday() not in self.days:
                continue
            opens = datetime.combine(on, self.opens, self.zone)
            ends = on + _DAY if self.closes <= self.opens else on
            closes = datetime.combine(ends, self.closes, self.zone)
            if opens < moment:
                return (opens, True) if moment <= closes else (closes, False)
        return moment - _WEEK * _DAY, False


@dataclass(frozen=True, slots=True)
class Absence:
    """A time in which a gate, or all of a site, is away."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it for one gate; without anything it is always to be at work."""

    hours: Hours | None = None
    absences: tuple[Absence, ...] = ()

    def missed(self, since: datetime, now: datetime, enough: timedelta) -> timedelta:
        """For how much of a time a gate should have been at work; counted back from its end, and once enough, no more.

        Args:
            since: when it was last heard of.
            now: until when.
            enough: more than this is of no interest.
        """
        total, end = timedelta(), now
        while since < end and total <= enough:
            began, is_on = self._before(end)
            began = max(began, since)
            total += end - began if is_on else timedelta()
            end = began
        return total

    def _before(self, moment: datetime) -> tuple[datetime, bool]:
        """Since when it was as it was just before a moment, and whether that was at work."""
        away = [one.begins for one in self.absences if one.begins < moment <= one.ends]
        if away:
            return min(away), False
        back = max((one.ends for one in self.absences if one.ends < moment), default=_LONG_AGO)
        if self.hours is None:
            return back, True
        began, is_on = self.hours.before(moment)
        return max(began, back), is_on


ALWAYS: Final = Plan()


class Timetable:
    """The plans of all gates.

    Args:
        hours: of sites: site, when it opens, when it closes, and of ``1234567`` (Monday first) when it does.
        absences: site, or gate and no site; from when, until when.
    """

    def __init__(
        self,
        hours: Iterable[tuple[int, time, time, str]],
        absences: Iterable[tuple[int | None, int | None, datetime, datetime]],
    ) -> None:
        self._hours = {
            site: Hours(opens, closes, frozenset(map(int, days)), ZONE) for site, opens, closes, days in hours
        }
        self._away = defaultdict[tuple[int | None, int | None], tuple[Absence, ...]](tuple)
        for site, device, begins, ends in absences:
            self._away[site, device] += (Absence(begins, ends),)

    def of(self, device: int, site: int) -> Plan:
        """That of a gate, by its row and its site's."""
        hours = self._hours.get(site)
        away = self._away.get((site, None), ()) + self._away.get((None, device), ())
        return Plan(hours, away) if hours or away else ALWAYS
