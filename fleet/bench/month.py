"""What a month of a city is asked, and how long each answer takes. Django is set up before this is imported."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import psycopg
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.contrib.auth import get_user_model
from django.test import Client

from fleet.days import daykeys, keyfiles
from fleet.days.command import listed
from fleet.days.people import Person
from fleet.days.retention import Keeping, drop
from fleet.errors import FleetError
from fleet.trace import rows
from fleet.trace.question import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date
    from pathlib import Path

    from fleet.bench.fill import Wanted

TIMES: Final = 20
_FROM_ROWS: Final = """
SELECT date_trunc('hour', at), outcome, count(*) FROM {table} GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """How long something took, each time."""

    what: str
    took_s: tuple[float, ...]
    beside: str = ""

    def row(self) -> str:
        """A line of a table."""
        cells = (self.took_s[0], median(self.took_s), max(self.took_s))
        return " | ".join(
            ("| " + self.what, *(f"{took * 1000:,.0f} ms" for took in cells), str(len(self.took_s)), self.beside + " |")
        )


class Month:
    """A database that ``fill`` has filled."""

    def __init__(self, dsn: str, folder: Path, wanted: Wanted) -> None:
        self._dsn = dsn
        self._folder = folder
        self._wanted = wanted

    def is_whole(self) -> bool:
        """Whether the sums are as many as the rows of the newest day."""
        day = self._wanted.days[-1]
        ((count, sums),) = self._sql(
            f"SELECT (SELECT count(*) FROM passages_{day:%Y%m%d}),"  # noqa: S608 - names of ours
            f" (SELECT sum(passed + refused + retried)::bigint FROM hours_{day:%Y%m%d})"
        )
        return bool(count == sums == self._wanted.rows)

    def figures(self) -> list[Figure]:
        """All of it; the two oldest days are dropped at the end."""
        user, _ = get_user_model().objects.get_or_create(username="bench", is_superuser=True)
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        ((site,),) = self._sql("SELECT min(id) FROM sites")
        days, newest = self._wanted.days, self._wanted.days[-1]
        return [
            self._pages(client, "the page of a day of the city, each day once", [f"/city/?day={day}" for day in days]),
            self._pages(client, "the same, of one day", [f"/city/?day={newest}"] * TIMES),
            self._pages(
                client, "the page of a site's last 24 hours, a station with its gates", [f"/sites/{site}/"] * TIMES
            ),
            self._rows_of(newest),
            self._trace(newest),
            Figure("the list of days, `fleet days`", (_took(lambda: listed(self._keeping(400), datetime.now(UTC))),)),
            self._dropped(),
            self._rows_dropped(),
        ]

    def _pages(self, client: Any, what: str, paths: Iterable[str]) -> Figure:
        def ask(path: str) -> None:
            if client.get(path).status_code != 200:  # noqa: PLR2004 - HTTP's
                raise FleetError(f"the console does not answer {path}")

        return Figure(what, tuple(_took(partial(ask, path)) for path in paths), "target: under 1 s")

    def _rows_of(self, day: date) -> Figure:
        counting = _FROM_ROWS.format(table=f"passages_{day:%Y%m%d}")
        return Figure("a day of the city, were its rows counted each time", (_took(lambda: self._sql(counting)),))

    def _trace(self, day: date) -> Figure:
        begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
        ((name,),) = self._sql("SELECT name FROM sites ORDER BY id LIMIT 1")
        asked = Question(name, begins, begins + timedelta(hours=6), "1", "")
        with psycopg.connect(self._dsn) as link:
            found: list[rows.Found] = []
            took = _took(lambda: found.extend(rows.find(link, asked)))
        return Figure("six hours of a station, still shut, for a tracing query", (took,), f"{len(found)} passed")

    def _dropped(self) -> Figure:
        today = datetime.now(UTC)
        oldest, size = self._oldest()
        people = [Person(name, X25519PrivateKey.generate().public_key()) for name in ("one", "other")]
        if oldest not in keyfiles.days(self._folder / keyfiles.FOLDER):
            daykeys.make(self._folder / keyfiles.FOLDER, [oldest], people)
        keeping = self._keeping((today.date() - oldest).days - 1)
        gone: list[date] = []
        took = _took(lambda: gone.extend(drop(keeping, today, today.date())))
        if gone != [oldest]:
            raise FleetError(f"dropped {gone} in place of {oldest}")
        beside = f"{size / 1e9:.1f} GB; target: under 1 s"
        return Figure("a day dropped, its key destroyed before, three entries in the audit", (took,), beside)

    def _rows_dropped(self) -> Figure:
        """The part of it in which gates have to wait."""
        oldest, size = self._oldest()
        took = _took(lambda: self._sql(f"SELECT drop_day('{oldest}')"))
        return Figure("the next day's rows alone", (took,), f"{size / 1e9:.1f} GB; target: under 1 s")

    def _oldest(self) -> tuple[date, int]:
        """The oldest day that is there, and how many bytes it takes."""
        ((day,),) = self._sql(
            "SELECT to_date(right(min(relname), 8), 'YYYYMMDD') FROM pg_class WHERE relname ~ '^passages_[0-9]{8}$'"
        )
        ((size,),) = self._sql(f"SELECT pg_total_relation_size('passages_{day:%Y%m%d}')")
        return day, int(size)

    def _keeping(self, days: int) -> Keeping:
        return Keeping(self._dsn, self._folder / keyfiles.FOLDER, days)

    def _sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._dsn) as link:
            return link.execute(statement.encode()).fetchall()


def _took(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began
