"""``fleet bench``: heartbeats and rows at a steady rate over real HTTP, and how many rows are taken at most.

The server, its PostgreSQL and the gates that ask are all on this machine, in three processes. Questions are sent when
their time has come, whether or not earlier ones are answered, so that a server that falls behind can't hide it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet.bench import city, page
from fleet.bench.asking import OK, Pool, Tally, kinds, packed, steadily, timed
from fleet.listening import free_ports
from fleet.run import HOST, database, process
from gate.wire import heartbeat, passages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from fleet.bench.asking import Answer
    from fleet.bench.city import Gate
    from fleet.run import Ready

AT_ONCE: Final = 8
"""Batches under way when the most is asked of it."""
CEILING: Final = ((50, 500), (500, 1000))
"""Rows of a batch, and how many are sent for each second of ``--seconds``."""
TITLE: Final = "A steady rate, and the ceiling"


@dataclass
class Taken:
    """What became of it, and seconds of a processor that it took."""

    beats: Tally = field(default_factory=Tally)
    rows: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    plane_s: float = 0.0
    generator_s: float = 0.0


def main(arguments: Sequence[str]) -> int:
    """Measure this machine: the city's need is 713 heartbeats a second, and 1,110 rows a second.

    ``fleet bench return`` measures the whole fleet coming back after an outage, ``fleet bench rollout`` how fast a rule
    is in force; each has a --help of its own.
    """
    parser = argparse.ArgumentParser("fleet bench", description=main.__doc__)
    parser.add_argument("--heartbeats", type=float, default=713, help="a second (%(default)s)")
    parser.add_argument("--rows", type=float, default=1110, help="a second (%(default)s)")
    parser.add_argument("--batch", type=int, default=50, help="rows in one (%(default)s)")
    parser.add_argument("--gates", type=int, default=city.GATES, help="that ask in turn (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="(%(default)s)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the figures to a Markdown page as well")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder, database(Path(folder)) as ready:
        gates, taken = city.enrolled(ready, asked.gates), Taken()
        with _plane(ready, taken) as port:
            asyncio.run(_measure(port, gates, asked, taken))
        whole = city.count(ready) == taken.rows.statuses[OK] * asked.batch
        with _plane(ready, Taken()) as port:
            ceilings = [asyncio.run(_most(port, gates, each, int(n * asked.seconds))) for each, n in CEILING]
    lines = [*_steady(taken, asked), "", *_ceiling(ceilings)]
    print(*lines, sep="\n")
    if asked.write is not None:
        page.write(asked.write, TITLE, "python -m fleet bench --write FILE", lines)
    return 0 if whole and not sum(one.wrong + one.asked_to_wait for one in (taken.beats, taken.rows)) else 1


@contextlib.contextmanager
def _plane(ready: Ready, taken: Taken) -> Iterator[int]:
    """A replica; gives its port, and notes what it took."""
    (port,) = free_ports(1)
    with process("plane", port, f"http://{HOST}:{port}", ready):
        yield port
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken.plane_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def _measure(port: int, gates: list[Gate], asked: argparse.Namespace, taken: Taken) -> None:
    pool, generator, began = Pool(port), time.process_time(), time.monotonic()

    def beat(number: int) -> Awaitable[Answer]:
        gate = gates[number % len(gates)]
        return pool.ask(heartbeat.PATH, city.heartbeat(gate), gate.token)

    def rows(number: int) -> Awaitable[Answer]:
        gate = gates[number * 7919 % len(gates)]
        return pool.ask(passages.PATH, *_upload(gate, asked.batch))

    at = began + 1
    await asyncio.gather(
        steadily(asked.heartbeats, asked.seconds, at, taken.beats, beat),
        steadily(asked.rows / asked.batch, asked.seconds, at, taken.rows, rows),
    )
    taken.seconds = time.monotonic() - at
    taken.generator_s = time.process_time() - generator
    pool.close()


def _upload(gate: Gate, rows: int) -> tuple[bytes, str, str]:
    body, packing = packed(city.batch(gate, rows))
    return body, gate.token, packing


async def _most(port: int, gates: list[Gate], rows: int, whole: int) -> tuple[int, float, float]:
    """Batch after batch; gives the rows of one, rows a second, and the milliseconds of 99 of 100 answers."""
    ready = [_upload(gates[number % len(gates)], rows) for number in range(whole // rows)]
    pool, tally = Pool(port), Tally()

    async def one() -> None:
        while ready:
            await timed(tally, time.monotonic(), pool.ask(passages.PATH, *ready.pop()))

    began = time.monotonic()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    took = time.monotonic() - began
    pool.close()
    return rows, tally.statuses[OK] * rows / took, tally.ms(0.99)


def _steady(taken: Taken, asked: argparse.Namespace) -> list[str]:
    rows = [
        [
            what,
            f"{rate:,.0f}/s",
            f"{tally.statuses[OK] * each / taken.seconds:,.0f}/s",
            f"{tally.wrong + tally.asked_to_wait}",
        ]
        + [f"{tally.ms(share):.1f} ms" for share in (0.5, 0.99)]
        for what, rate, tally, each in (
            ("heartbeats", asked.heartbeats, taken.beats, 1),
            (f"passages, {asked.batch} in a batch", asked.rows, taken.rows, asked.batch),
        )
    ]
    said = (
        f"One replica, its PostgreSQL and the {asked.gates:,} gates that ask, on this machine together; "
        f"{taken.seconds:.0f} s. An answer's time begins when the question was due."
    )
    used = f"Of a processor: the plane {taken.plane_s:.1f} s with its start, the gates {taken.generator_s:.1f} s."
    wrong = Counter({**(taken.beats.statuses + taken.rows.statuses), OK: 0})
    faults = [f"Errors: {kinds(+wrong)}.", ""] if +wrong else []
    return [said, "", *page.table(["what", "asked", "answered", "errors", "median", "p99"], rows), "", *faults, used]


def _ceiling(found: list[tuple[int, float, float]]) -> list[str]:
    rows = [[f"{rows}", f"{rate:,.0f}/s", f"{ms:.0f} ms"] for rows, rate, ms in found]
    low, high = city.USUAL
    need = (
        f"The city's need beside it: {city.PEOPLE:,} people checked 2 to 4 times a day are {low} to {high} passages a "
        f"second; all {city.GATES:,} gates busy with one person every 3 s would be {city.ALL_BUSY:,}."
    )
    said = f"As many passages as it takes, {AT_ONCE} batches under way at any moment:"
    return [said, "", *page.table(["rows in a batch", "passages", "p99 of a batch"], rows), "", need]
