"""How long ago: seconds and calendar days, and which of several records counts.

One ``Now`` is made for each presentation. On an untrusted clock there is none, and nothing that lives in time is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from gate.model import Fact, FactState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
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
    zone: ZoneInfo

    def seconds_since(self, past: datetime) -> int:
        """Whole seconds, rounded down; a time within the tolerance ahead counts as now."""
        return max(0, (self.at - past) // timedelta(seconds=1))

    def days_since(self, past: datetime) -> int:
        """Calendar days of the checkpoint: the day itself is day 0, the next one begins at local midnight."""
        return max(0, (self.today - past.astimezone(self.zone).date()).days)

    @property
    def today(self) -> date:
        """The local calendar day."""
        return self.at.astimezone(self.zone).date()

    @property
    def minute_of_day(self) -> int:
        """Local minutes since midnight, 0 to 1439, as a clock on the wall shows them."""
        local = self.at.astimezone(self.zone)
        return local.hour * 60 + local.minute

    def in_future(self, *times: datetime | None) -> bool:
        """Whether one of these lies so far ahead that its source must be wrong."""
        return any(time is not None and time > self.at + FUTURE_TOLERANCE for time in times)


def newest(
    records: Iterable[R],
    now: Now | None,
    adversity: Callable[[R], int],
    values: Callable[[R, Now], Values],
    silent: FactState = FactState.UNKNOWN,
) -> Fact:
    """The newest record's values, and of several that are equally new those of the most adverse.

    Args:
        records: what all sources said; presence in one beats absence in another.
        now: None on an untrusted clock.
        adversity: higher is worse for the holder; it settles ties, so that the order of sources changes nothing.
        values: the fact's values.
        silent: the state where nobody said anything.
    """
    said = tuple(records)
    if now is None:
        return UNKNOWN
    if not said:
        return Fact(silent)
    if any(now.in_future(record.as_of) for record in said):
        return UNKNOWN
    record = max(said, key=lambda r: (r.as_of, adversity(r), r.source))
    return known(record, now, values(record, now))


def known(record: Dated, now: Now, values: Mapping[str, int | str | bool]) -> Fact:
    """A known fact with the record's source and age."""
    return Fact(FactState.KNOWN, record.source, now.seconds_since(record.as_of), values)
