"""``fleet bench rollout``: a rule is published, and gates' real updaters fetch it, verify it and put it in force.

The emergency path: every ring is switched at once. The updaters are those of gates (python-tuf, our own verification,
the disk), the web server is nginx over the site's folder. The rest of the city is modelled from what these cost.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import math
import random
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet import nginx
from fleet.bench import city, page
from fleet.bench.pauses import left
from fleet.errors import FleetError
from fleet.listening import free_ports
from fleet.run import HOST
from fleet.simulator.device import Where
from fleet.simulator.server import RULES_PATH, Publisher
from fleet.simulator.updater import Updater
from gate.trust.ring import RINGS
from gate.wire.heartbeat import EVERY_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SPREAD: Final = 0.25
"""Of the time between two looks, to either side: as the gate's updater has it."""
BEAT_SPREAD: Final = 0.1
"""The same of heartbeats."""
IDLE_LOOKS: Final = 20
OLD, NEW = 1, 2
FRESH_S: Final = 10
"""For so long may a CDN keep a timestamp (``config/fleet/nginx.conf``)."""
USUAL_MINUTES: Final = 15
TITLE: Final = "A rule is published, and in force"


@dataclass(frozen=True, slots=True)
class Sent:
    """What nginx has answered."""

    requests: int
    bytes: int


@dataclass
class Measured:
    """One publication."""

    in_force_s: list[float] = field(default_factory=list)
    """From the beginning of ``fleet publish --at-once``; one for each gate."""
    took_s: list[float] = field(default_factory=list)
    """From the moment when a gate looked and could find it."""
    published_s: float = 0.0
    processor_s: float = 0.0
    idle: Sent = Sent(0, 0)
    """Of one look that finds nothing new."""
    all: Sent = Sent(0, 0)
    content: int = 0
    """Bytes of what a CDN fetches once for a ring."""
    timestamp: int = 0
    """Bytes of an answer with a timestamp."""
    vain: int = 0
    """Looks that failed."""


def main(arguments: Sequence[str]) -> int:
    """Publish a rule to gates' real updaters, and measure when it is in force and what that takes."""
    parser = argparse.ArgumentParser("fleet bench rollout", description=main.__doc__)
    parser.add_argument("--updaters", type=int, default=2000, help="real ones (%(default)s)")
    parser.add_argument("--every", type=float, default=3, help="minutes between two looks of one (%(default)s)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the figures to a Markdown page as well")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder, _errors_alone():
        found = measure(Path(folder), asked.updaters, asked.every * 60)
    lines = _lines(found, asked.updaters, asked.every)
    print(*lines, sep="\n")
    if asked.write is not None:
        page.write(asked.write, TITLE, "python -m fleet bench rollout --write FILE", lines)
    return 0 if not found.vain else 1


@contextlib.contextmanager
def _errors_alone() -> Iterator[None]:
    """Thousands of gates have thousands of lines to say that all is well."""
    log = logging.getLogger("gate")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def measure(folder: Path, updaters: int, every_s: float) -> Measured:
    """Publish once.

    Raises:
        FleetError: there is no nginx.
    """
    folder.chmod(0o711)  # nginx's workers are another user
    publisher, log = Publisher(folder), folder / "answers"
    publisher.publish(publisher.sign(OLD))
    port, nobody = free_ports(2)
    with nginx.running(port, [nobody], publisher.folder, folder / nginx.LOG, answers=log):
        where = Where(folder / "gates", publisher.root, f"http://{HOST}:{port}{RULES_PATH}")
        gates = asyncio.run(_installed(where, updaters))
        found = Measured()
        before = _sent(log)
        asyncio.run(_idle(gates[:IDLE_LOOKS]))
        found.idle = _each(before, _sent(log), len(gates[:IDLE_LOOKS]))
        before, lines = _sent(log), len(log.read_text().splitlines())
        asyncio.run(_published(publisher, gates, every_s, found))
        after = _sent(log)
        found.all = Sent(after.requests - before.requests, after.bytes - before.bytes)
        found.content, found.timestamp = _kinds(log.read_text().splitlines()[lines:])
    return found


async def _installed(where: Where, count: int) -> list[Updater]:
    """Gates that hold what was published before: one has fetched it, the others have what it has on its disk."""
    first = Updater("bench-1", where)
    await first.look()
    if first.in_force != OLD:
        raise FleetError(f"the first gate fetches nothing: {first.fault}")
    for number in range(2, count + 1):
        shutil.copytree(where.folder / "bench-1", where.folder / f"bench-{number}")
    return [first, *(Updater(f"bench-{number}", where) for number in range(2, count + 1))]


async def _idle(gates: Sequence[Updater]) -> None:
    for gate in gates:
        await gate.look()


