"""Whether it is the day that this machine says: what is dropped by a clock that runs a year ahead is gone for ever.

The database says what time it is there, and gates have told with their heartbeats what they take for the time; only
those count that trust their own clocks, and the one in the middle of them, so that a few wrong ones change nothing.
"""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

from fleet.errors import FleetError
from fleet.troubles import read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    import psycopg

HEARD_WITHIN: Final = timedelta(hours=1)
MOST_APART: Final = timedelta(hours=1)
"""Between this clock and the gates'."""
DATABASE_APART: Final = timedelta(minutes=5)
MOST_ASKED: Final = 1000
_HEARD: Final = """
SELECT seen_at, heartbeat FROM reports WHERE seen_at > %s AND seen_at < %s AND heartbeat IS NOT NULL
ORDER BY seen_at DESC LIMIT %s
"""


def confirm(link: psycopg.Connection, now: datetime, said: date | None = None) -> str:
    """Who says that it is ``now``, in words for the audit.

    Args:
        link: to the database.
        now: by this machine.
        said: what day it is by a person's word; it counts where there is no gate to ask, and against none.

    Raises:
        FleetError: somebody says otherwise, or nobody says anything.
    """
    there = (link.execute("SELECT now()").fetchone() or (now,))[0]
    if abs(there - now) > DATABASE_APART:
        raise FleetError(
            f"this machine says {now:%Y-%m-%d %H:%M} UTC and the database {there:%Y-%m-%d %H:%M}: nothing is dropped "
            "before they agree; one of the clocks is wrong"
        )
    found = link.execute(_HEARD, (now - HEARD_WITHIN, now + DATABASE_APART, MOST_ASKED)).fetchall()
    ahead = list(_ahead(found))
    if ahead:
        return _by_gates(ahead, now)
    if said is not None and abs(said - now.date()) <= timedelta(days=1):
        return f"by a person's word that it is {said}"
    if said is not None:
        raise FleetError(f"this machine says {now:%Y-%m-%d} and you say {said}: nothing is dropped")
    raise FleetError(
        f"nothing is dropped, since nobody confirms that it is {now:%Y-%m-%d}: no gate that trusts its clock was heard "
        "of within an hour. If it is that day, say so: fleet days drop --today and the day"
    )


def _by_gates(ahead: list[timedelta], now: datetime) -> str:
    apart = timedelta(seconds=median(one.total_seconds() for one in ahead))
    if abs(apart) > MOST_APART:
        raise FleetError(
            f"this machine says {now:%Y-%m-%d %H:%M} UTC, and {len(ahead)} gates that trust their clocks say "
            f"{now - apart:%Y-%m-%d %H:%M}: nothing is dropped; set this machine's clock"
        )
    return f"by the clocks of {len(ahead)} gates"


def _ahead(found: Iterable[tuple[datetime, bytes]]) -> Iterable[timedelta]:
    """By how much this machine's clock is ahead of each gate's that is trusted."""
    for seen_at, body in found:
        beat = read(body)
        if beat is not None and beat.clock.trusted:
            yield seen_at - beat.clock.at
