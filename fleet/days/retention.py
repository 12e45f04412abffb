"""What happens to a day past its time: first its key is destroyed, then its rows go, as a whole table.

Each step is noted before the next one. Killed between any two, the next turn goes on where it was; nothing is done
twice. Whatever arrives later for such a day waits among the rows of impossible days, and goes when it has been there
as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import psycopg

from fleet.days import clock, keyfiles
from fleet.locks import Lock
from fleet.plane import sql

if TYPE_CHECKING:
    from pathlib import Path

KEEP_DAYS: Final = 30
"""Whole days before today."""
WHO: Final = "days"
_LOCK_WAIT: Final = "2s"
"""Gates are not kept waiting by us behind somebody's long question; there is a next turn."""
_AT_ONCE: Final = 20_000

PARTITIONS: Final = """
SELECT to_date(right(relname, 8), 'YYYYMMDD') FROM pg_catalog.pg_class
WHERE relname ~ '^passages_[0-9]{8}$' AND relkind = 'r' ORDER BY 1
"""
_UNFINISHED: Final = "SELECT day FROM days_gone WHERE dropped_at IS NULL"
_BEGIN: Final = """
INSERT INTO days_gone (day, began_at, bytes) VALUES (%s, %s, coalesce(pg_total_relation_size(to_regclass(%s)), 0))
ON CONFLICT (day) DO UPDATE SET dropped_at = NULL RETURNING bytes
"""
_DESTROYED: Final = "UPDATE days_gone SET keys_destroyed_at = coalesce(keys_destroyed_at, %s) WHERE day = %s"
_DROPPED: Final = "UPDATE days_gone SET dropped_at = %s WHERE day = %s"
_OLD: Final = {
    "rows of impossible days": ("passages_impossible", "received_at"),
    "refused rows": ("quarantine", "at"),
    "sums of impossible days": ("hours_impossible", "hour"),
}


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept where, and for how long."""

    dsn: str
    keys: Path
    """Folder of the days' keys."""
    days: int = KEEP_DAYS

    def limit(self, now: datetime) -> date:
        """The first day that stays."""
        return now.astimezone(UTC).date() - timedelta(days=self.days)


def past(link: psycopg.Connection, keeping: Keeping, now: datetime) -> list[date]:
    """The days that have to go, the oldest first."""
    there = {day for (day,) in link.execute(PARTITIONS).fetchall()} | set(keyfiles.days(keeping.keys))
    limit = keeping.limit(now)
    unfinished = {day for (day,) in link.execute(_UNFINISHED).fetchall()}
    return sorted({day for day in there | unfinished if day < limit})


def drop(keeping: Keeping, now: datetime, said: date | None = None) -> list[date]:
    """Let everything go that is past its time; gives which days did.

    Args:
        keeping: what, and for how long.
        now: by this machine.
        said: what day it is by a person's word, where no gate can be asked.

    Raises:
        FleetError: nobody confirms that it is ``now``, or a key can't be destroyed.
        psycopg.Error: the database says no; the next turn goes on.
    """
    with psycopg.connect(keeping.dsn, autocommit=True) as link:
        if not (link.execute("SELECT pg_try_advisory_lock(%s)", (Lock.PAST_DAYS,)).fetchone() or (False,))[0]:
            return []
        days, old = past(link, keeping, now), _has_old(link, keeping.limit(now))
        if not days and not old:
            return []
        by = clock.confirm(link, now, said)
        for day in days:
            _go(link, keeping, day, by)
        _forget_old(link, keeping.limit(now))
        return days


def _go(link: psycopg.Connection, keeping: Keeping, day: date, by: str) -> None:
    with link.transaction():
        row = link.execute(_BEGIN, (day, _now(), f"passages_{day:%Y%m%d}")).fetchone()
        _note(link, "day past its time", str(day), f"kept {keeping.days} days; {by}")
    gone = keyfiles.destroy(keeping.keys, day)
    with link.transaction():
        link.execute(_DESTROYED, (_now(), day))
        _note(link, "key destroyed" if gone else "no key here to destroy", str(day), ", ".join(map(str, gone)))
    with link.transaction():
        link.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'".encode())
        link.execute("SELECT drop_day(%s)", (day,))
        link.execute(_DROPPED, (_now(), day))
        _note(link, "day dropped", str(day), f"{row[0] if row else 0} bytes")


def _has_old(link: psycopg.Connection, limit: date) -> bool:
    asked = " OR ".join(f"EXISTS (SELECT FROM {table} WHERE {at} < %(limit)s)" for table, at in _OLD.values())
    return bool((link.execute(f"SELECT {asked}".encode(), {"limit": _midnight(limit)}).fetchone() or (False,))[0])


def _forget_old(link: psycopg.Connection, limit: date) -> None:
    """What names no day that there could be is as old as its arrival."""
    for what, (table, at) in _OLD.items():
        some = f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {at} < %s LIMIT %s))"  # noqa: S608 - names of ours
        done = _AT_ONCE
        while done == _AT_ONCE:
            with link.transaction():
                done = link.execute(some.encode(), (_midnight(limit), _AT_ONCE)).rowcount
                if done:
                    _note(link, "past their time", what, f"{done} that came before {limit}")


def _note(link: psycopg.Connection, what: str, subject: str, detail: str) -> None:
    link.execute(sql.AUDIT, (_now(), WHO, what, subject, detail[:1000]))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _now() -> datetime:
    return datetime.now(UTC)
