"""How many cases of somebody else's test suite hold: one way of counting, for the tests and for their report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True)
class Count:
    """What became of one suite's cases; every case is counted once."""

    suite: str
    passed: int
    faults: Mapping[str, int] = field(default_factory=dict)
    """Why a case is not held to -> how many there are: faults of the suite itself, each with its reason."""
    unmet: tuple[str, ...] = ()
    """Names of cases in which the gate does not do what is expected."""

    @property
    def cases(self) -> int:
        return self.passed + sum(self.faults.values()) + len(self.unmet)


def count(
    suite: str, cases: Iterable[tuple[str, Callable[[], bool]]], faults: Mapping[str, int] | None = None
) -> Count:
    """Try every case; a declared error is an answer too, and not the one expected."""
    results = [(name, holds(case)) for name, case in cases]
    unmet = tuple(name for name, held in results if not held)
    return Count(suite, len(results) - len(unmet), faults or {}, unmet)


def holds(case: Callable[[], bool]) -> bool:
    """Whether a case is met."""
    try:
        return case()
    except GateError:
        return False
