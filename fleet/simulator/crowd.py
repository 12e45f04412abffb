"""Many simulated gates at once: they enrol, are at work for a while, and empty their journals."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gate.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fleet.simulator.device import Device

ENROLLING_AT_ONCE: Final = 16
PROGRESS_S: Final = 10.0
EMPTY_S: Final = 120.0
"""For what is still in the journals at the end."""
NOTE: Final = "trust-note"
"""What a bundle leaves out; no trouble of the fleet's."""
_POLL_S: Final = 0.5


@dataclass
class Seen:
    """What became of a rehearsal."""

    enrolled: int = 0
    refused: list[str] = field(default_factory=list)
    """Why, one for each gate that is none."""
    faults: Counter[str] = field(default_factory=Counter)
    """Lines in the gates' logs that are no good news, by their first word."""
    recorded: int = 0
    left: int = 0
    """Rows that the server has not acknowledged at the end."""
    dead: int = 0
    """Rows that it has refused for good."""
    answers: int = 0
    seconds: float = 0.0
    believes: Counter[str] = field(default_factory=Counter)
    """Which bundles the gates hold at the end."""

    @property
    def good(self) -> bool:
        """Whether every gate is one and every row is at the server."""
        return not self.refused and not self.left and not self.dead

    def lines(self) -> Iterator[str]:
        """For whoever watches."""
        yield f"gates      {self.enrolled} enrolled, {len(self.refused)} refused"
        yield from (f"           {why} × {count}" for why, count in Counter(self.refused).most_common(5))
        yield f"passages   {self.recorded} recorded, {self.left} not at the server, {self.dead} refused"
        yield f"answers    {self.answers} in {self.seconds:.0f} s ({self.answers / max(self.seconds, 1):.1f}/s)"
        yield "rules      " + (", ".join(f"{name} × {count}" for name, count in self.believes.most_common()) or "none")
        yield "troubles   " + (", ".join(f"{name} × {count}" for name, count in self.faults.most_common()) or "none")


async def rehearse(
    devices: Sequence[Device], seconds: float, passages_a_minute: float, say: Callable[[str], None]
) -> Seen:
    """Let gates enrol and work.

    Args:
        devices: the gates.
        seconds: how long they are at work.
        passages_a_minute: at each of them.
        say: told how it goes, now and then.
    """
    seen = Seen()
    with _listening(seen.faults):
        began = time.monotonic()
        gates = await _enrolled(devices, seen)
        say(f"{seen.enrolled} of {len(devices)} gates enrolled in {time.monotonic() - began:.1f} s")
        began = time.monotonic()
        await _at_work(gates, seconds, passages_a_minute, say)
        seen.seconds = time.monotonic() - began
    for gate in gates:
        counts = gate.counts()
        seen.recorded += gate.recorded
        seen.answers += gate.answers
        seen.left += counts.unsent
        seen.dead += counts.dead_letters
        seen.believes[gate.believes or "nobody"] += 1
    return seen


async def _enrolled(devices: Sequence[Device], seen: Seen) -> list[Device]:
    turn = asyncio.Semaphore(ENROLLING_AT_ONCE)
    gates = []

    async def one(device: Device) -> None:
        async with turn:
            try:
                await device.enrol()
            except GateError as fault:
                seen.refused.append(str(fault))
            else:
                gates.append(device)

    async with asyncio.TaskGroup() as group:
        for device in devices:
            group.create_task(one(device))
    seen.enrolled = len(gates)
    return gates


async def _at_work(
    gates: Sequence[Device], seconds: float, passages_a_minute: float, say: Callable[[str], None]
) -> None:
    """Until the time is over and the journals are empty, or ``EMPTY_S`` after that."""
    people_go_home = asyncio.Event()
    tasks = [asyncio.create_task(gate.run(passages_a_minute, people_go_home)) for gate in gates]
    over = asyncio.create_task(_watch(gates, seconds, people_go_home, say))
    try:
        await asyncio.wait([over, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        people_go_home.set()
        for task in (over, *tasks):
            task.cancel()
        for found in await asyncio.gather(over, *tasks, return_exceptions=True):
            if isinstance(found, Exception):
                raise found


async def _watch(
    gates: Sequence[Device], seconds: float, people_go_home: asyncio.Event, say: Callable[[str], None]
) -> None:
    began = last = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        if now >= last + PROGRESS_S:
            last = now
            say(_progress(gates, now - began))
        await asyncio.sleep(min(_POLL_S, began + seconds - now))
    people_go_home.set()
    ends = time.monotonic() + EMPTY_S
    while time.monotonic() < ends and any(gate.counts().unsent for gate in gates):  # noqa: ASYNC110 - no file tells
        await asyncio.sleep(_POLL_S)


def _progress(gates: Sequence[Device], seconds: float) -> str:
    recorded, answers = sum(gate.recorded for gate in gates), sum(gate.answers for gate in gates)
    heard = sum(gate.answers > 0 for gate in gates)
    return f"{seconds:5.0f} s: {heard} gates were answered, {answers} times; {recorded} passages"


@contextlib.contextmanager
def _listening(faults: Counter[str]) -> Iterator[None]:
    """Count what gates complain of."""
    handler = _Counting(faults)
    log = logging.getLogger("gate")
    log.addHandler(handler)
    log.propagate = False
    try:
        yield
    finally:
        log.propagate = True
        log.removeHandler(handler)


class _Counting(logging.Handler):
    def __init__(self, faults: Counter[str]) -> None:
        super().__init__(logging.WARNING)
        self._faults = faults

    def emit(self, record: logging.LogRecord) -> None:
        event = record.getMessage().partition(" ")[0]
        if event != NOTE:
            self._faults[event] += 1
