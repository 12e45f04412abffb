"""A city's gates as the generator knows them: rows in the table, tokens, and what they send."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fleet.plane import tokens
from fleet.plane.database import TOKEN_SECRET
from gate.model import Outcome
from gate.wire.heartbeat import Clock, Device, Heartbeat, KeyTier
from gate.wire.message import encode
from gate.wire.passages import Batch, Passage, Sealed

if TYPE_CHECKING:
    from fleet.run import Ready

GATES: Final = 21_390
PEOPLE: Final = 7_300_000
_DAY_S: Final = 86_400
USUAL: Final = (round(PEOPLE * 2 / _DAY_S), round(PEOPLE * 4 / _DAY_S))
"""Passages a second, where everybody is checked two to four times a day."""
ALL_BUSY: Final = round(GATES / 3)
"""Passages a second, where every gate lets in somebody every three seconds."""
_INSERT: Final = """
INSERT INTO devices (site_id, name, serial, key, generation, state, enrolled_at)
SELECT %s, 'bench-' || n, 'bench-' || n, key, 1, 'active', now()
FROM unnest(%s::bytea[]) WITH ORDINALITY AS one (key, n)
RETURNING id, name
"""


@dataclass
class Gate:
    """One that asks."""

    name: str
    key: Ed25519PrivateKey
    token: str
    seq: int = 0


def enrolled(ready: Ready, count: int) -> list[Gate]:
    """Gates that are in the tables, with a token for an hour."""
    keys = [Ed25519PrivateKey.generate() for _ in range(count)]
    with psycopg.connect(ready.dsn) as link:
        link.execute("INSERT INTO districts (name) VALUES ('bench')")
        site = link.execute(
            "INSERT INTO sites (name, district_id) SELECT 'bench', id FROM districts WHERE name = 'bench' RETURNING id"
        )
        secret = link.execute("SELECT value FROM secrets WHERE name = %s", (TOKEN_SECRET,)).fetchone()
        public = [key.public_key().public_bytes_raw() for key in keys]
        found = link.execute(_INSERT, (*(site.fetchone() or (0,)), public)).fetchall()
    until, key = time.time() + 3600, bytes(secret[0] if secret else b"")
    return [
        Gate(name, one, tokens.token(key, tokens.Holder(id_, 1), until, secrets.token_bytes(16)))
        for (id_, name), one in zip(found, keys, strict=True)
    ]


def heartbeat(gate: Gate) -> bytes:
    """How it is."""
    told = Heartbeat(
        device=gate.name,
        software="0.5.0",
        uptime_s=int(time.monotonic()),
        clock=Clock(datetime.now(UTC), trusted=True),
        readers=(Device("id-reader"), Device("gun"), Device("camera")),
        key_tier=KeyTier.FILE,
    )
    return encode(told)


def batch(gate: Gate, count: int) -> bytes:
    """Its next rows."""
    rows = tuple(_row(gate.seq + one) for one in range(1, count + 1))
    gate.seq += count
    return encode(Batch(secrets.token_hex(8), gate.name, 1, rows))


def count(ready: Ready) -> int:
    """Rows in the table."""
    with psycopg.connect(ready.dsn) as link:
        found = link.execute("SELECT count(*) FROM passages").fetchone()
    return int(found[0]) if found else 0


def _row(seq: int) -> Passage:
    return Passage(
        seq=seq,
        id=_id(),
        revision=1,
        at=datetime.now(UTC),
        clock_trusted=True,
        reader="id-reader",
        credential="resident_id",
        assurance=80,
        outcome=Outcome.PASS,
        reasons=("green_code",),
        holder=secrets.token_bytes(16),
        rule_set="station-48h@1",
        sealed=Sealed("2021-06-20", secrets.token_bytes(176)),
    )


def _id() -> str:
    """A UUIDv7."""
    value = int(time.time() * 1000) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0x2 << 62 | secrets.randbits(62)
    return str(UUID(int=value))
