"""Feeds a reader inputs until time or number is up: only declared errors, and little time and memory for each.

The same seed makes the same inputs. An input that is answered in a way not seen before becomes a seed itself, so that
later ones get further. Time is what the processor spent, and a slow input is tried again before it counts: a busy
machine must not fail anybody.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

import peak_memory

from fuzz.mutate import mutate
from gate.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LONGEST_S: Final = 0.1
"""Processor time for one input."""
MOST_MEMORY: Final = 32 << 20
"""Bytes by which one input may raise the highest use of memory."""
MOST_GROWTH: Final = 128 << 20
"""The same for all inputs of a target together: what is kept must not grow for ever."""

CORPUS: Final = Path(__file__).parent / "corpus"
_MOST_SEEDS: Final = 400
_MOST_ANSWERS: Final = 2000
_MORE_TRIES: Final = 12
_KNOWN_WORK_S: Final = 0.005
"""What ``_known_work`` takes on the machine for which the limits were chosen."""


@dataclass(frozen=True)
class Target:
    """One reader of bytes from outside."""

    name: str
    read: Callable[[bytes], object]
    """Reads one input; an assertion in it is checked as well. Text that it returns tells one answer from another."""
    declared: tuple[type[Exception], ...] = (GateError,)
    """Errors that it may raise."""
    structure: Callable[[Random, bytes], bytes] | None = None
    """Changes the structure of an input, where it has one."""
    tokens: Sequence[bytes] = ()
    """Pieces that matter in this format."""
    longest_s: float = LONGEST_S
    most_memory: int = MOST_MEMORY
    cost: int = 1
    """How many inputs of the quickest target one of these takes the time of."""

    def seeds(self) -> list[bytes]:
        """The saved inputs."""
        return [path.read_bytes() for path in sorted((CORPUS / self.name).iterdir())]


@dataclass(frozen=True)
class Finding:
    """An input that a reader does not stand."""

    target: str
    what: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Result:
    """What came of one target."""

    target: str
    inputs: int
    answers: int
    """Different ways in which it answered."""
    slowest_s: float
    memory: int
    """Bytes by which the highest use of memory rose."""
    finding: Finding | None = None


def run(target: Target, *, seed: int, inputs: int, seconds: float) -> Result:
    """Fuzz one target until it has had so many inputs or so much time, or has not stood one."""
    seeds = target.seeds()
    answers: set[str] = set()
    slowest = 0.0
    for data in seeds:  # also loads whatever is loaded with the first use
        _answer(target, data)
    peak_memory.restart()
    deadline = time.monotonic() + seconds
    number = grown = 0
    for number, data in enumerate(_inputs(target, seeds, seed), 1):
        before = peak_memory.peak()  # making the input may have raised it as well
        answer, spent = _answer(target, data)
        slowest = max(slowest, spent)
        taken = peak_memory.peak() - before
        grown += taken
        fault = _fault(target, answer, spent, taken, grown)
        if fault or number >= inputs or time.monotonic() >= deadline:
            finding = Finding(target.name, fault, data) if fault else None
            return Result(target.name, number, len(answers), slowest, grown, finding)
        if answer not in answers and len(answers) < _MOST_ANSWERS:
            answers.add(answer)
            if len(seeds) < _MOST_SEEDS:
                seeds.append(data)
    return Result(target.name, number, len(answers), slowest, grown)


def _inputs(target: Target, seeds: list[bytes], seed: int) -> Iterator[bytes]:
    rng = Random(f"{seed} {target.name}")
    yield from list(seeds)
    while True:
        data = rng.choice(seeds)
        if target.structure is not None and rng.random() < 0.6:
            data = target.structure(rng, data)
        if target.structure is None or rng.random() < 0.5:
            data = mutate(rng, data, seeds, target.tokens)
        yield data


def _answer(target: Target, data: bytes) -> tuple[str, float]:
    """How the target answers, and the processor time it took.

    Where that is too long, the best of many tries, as it would be on a machine of the usual pace: a virtual one whose
    host is busy counts what it waits for as time of the process.
    """
    answer, spent = _once(target, data)
    for _ in range(_MORE_TRIES):
        if spent <= target.longest_s:
            break
        spent = min(spent, _once(target, data)[1] / max(1.0, _known_work() / _KNOWN_WORK_S))
    return answer, spent


def _known_work() -> float:
    """Processor time of work that is always the same."""
    start = time.process_time()
    state = 1
    for _ in range(100_000):
        state = (state * 31 + 7) & 0xFFFF
    return time.process_time() - start


def _once(target: Target, data: bytes) -> tuple[str, float]:
    start = time.process_time()
    try:
        found = target.read(data)
    except target.declared as error:
        answer = f"{type(error).__name__} {str(error)[:40]}"
    except Exception as error:  # noqa: BLE001 - every other error is what is looked for
        answer = f"{_UNDECLARED}{type(error).__name__}: {error}"
    else:
        answer = f"accepted {found}" if isinstance(found, str) else "accepted"
    return answer, time.process_time() - start


_UNDECLARED: Final = "undeclared "


def _fault(target: Target, answer: str, spent: float, memory: int, growth: int) -> str:
    if answer.startswith(_UNDECLARED):
        return answer
    if spent > target.longest_s:
        return f"takes {spent * 1000:.0f} ms"
    if memory > target.most_memory:
        return f"takes {memory >> 20} MiB of memory"
    return f"memory has grown by {growth >> 20} MiB" if growth > max(MOST_GROWTH, target.most_memory) else ""
