"""``fleet bench``: heartbeats and rows at a steady rate over real HTTP, and how long the answers take.

The server, its PostgreSQL and the gates that ask are all on this machine, in three processes. Questions are sent when
their time has come, whether or not earlier ones are answered, so that a server that falls behind can't hide it.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import resource
import secrets
import socket
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

import psycopg

from fleet import bench_days
from fleet.plane import tokens
from fleet.plane.database import TOKEN_SECRET
from fleet.run import HOST, database, process
from gate.model import Outcome
from gate.wire import heartbeat, passages
from gate.wire.heartbeat import Clock, Device, Heartbeat, KeyTier
from gate.wire.message import MEDIA_TYPE, encode
from gate.wire.passages import Batch, Passage, Sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet.run import Ready

CONNECTIONS: Final = 32
_GATES: Final = """
INSERT INTO devices (site_id, name, serial, key, generation, state, enrolled_at)
SELECT %s, 'bench-' || n, 'bench-' || n, '\\x00', 1, 'active', now() FROM generate_series(1, %s) AS n RETURNING id, name
"""


@dataclass
class Gate:
    """One that asks."""

    name: str
    token: str
    seq: int = 0


@dataclass
class Tally:
    """What became of one kind of question."""

    took_s: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def line(self, what: str, a_question: int, seconds: float) -> str:
        took = sorted(self.took_s)
        p99 = took[math.ceil(len(took) * 0.99) - 1] * 1000 if took else math.nan
        median = took[len(took) // 2] * 1000 if took else math.nan
        done = self.statuses["200"] * a_question / seconds
        wrong = sum(self.statuses.values()) - self.statuses["200"]
        return f"{what:12} {done:8.0f}/s   errors {wrong:5}   median {median:7.1f} ms   p99 {p99:7.1f} ms"


class Link:
    """A kept connection, one question at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, token: str, body: bytes) -> str:
        """The status of the answer."""
        async with self._turn:
            if self._streams is None:
                self._streams = await asyncio.open_connection(HOST, self._port)
            reader, writer = self._streams
            head = (
                f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {MEDIA_TYPE}\r\n"
                f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            said = await reader.readuntil(b"\r\n\r\n")
            length = int(said.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            return said.split(b" ", 2)[1].decode()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


def main(arguments: Sequence[str]) -> int:
    """Measure this machine: the city's need is 713 heartbeats a second, and 1,110 rows a second.

    ``fleet bench days`` measures a month of the city's rows instead.
    """
    if arguments[:1] == ["days"]:
        return bench_days.main(arguments[1:])
    parser = argparse.ArgumentParser("fleet bench", description=main.__doc__)
    parser.add_argument("--heartbeats", type=float, default=713, help="a second (%(default)s)")
    parser.add_argument("--rows", type=float, default=1110, help="a second (%(default)s)")
    parser.add_argument("--batch", type=int, default=50, help="rows in one (%(default)s)")
    parser.add_argument("--gates", type=int, default=2000, help="that ask in turn (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="(%(default)s)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder, database(Path(folder)) as ready:
        with socket.create_server((HOST, 0)) as found:
            port = int(found.getsockname()[1])
        gates = _gates(ready, asked.gates)
        with process("plane", port, f"http://{HOST}:{port}", ready):
            began, generator = time.monotonic(), time.process_time()
            beats, rows = asyncio.run(_measure(port, gates, asked))
            took, generator = time.monotonic() - began, time.process_time() - generator
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        there = _count(ready)
    plane = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(beats.line("heartbeats", 1, took))
    print(rows.line("rows", asked.batch, took), f"  ({asked.batch} in a batch; {there} in the table)")
    print(f"{took:.0f} s; of a processor, without PostgreSQL: the plane {plane:.1f} s, the generator {generator:.1f} s")
    return 0 if there == rows.statuses["200"] * asked.batch else 1


def _gates(ready: Ready, count: int) -> list[Gate]:
    with psycopg.connect(ready.dsn) as link:
        link.execute("INSERT INTO districts (name) VALUES ('bench')")
        site = link.execute("INSERT INTO sites (name, district_id) SELECT 'bench', id FROM districts RETURNING id")
        secret = link.execute("SELECT value FROM secrets WHERE name = %s", (TOKEN_SECRET,)).fetchone()
        found = link.execute(_GATES, (*(site.fetchone() or (0,)), count)).fetchall()
    until = time.time() + 3600
    make = tokens.token
    return [
        Gate(name, make(bytes(secret[0] if secret else b""), tokens.Holder(id_, 1), until, secrets.token_bytes(16)))
        for id_, name in found
    ]


async def _measure(port: int, gates: list[Gate], asked: argparse.Namespace) -> tuple[Tally, Tally]:
    links = [Link(port) for _ in range(2 * CONNECTIONS)]
    beats, rows = Tally(), Tally()
    at = time.monotonic() + 1
    await asyncio.gather(
        _steadily(asked.heartbeats, asked.seconds, at, beats, lambda n: _beat(gates, links[:CONNECTIONS], n)),
        _steadily(
            asked.rows / asked.batch,
            asked.seconds,
            at,
            rows,
            lambda n: _rows(gates, links[CONNECTIONS:], n, asked.batch),
        ),
    )
    for link in links:
        link.close()
    return beats, rows


async def _steadily(
    a_second: float, seconds: float, at: float, tally: Tally, ask: Callable[[int], asyncio.Future[str]]
) -> None:
    """Ask at a rate; an answer's time counts from when it should have been asked."""

    async def one(number: int, due: float) -> None:
        try:
            status = await ask(number)
        except (OSError, EOFError, ValueError) as fault:
            status = type(fault).__name__
        tally.took_s.append(time.monotonic() - due)
        tally.statuses[status] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(int(a_second * seconds)):
            due = at + number / a_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(one(number, due))


def _beat(gates: list[Gate], links: list[Link], number: int) -> asyncio.Future[str]:
    gate = gates[number % len(gates)]
    told = Heartbeat(
        device=gate.name,
        software="0.5.0",
        uptime_s=number,
        clock=Clock(datetime.now(UTC), trusted=True),
        readers=(Device("id-reader"), Device("gun"), Device("camera")),
        key_tier=KeyTier.FILE,
    )
    return asyncio.ensure_future(links[number % len(links)].ask(heartbeat.PATH, gate.token, encode(told)))


def _rows(gates: list[Gate], links: list[Link], number: int, count: int) -> asyncio.Future[str]:
    gate = gates[number % len(gates)]
    rows = tuple(_row(gate.seq + one) for one in range(1, count + 1))
    gate.seq += count
    body = encode(Batch(secrets.token_hex(8), gate.name, 1, rows))
    return asyncio.ensure_future(links[number % len(links)].ask(passages.PATH, gate.token, body))


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
        holder=bytes(16),
        rule_set="station-48h@1",
        sealed=Sealed("2021-06-20", bytes(176)),
    )


def _id() -> str:
    """A UUIDv7."""
    value = int(time.time() * 1000) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0x2 << 62 | secrets.randbits(62)
    return str(UUID(int=value))


def _count(ready: Ready) -> int:
    with psycopg.connect(ready.dsn) as link:
        found = link.execute("SELECT count(*) FROM passages").fetchone()
    return int(found[0]) if found else 0
