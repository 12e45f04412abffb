"""Fills a database with days of a whole city, as large as they are in truth. Nobody was there."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import psycopg

from fleet.bench import city
from fleet.errors import FleetError
from gate.model import Direction, FactState, Outcome, PassageResult
from gate.wire.message import encode
from gate.wire.passages import FactUsed, Passage, Sealed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LARGEST: Final = 60
"""Gates of the first site, a station; the others have three."""
ROW_BYTES: Final = 1300
"""On the disk, indexes among them; measured, and rounded up."""
SLIM_BYTES: Final = 250
SPARE_BYTES: Final = 8 << 30
"""Left to others."""
CHUNK: Final = 220_000

_CITY: Final = (
    "INSERT INTO districts (name) SELECT 'district ' || n FROM generate_series(1, 11) AS n ON CONFLICT DO NOTHING",
    """
    INSERT INTO sites (name, district_id)
    SELECT 'site ' || n, (SELECT min(id) FROM districts) + n %% 11
    FROM generate_series(0, %s) AS n ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO devices (site_id, name, serial, key, generation, state, enrolled_at)
    SELECT (SELECT min(id) FROM sites) + greatest(0, (n - %s + 2) / 3), 'gate-' || n, 'serial-' || n, '\\x00', 1,
        'active', now()
    FROM generate_series(1, %s) AS n ON CONFLICT DO NOTHING
    """,
)
_ROWS: Final = """
INSERT INTO {table} (id, device_id, series, seq, revision, at, outcome, reasons, passage, body, received_at)
SELECT (lpad(to_hex(ms), 12, '0') || '7' || substr(noise, 1, 3) || '8' || substr(noise, 4, 15))::uuid,
    %(first)s + floor(random() * %(gates)s)::bigint, 1, number, 2, to_timestamp(ms / 1000.0),
    CASE WHEN random() < 0.95 THEN 'pass' WHEN random() < 0.5 THEN 'refer' ELSE 'retry' END,
    ARRAY['green_code', 'negative_48h'], 'passed', %(body)s, to_timestamp(ms / 1000.0 + 2)
FROM (
    SELECT number, %(midnight)s + number * 86400000 / %(rows)s AS ms, md5(number::text || %(midnight)s) AS noise
    FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS number
) AS drawn
"""
_HOURS: Final = """
INSERT INTO hours
SELECT site_id, date_trunc('hour', at, 'UTC'), count(*) FILTER (WHERE outcome = 'pass'),
    count(*) FILTER (WHERE outcome = 'refer'), count(*) FILTER (WHERE outcome = 'retry')
FROM {table} JOIN devices ON devices.id = device_id GROUP BY 1, 2
"""
# Whoever falls in the middle of it begins anew; the figures are taken with everything as it always is.
_IN_HASTE: Final = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_wal_size = '4GB'")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much."""

    days: Sequence[date]
    whole: int
    """Of the days, the oldest and the newest, so many have rows of their whole size; the others have no body."""
    rows: int
    """Of a day."""
    gates: int = city.GATES

    @property
    def bytes(self) -> int:
        slim = len(self.days) - self.whole
        return self.rows * (self.whole * ROW_BYTES + slim * SLIM_BYTES)


def check_room(folder: Path, wanted: Wanted) -> None:
    """Refuse what does not fit beside what an earlier run has left there.

    Raises:
        FleetError: too little of the disk is free.
    """
    free = shutil.disk_usage(folder).free
    needed = wanted.bytes - sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if free < needed + SPARE_BYTES:
        raise FleetError(
            f"{folder}: {needed >> 30} GB are needed and {SPARE_BYTES >> 30} to spare, {free >> 30} GB are free; "
            "ask for fewer --days, or for fewer --whole ones"
        )


def fill(dsn: str, wanted: Wanted) -> None:
    """Make the city and its days; those that are there already stay."""
    with psycopg.connect(dsn, autocommit=True) as link:
        link.execute(_CITY[0])
        link.execute(_CITY[1], (wanted.gates // 3,))
        link.execute(_CITY[2], (LARGEST, wanted.gates))
        link.execute("SET session_replication_role = replica")  # a day is counted once, at its end
        for setting in _IN_HASTE:
            link.execute(f"ALTER SYSTEM SET {setting}".encode())
        link.execute("SELECT pg_reload_conf()")
        for number, day in enumerate(wanted.days):
            whole = number < (wanted.whole + 1) // 2 or number >= len(wanted.days) - wanted.whole // 2
            _day(link, day, wanted, body() if whole else b"")
        for setting in _IN_HASTE:
            link.execute(f"ALTER SYSTEM RESET {setting.partition(' ')[0]}".encode())
        link.execute("SELECT pg_reload_conf()")
        link.execute("CHECKPOINT")
        link.execute("ANALYZE")


def _day(link: psycopg.Connection, day: date, wanted: Wanted, content: bytes) -> None:
    table = f"passages_{day:%Y%m%d}"
    link.execute("SELECT make_day(%s)", (day,))
    if link.execute("SELECT to_regclass(%s) IS NULL", (table,)).fetchone() == (True,):
        print(f"{day}: was dropped in an earlier run", flush=True)
        return
    if link.execute(f"SELECT 1 FROM hours_{day:%Y%m%d} LIMIT 1".encode()).fetchone():  # noqa: S608 - a name of ours
        print(f"{day}: is there", flush=True)
        return
    link.execute(f"TRUNCATE {table}".encode())
    first = link.execute("SELECT min(id) FROM devices").fetchone() or (1,)
    asked = {
        "first": first[0],
        "gates": wanted.gates,
        "body": content,
        "midnight": int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000),
        "rows": wanted.rows,
    }
    began = time.monotonic()
    for low in range(0, wanted.rows, CHUNK):
        high = min(low + CHUNK, wanted.rows) - 1
        link.execute(_ROWS.format(table=table).encode(), {**asked, "low": low, "high": high})
        print(f"{day}: {high + 1:,} of {wanted.rows:,}", end="\r", flush=True)
    link.execute(_HOURS.format(table=table).encode())
    link.execute(f"VACUUM (ANALYZE) {table}".encode())
    print(f"{day}: {wanted.rows:,} rows of {len(content)} bytes, {time.monotonic() - began:.0f} s", flush=True)


def body() -> bytes:
    """A row as a gate sends it, who it was sealed in noise."""
    return encode(
        Passage(
            seq=123_456,
            id="01a22062-21e6-73fa-a3d6-c1c9748df209",
            revision=2,
            at=datetime.now(UTC),
            clock_trusted=True,
            reader="id-reader",
            credential="resident_id",
            assurance=80,
            outcome=Outcome.PASS,
            reasons=("green_code", "negative_48h"),
            direction=Direction.IN,
            zone="hall",
            holder=secrets.token_bytes(16),
            rule_set="station-48h@1",
            profile="station",
            facts=tuple(
                FactUsed(name, FactState.KNOWN, "city", 3600) for name in ("code_colour", "test_age", "vaccinated")
            ),
            passage=PassageResult.PASSED,
            sealed=Sealed("2021-06-20", secrets.token_bytes(176)),
        )
    )
