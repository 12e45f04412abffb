"""A whole fleet's server for tests: a real PostgreSQL, migrated, and the device plane over real HTTP."""

from __future__ import annotations

import base64
import contextlib
import socket
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
from claims import vouchers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fleet.errors import FleetError
from fleet.postgres import programs
from fleet.prepare import claims_key, vouchers_file
from fleet.run import database, process

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from fleet.run import Ready

SITE = "station-north"


@dataclass
class FleetServer:
    """The device plane's address, and the database beneath it."""

    url: str
    ready: Ready
    process: subprocess.Popen[bytes] | None = None

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database says."""
        with psycopg.connect(self.ready.dsn) as link:
            found = link.execute(statement.encode(), values)
            return found.fetchall() if found.description else []

    def site(self, name: str = SITE, district: str = "north") -> int:
        self.sql("INSERT INTO districts (name) VALUES (%s) ON CONFLICT DO NOTHING", district)
        self.sql(
            "INSERT INTO sites (name, district_id) SELECT %s, id FROM districts WHERE name = %s ON CONFLICT DO NOTHING",
            name,
            district,
        )
        return int(self.sql("SELECT id FROM sites WHERE name = %s", name)[0][0])

    def enrolled(self, device: str, site: str = SITE) -> Ed25519PrivateKey:
        """The key of a gate that is in the tables."""
        key = Ed25519PrivateKey.generate()
        self.sql(
            "INSERT INTO devices (site_id, name, serial, key, generation, state, enrolled_at)"
            " VALUES (%s, %s, %s, %s, 1, 'active', %s)",
            self.site(site),
            device,
            f"serial-{device}",
            key.public_key().public_bytes_raw(),
            datetime.now(UTC),
        )
        return key

    @contextlib.contextmanager
    def vouched(self) -> Iterator[None]:
        """Claims that are made meanwhile are believed by devices that pin ``trust_bundles.root()``."""
        words = [
            base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in vouchers(claims_key(self.ready.claims_key))
        ]
        file = vouchers_file(self.ready.claims_key)
        file.write_bytes(msgspec.json.encode({"vouchers": words}))
        try:
            yield
        finally:
            file.unlink()


def free_port() -> int:
    """One at which nobody listens, nor at the next two, which are the console's and Prometheus'."""
    return free_ports(3)


def free_ports(count: int) -> int:
    """The first of several in a row at which nobody listens."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as found, contextlib.suppress(OSError, OverflowError):
            port = int(found.getsockname()[1])
            with contextlib.ExitStack() as others:
                for number in range(port + 1, port + count):
                    others.enter_context(socket.create_server(("127.0.0.1", number)))
                return port


def is_possible() -> bool:
    """Whether there is a PostgreSQL here; ``./run test`` installs it."""
    try:
        programs()
    except FleetError:
        return False
    return True


@contextlib.contextmanager
def fleet_database() -> Iterator[Ready]:
    # Not pytest's folders: PostgreSQL's own user has to get into it.
    with tempfile.TemporaryDirectory(prefix="fleet-test-", dir="/tmp") as folder, database(Path(folder)) as ready:
        yield ready
        from django.db import connections  # noqa: PLC0415 - Django is set up by now

        connections.close_all()


@contextlib.contextmanager
def serving(ready: Ready) -> Iterator[FleetServer]:
    """A replica of the device plane over a database."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with process("plane", port, url, ready, "--metrics-port", str(port + 2)) as running:
        yield FleetServer(url, ready, running)