async def _published(publisher: Publisher, gates: Sequence[Updater], every_s: float, found: Measured) -> None:
    signed = publisher.sign(NEW)
    began, processor = time.monotonic(), time.process_time()

    async def one(gate: Updater) -> None:
        due = began + _left(every_s, SPREAD)
        while gate.in_force != NEW:
            await asyncio.sleep(due - time.monotonic())
            await gate.look()
            found.vain += gate.fault is not None
            now = time.monotonic()
            if gate.in_force == NEW:
                found.in_force_s.append(now - began)
                found.took_s.append(now - due)
            due = now + every_s * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - no secret

    async def publish() -> None:
        await asyncio.to_thread(publisher.publish, signed)
        found.published_s = time.monotonic() - began

    await asyncio.gather(publish(), *(one(gate) for gate in gates))
    found.processor_s = time.process_time() - processor


def _left(every_s: float, spread: float) -> float:
    return left(every_s * (1 - spread), every_s * (1 + spread))


def _sent(log: Path) -> Sent:
    sizes = [int(line.split(" ", 2)[1]) for line in log.read_text().splitlines()]
    return Sent(len(sizes), sum(sizes))


def _each(before: Sent, after: Sent, count: int) -> Sent:
    return Sent((after.requests - before.requests) // count, (after.bytes - before.bytes) // count)


def _kinds(lines: Sequence[str]) -> tuple[int, int]:
    """Bytes of all that was found, but timestamps, once for each name in the busiest ring; and of a timestamp."""
    contents: Counter[str] = Counter()
    timestamp = 0
    for line in lines:
        status, size, path = line.split(" ", 2)
        _, _, ring, name = path.split("/", 3)
        if status != "200" or ring.startswith("gate-"):
            continue
        if name == "timestamp.json":
            timestamp = int(size)
        else:
            contents[name] = int(size)
    return contents.total(), timestamp


def _at(seconds: Sequence[float], share: float) -> str:
    found = sorted(seconds)[math.ceil(len(seconds) * share) - 1]
    return f"{found // 60:.0f} min {found % 60:04.1f} s" if found >= 60 else f"{found:.1f} s"  # noqa: PLR2004 - a minute


def _times(what: str, seconds: Sequence[float]) -> list[str]:
    return [what, *(_at(seconds, share) for share in (0.5, 0.99, 1.0))]


def _modelled(found: Measured, every_s: float, spread: float) -> list[float]:
    """The whole city: each gate looks at some time, and then takes as long as one that was measured."""
    return [
        max(_left(every_s, spread), found.published_s) + random.choice(found.took_s)  # noqa: S311 - no secret
        for _ in range(city.GATES)
    ]


def _lines(found: Measured, updaters: int, every: float) -> list[str]:
    took = sorted(found.took_s)
    median, p99 = took[len(took) // 2], took[math.ceil(len(took) * 0.99) - 1]
    rows = [
        _times(f"measured: {updaters:,} gates that look every {every:g} min", found.in_force_s),
        _times(f"modelled: {city.GATES:,} gates, the same", _modelled(found, every * 60, SPREAD)),
        _times(
            f"modelled: {city.GATES:,} gates that look every {USUAL_MINUTES} min",
            _modelled(found, USUAL_MINUTES * 60, SPREAD),
        ),
        _times(
            f"modelled: {city.GATES:,} gates that are ordered to look, by their next heartbeat",
            _modelled(found, EVERY_S, BEAT_SPREAD),
        ),
    ]
    said = (
        f"{updaters:,} real updaters on this machine, each with its own folder, from the beginning of `fleet publish "
        f"--at-once` until the rule set judges at a gate. nginx serves the site. Until all rings were switched it took "
        f"{found.published_s:.2f} s; a gate's look took {median:.2f} s in the median and {p99:.2f} s in 99 of 100 "
        f"({found.processor_s / updaters * 1000:.0f} ms of a processor each). Looks in vain: {found.vain}."
    )
    return [said, "", *page.table(["in force at", "50 %", "99 %", "100 %"], rows), "", *_bytes(found, updaters, every)]


def _bytes(found: Measured, updaters: int, every: float) -> list[str]:
    requests, sent = found.all.requests / updaters, found.all.bytes / updaters
    seconds = every * 60 * (1 + SPREAD)
    origin = RINGS * (found.content + found.timestamp * math.ceil(seconds / FRESH_S))
    measured = (
        f"Web server, measured: {requests:.1f} requests and {sent / 1000:.1f} kB for each gate that fetches the new "
        f"rule set, {found.idle.requests} and {found.idle.bytes / 1000:.1f} kB for a look that finds nothing new."
    )
    modelled = (
        f"The whole city, modelled: {sent * city.GATES / 1e6:,.0f} MB in {city.GATES * requests:,.0f} requests, at "
        f"most {city.GATES * requests / (every * 60):,.0f} a second, from a CDN or, without one, from the server "
        f"itself. A CDN with one cache fetches {origin / 1e6:.1f} MB of it from the server: {RINGS} rings, whose "
        f"timestamps it may keep for {FRESH_S} s and the rest for ever."
    )
    return [measured, "", modelled]
