"""How long ago: seconds and calendar days, and which of several records counts.

One ``Now`` is made for each presentation. On an untrusted clock there is none, and nothing that lives in time is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from gate.model import Fact, FactState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import tzinfo
    from zoneinfo import ZoneInfo

FUTURE_TOLERANCE: Final = timedelta(minutes=5)
"""How far ahead a source's clock may run."""
UNKNOWN: Final = Fact(FactState.UNKNOWN)

Values = dict[str, int | str | bool]


class Dated(Protocol):
    """A record of any kind."""

    @property
    def source(self) -> str: ...
    @property
    def as_of(self) -> datetime: ...


R = TypeVar("R", bound=Dated)


@dataclass(frozen=True, slots=True)
class Now:
    """The moment of presentation, and the zone whose calendar counts."""

    at: datetime
    """In UTC: between two times of one zone Python counts what the clock on the wall shows, not what went by."""
    zone: ZoneInfo

    @classmethod
    def of(cls, at: datetime, zone: ZoneInfo) -> Now:
        """The moment in any zone, judged by the calendar of this one."""
        return cls(_in_zone(at, UTC), zone)

    def seconds_since(self, past: datetime) -> int:
        """Whole seconds, rounded down; a time within the tolerance ahead counts as now."""
        return max(0, (self.at - past) // timedelta(seconds=1))

    def days_since(self, past: datetime) -> int:
        """Calendar days of the checkpoint: the day itself is day 0, the next one begins at local midnight."""
        return max(0, (self.today - _in_zone(past, self.zone).date()).days)

    @property
    def today(self) -> date:
        """The local calendar day."""
        return _in_zone(self.at, self.zone).date()

    @property
    def minute_of_day(self) -> int:
        """Local minutes since midnight, 0 to 1439, as a clock on the wall shows them."""
        local = _in_zone(self.at, self.zone)
        return local.hour * 60 + local.minute

    def in_future(self, *times: datetime | None) -> bool:
        """Whether one of these lies so far ahead that its source must be wrong."""
        return any(time is not None and time - self.at > FUTURE_TOLERANCE for time in times)


def newest(
    records: Iterable[R],
    now: Now | None,
    adversity: Callable[[R, Now], tuple[float, ...]],
    values: Callable[[R, Now], Values],
    silent: FactState = FactState.UNKNOWN,
    times: Callable[[R], tuple[datetime | None, ...]] = lambda _: (),
) -> Fact:
    """The newest record's values, and of several that are equally new those of the most adverse.

    Args:
        records: what all sources said; presence in one beats absence in another.
        now: None on an untrusted clock.
        adversity: higher is worse for the holder; it settles ties. Records that are alike in it have the same
            values, so that the order of sources changes nothing.
        values: the fact's values.
        silent: the state where nobody said anything.
        times: moments of a record besides its own that can't lie ahead either.
    """
    said = tuple(records)
    if now is None:
        return UNKNOWN
    if not said:
        return Fact(silent)
    if any(now.in_future(record.as_of, *times(record)) for record in said):
        return UNKNOWN
    record = max(said, key=lambda r: (r.as_of, adversity(r, now), r.source))
    return known(record, now, values(record, now))


def known(record: Dated, now: Now, values: Mapping[str, int | str | bool]) -> Fact:
    """A known fact with the record's source and age."""
    return Fact(FactState.KNOWN, record.source, now.seconds_since(record.as_of), values)


def unknown_or_latest(time: datetime | None) -> tuple[float, float]:
    """Of several times of one thing the adverse one: that nobody knows it, then the latest."""
    return (1, 0) if time is None else (0, time.timestamp())


def _in_zone(at: datetime, zone: tzinfo) -> datetime:
    try:
        return at.astimezone(zone)
    except OverflowError:  # the first and the last hours that Python knows lie outside its years elsewhere
        return datetime.min.replace(tzinfo=zone) if at.year == 1 else datetime.max.replace(tzinfo=zone)
