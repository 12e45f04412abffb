"""``fleet bench return``: the whole fleet comes back after an outage.

Every gate is there by itself, with its key, its pauses (``gate.wire.pace``) and the passages of the outage; what it
asks and signs is the contract's. Modelled is what carries it: one process of coroutines in place of two threads a gate,
plain HTTP to the nginx before the replicas, and connections that gates share, as many as are in use at once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet import nginx
from fleet.bench import city, page
from fleet.bench.asking import Pool, Tally, kinds
from fleet.bench.pauses import left
from fleet.bench.returning import Returning
from fleet.listening import free_ports
from fleet.run import HOST, database, process
from gate.wire.pace import LONGEST_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.bench.city import Gate

TITLE: Final = "The whole fleet comes back after an outage"


@dataclass
class Minute:
    """What happened in one."""

    answers: Tally = field(default_factory=Tally)
    passages: int = 0
    back: int = 0
    """Gates whose heartbeat was answered by its end."""
    waiting: int = 0
    """Passages of the outage that were still at gates at its end."""


def main(arguments: Sequence[str]) -> int:
    """Let all gates find their server again that was away for so long that each pauses for up to five minutes."""
    parser = argparse.ArgumentParser("fleet bench return", description=main.__doc__)
    parser.add_argument("--gates", type=int, default=city.GATES, help="(%(default)s)")
    parser.add_argument("--away", type=float, default=30, help="minutes that the server was away (%(default)s)")
    parser.add_argument(
        "--passages", type=float, default=sum(city.USUAL) / 2, help="a second, in the city (%(default)s)"
    )
    parser.add_argument("--minutes", type=int, default=10, help="to settle in (%(default)s)")
    parser.add_argument("--replicas", type=int, default=2, help="(%(default)s)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the figures to a Markdown page as well")
    asked = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleet-bench-")))
        ready = stack.enter_context(database(folder))
        gates = city.enrolled(ready, asked.gates)
        port, *ports = free_ports(1 + asked.replicas)
        url = f"http://{HOST}:{port}"
        for one in ports:
            stack.enter_context(process("plane", one, url, ready))
        stack.enter_context(nginx.running(port, ports, folder, folder / nginx.LOG))
        backlog = asked.passages * asked.away * 60 / asked.gates
        comeback = Comeback(url, port, gates, backlog, asked.passages / asked.gates)
        minutes = asyncio.run(comeback.watched(asked.minutes, 60.0))
        whole = city.count(ready) == comeback.passages
    lines = list(_lines(minutes, comeback, asked))
    print(*lines, sep="\n")
    if asked.write is not None:
        page.write(asked.write, TITLE, "python -m fleet bench return --write FILE", lines)
    return 0 if whole and settled(minutes) is not None and not sum(one.answers.wrong for one in minutes) else 1


class Comeback:
    """All gates, from the moment when the server is there again.

    Args:
        url: of the server, as gates have it.
        port: where it is asked.
        gates: in its tables.
        backlog: passages that wait at each, on average.
        a_second: passages at each from now on.
        longest_s: that a gate pauses at most.
    """

    def __init__(
        self, url: str, port: int, gates: Sequence[Gate], backlog: float, a_second: float, longest_s: float = LONGEST_S
    ) -> None:
        self._pool = Pool(port)
        self._gates = [Returning(gate, url, self._pool, _whole(backlog), a_second) for gate in gates]
        self._longest_s = longest_s

    async def watched(self, count: int, minute_s: float) -> list[Minute]:
        """What happens in the first minutes, which have ``minute_s`` seconds."""
        tasks = [asyncio.create_task(gate.run(self._pause(), self._pause())) for gate in self._gates]
        gc.freeze()  # to look through 21,390 gates for garbage takes part of a second, in which nobody's answer is read
        found = []
        ends, before = time.monotonic(), 0
        for _ in range(count):
            ends += minute_s
            minute = Minute()
            for gate in self._gates:
                gate.tally = minute.answers
            await asyncio.sleep(max(0.0, ends - time.monotonic()))
            minute.passages, before = self.passages - before, self.passages
            minute.back = sum(gate.heard for gate in self._gates)
            minute.waiting = sum(max(0, gate.backlog - gate.sent) for gate in self._gates)
            found.append(minute)
        for gate in self._gates:
            gate.over = True  # what is under way is answered; nothing new is asked
        await asyncio.wait(tasks, timeout=minute_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        gc.unfreeze()
        self._pool.close()
        return found

    @property
    def passages(self) -> int:
        """Acknowledged so far."""
        return sum(gate.sent for gate in self._gates)

    @property
    def connections(self) -> int:
        """Opened."""
        return self._pool.opened

    def _pause(self) -> float:
        return left(0.0, self._longest_s)


def settled(minutes: Sequence[Minute]) -> int | None:
    """By the end of which minute all are back and nothing of the outage waits, with nobody put off or failed after."""
    for number, one in enumerate(minutes, 1):
        calm = not any(later.answers.wrong + later.answers.asked_to_wait for later in minutes[number - 1 :])
        if one.back == minutes[-1].back and not one.waiting and calm:
            return number
    return None


def verdict(minutes: Sequence[Minute]) -> str:
    """The same in words, with how fast answers are from then on: the machine also carries the gates."""
    if (by := settled(minutes)) is None:
        return "It has not settled"
    slowest = max(one.answers.ms(0.99) for one in minutes[by - 1 :])
    return f"Settled by the end of minute {by}; from then on p99 is at most {slowest:,.0f} ms in a minute"


def _whole(number: float) -> int:
    """A whole number that is this one on average."""
    return int(number + random.random())  # noqa: S311 - no secret


def _lines(minutes: Sequence[Minute], comeback: Comeback, asked: argparse.Namespace) -> list[str]:
    rows = [
        [
            str(number),
            f"{sum(one.answers.statuses.values()) / 60:,.0f}/s",
            f"{one.passages / 60:,.0f}/s",
            f"{one.answers.ms(0.5):.1f} ms",
            f"{one.answers.ms(0.99):.1f} ms",
            str(one.answers.asked_to_wait),
            str(one.answers.wrong),
            f"{one.back:,}",
            f"{one.waiting:,}",
        ]
        for number, one in enumerate(minutes, 1)
    ]
    wrong = sum((one.answers.faults for one in minutes), Counter[str]())
    put_off = sum(one.answers.asked_to_wait for one in minutes)
    said = (
        f"{asked.gates:,} gates and a server that was away for {asked.away:.0f} minutes, so that every gate pauses for "
        f"anything up to {LONGEST_S:.0f} s between two attempts, for its heartbeat and for its passages apart. Each "
        f"gets a token by its own signature and sends a heartbeat every minute; {asked.passages:,.0f} passages a "
        f"second come in the city, those of the outage are sent first. {asked.replicas} replicas behind nginx; server, "
        f"PostgreSQL and gates on this machine together."
    )
    modelled = (
        f"Modelled: the {asked.gates:,} gates are one process, speak plain HTTP, and share the connections that are "
        f"in use at once ({comeback.connections:,} were opened). Real: keys, signatures, pauses, messages, rows, the "
        f"server."
    )
    head = [
        "minute",
        "questions",
        "passages",
        "median",
        "p99",
        "asked to wait",
        "errors",
        "gates back",
        "passages that wait",
    ]
    return [
        said,
        "",
        modelled,
        "",
        *page.table(head, rows),
        "",
        f"{verdict(minutes)}. Errors that a gate saw: {kinds(wrong)}; asked to come again later: {put_off} times.",
    ]
