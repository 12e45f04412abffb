"""``fleet bench days``: a month of a city, and what it takes to ask for a day of it or to drop one."""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet.bench.city import GATES
from fleet.bench.fill import Wanted, check_room, fill
from fleet.run import database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.bench.month import Figure

PAGE: Final = """\
# A month of a city

Written by `./run fleet bench days --write FILE` on {when}; {processors} × {machine}, Linux {system}, Python {python}.
PostgreSQL and the console on the same machine, whose load was {load} (15, 5 and 1 minutes). {city}

| what | first | median | longest | times | beside |
| --- | --- | --- | --- | --- | --- |
{rows}
"""


def main(arguments: Sequence[str]) -> int:
    """Measure what a month of a whole city's rows takes: 30 days of 2.2 million."""
    parser = argparse.ArgumentParser("fleet bench days", description=main.__doc__)
    parser.add_argument("--days", type=int, default=30, help="until yesterday (%(default)s)")
    parser.add_argument("--rows", type=int, default=2_200_000, help="of a day (%(default)s)")
    parser.add_argument("--whole", type=int, help="days with rows of their whole size, the others have no body (all)")
    parser.add_argument("--gates", type=int, default=GATES, help="(%(default)s)")
    parser.add_argument("--data", type=Path, help="a folder to keep it in, and to go on with; else it is deleted")
    parser.add_argument("--write", type=Path, metavar="FILE", help="a page with the figures")
    asked = parser.parse_args(arguments)
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=n) for n in range(asked.days, 0, -1)]
    wanted = Wanted(days, asked.days if asked.whole is None else asked.whole, asked.rows, asked.gates)
    with _folder(asked.data) as folder:
        check_room(folder, wanted)
        with database(folder) as ready:
            fill(ready.dsn, wanted)
            from fleet.bench.month import Month  # noqa: PLC0415 - Django is set up by now

            month = Month(ready.dsn, folder, wanted)
            is_whole, figures = month.is_whole(), month.figures()
    for one in figures:
        print(one.row())
    if asked.write is not None:
        asked.write.write_text(_page(wanted, figures), "utf-8")
    return 0 if is_whole else 1


def _page(wanted: Wanted, figures: Sequence[Figure]) -> str:
    city = (
        f"{wanted.gates:,} gates, {len(wanted.days)} days of {wanted.rows:,} rows: {len(wanted.days) * wanted.rows:,}."
    )
    if wanted.whole < len(wanted.days):
        city += (
            f"\nFor want of room on the disk {wanted.whole} of the days, the oldest and the newest, have rows of their "
            "whole size; those of the others have no body."
        )
    return PAGE.format(
        when=f"{datetime.now(UTC):%Y-%m-%d}",
        load=" → ".join(f"{load:.1f}" for load in reversed(os.getloadavg())),
        processors=os.cpu_count(),
        machine=platform.machine(),
        system=platform.release(),
        python=platform.python_version(),
        city=city,
        rows="\n".join(one.row() for one in figures),
    )


@contextlib.contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="fleet-bench-", dir="/tmp") as folder:
        yield Path(folder)
