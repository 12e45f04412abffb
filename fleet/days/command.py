"""``fleet days``: which days are kept, how much each takes, and letting go of those past their time."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from fleet.days import keyfiles, retention
from fleet.days.retention import KEEP_DAYS, Keeping
from fleet.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_DAYS: Final = 400
COUNTED_BYTES: Final = 16 << 20
"""Of a larger day's rows the database's own estimate is told."""
_TABLES: Final = """
SELECT relname, pg_total_relation_size(oid), reltuples::bigint FROM pg_catalog.pg_class
WHERE relname ~ '^passages_([0-9]{8}|impossible)$' AND relkind = 'r' ORDER BY relname
"""
_GONE: Final = "SELECT day, keys_destroyed_at, dropped_at FROM days_gone ORDER BY day DESC LIMIT 10"


def main(arguments: Sequence[str]) -> int:
    """List the days that are kept, or drop those past their time; ``FLEET_DSN`` names the database."""
    parser = argparse.ArgumentParser("fleet days", description=main.__doc__)
    parser.add_argument("what", nargs="?", choices=("list", "drop"), default="list", help="(%(default)s)")
    add_keeping(parser)
    parser.add_argument(
        "--keys", type=Path, default=Path(".fleet") / keyfiles.FOLDER, help="folder of the days' keys (%(default)s)"
    )
    parser.add_argument(
        "--today", type=date.fromisoformat, help="to drop where no gate is there to confirm it: what day it is"
    )
    asked = parser.parse_args(arguments)
    keeping, now = Keeping(os.environ["FLEET_DSN"], asked.keys, asked.keep_days), datetime.now(UTC)
    try:
        if asked.what == "list":
            print("\n".join(listed(keeping, now)))
        else:
            gone = retention.drop(keeping, now, asked.today)
            print(f"gone: {', '.join(map(str, gone))}" if gone else "no day is past its time")
    except psycopg.Error as fault:
        raise FleetError(f"the database: {fault}") from None
    return 0


def add_keeping(parser: argparse.ArgumentParser) -> None:
    """For how long days are kept: the same for all who ask."""
    parser.add_argument(
        "--keep-days",
        type=int,
        choices=range(1, MOST_DAYS + 1),
        default=KEEP_DAYS,
        metavar="N",
        help="whole days before today that are kept (%(default)s)",
    )


def listed(keeping: Keeping, now: datetime) -> list[str]:
    """A line for each day, for what names no day, and for those that went last."""
    with psycopg.connect(keeping.dsn, autocommit=True) as link:
        found = link.execute(_TABLES).fetchall()
        tables = {name.removeprefix("passages_"): (size, _rows(link, name, size, about)) for name, size, about in found}
        gone = link.execute(_GONE).fetchall()
    keys, limit = set(keyfiles.days(keeping.keys)), keeping.limit(now)
    dated = {datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC).date() for name in tables if name.isdecimal()}
    lines = [f"{'day':12} {'rows':>12} {'size':>10}  key"]
    for day in sorted(dated | {day for day in keys if day < limit}):
        size, rows = tables.get(f"{day:%Y%m%d}", (0, "none"))
        late = "  past its time" if day < limit else ""
        lines.append(f"{day!s:12} {rows:>12} {_mb(size):>10}  {'here' if day in keys else 'not here'}{late}")
    size, rows = tables["impossible"]
    lines.append(f"{'impossible':12} {rows:>12} {_mb(size):>10}")
    ahead = [day for day in keys if day > now.date()]
    lines.append(f"keys of {len(ahead)} days to come" + (f", until {max(ahead)}" if ahead else ""))
    lines += [f"{day}: {_end(destroyed, dropped)}" for day, destroyed, dropped in gone]
    return lines


def _rows(link: psycopg.Connection, table: str, size: int, about: int) -> str:
    if size > COUNTED_BYTES and about >= 0:
        return f"~{about:,}"
    found = link.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608 - a name of the catalogue's
    return f"{found[0]:,}" if found else "0"


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _end(destroyed: datetime | None, dropped: datetime | None) -> str:
    if dropped is not None:
        return f"gone at {dropped:%Y-%m-%d %H:%M} UTC"
    return "its key is gone, its rows are not yet" if destroyed is not None else "about to go"
