"""A database of its own, whose days may go; with rows, keys and gates that say what time it is."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from fleet_desk import beat
from fleet_rig import FleetServer
from psycopg.conninfo import make_conninfo

from gate.wire.heartbeat import Clock
from gate.wire.message import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.run import Ready

_MIGRATED = "import sys; from fleet import prepare; prepare.use_django(sys.argv[1]); prepare.migrate()"


class Days(FleetServer):
    """What tests do to days."""

    def row(
        self, day: date, gate: str = "gate-7", at: datetime | None = None, body: bytes = b"", **columns: Any
    ) -> str:
        """Somebody was there at noon; gives the id."""
        moment = at or datetime.combine(day, time(12), UTC)
        id_ = columns.pop("id", f"{int(moment.timestamp() * 1000):012x}7000800000{secrets.token_hex(5)}")
        if columns.pop("has_day", True):
            self.sql("SELECT make_day(%s)", day)
        self.sql(
            "INSERT INTO passages (id, device_id, series, seq, revision, at, outcome, reasons, body, received_at)"
            " SELECT %s::uuid, id, 1, 1, 1, %s, 'pass', '{}', %s, %s FROM devices WHERE name = %s",
            id_,
            moment,
            body,
            columns.pop("received_at", moment),
            gate,
        )
        return str(id_)

    def confirmed(self, gate: str = "gate-7", ahead: timedelta = timedelta(0), *, trusted: bool = True) -> None:
        """A gate has just told what it takes for the time: ``ahead`` of ours."""
        now = datetime.now(UTC)
        told = beat(device=gate, clock=Clock(now + ahead, trusted=trusted))
        self.sql(
            "INSERT INTO reports (device_id, seen_at, heartbeat) SELECT id, %s, %s FROM devices WHERE name = %s"
            " ON CONFLICT (device_id) DO UPDATE SET seen_at = EXCLUDED.seen_at, heartbeat = EXCLUDED.heartbeat",
            now,
            encode(told),
            gate,
        )

    def partitions(self) -> set[str]:
        found = self.sql("SELECT relname FROM pg_class WHERE relname ~ '^(passages|hours)_[0-9]{8}$' AND relkind = 'r'")
        return {name for (name,) in found}

    def audited(self) -> list[tuple[str, str, str]]:
        """What the audit says since the test began."""
        return [
            (what, subject, detail)
            for what, subject, detail in self.sql(
                "SELECT what, subject, detail FROM audit WHERE id > %s ORDER BY id", self.began
            )
        ]

    began: int = 0

    def anew(self) -> None:
        """As if nobody had ever been there."""
        for part in self.partitions():
            self.sql(f"DROP TABLE IF EXISTS {part}")
        for table in ("passages", "hours", "days_gone", "reports", "quarantine"):
            self.sql(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        self.began = int(self.sql("SELECT coalesce(max(id), 0) FROM audit")[0][0])


@contextlib.contextmanager
def days_database(ready: Ready) -> Iterator[Days]:
    """Another database in the same PostgreSQL."""
    name = f"days_{secrets.token_hex(4)}"
    with psycopg.connect(ready.dsn, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}".encode())
    dsn = make_conninfo(ready.dsn, dbname=name)
    subprocess.run([sys.executable, "-c", _MIGRATED, dsn], check=True)
    there = Days("", replace(ready, dsn=dsn))
    there.enrolled("gate-7")
    yield there
