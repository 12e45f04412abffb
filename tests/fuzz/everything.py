"""All targets, one after the other, each with its share of the inputs or of the time."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

from fuzz import bundles, codes, devices, documents, revocations, seals
from fuzz.engine import Result, Target, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TARGETS: Final[tuple[Target, ...]] = (
    *codes.TARGETS,
    *devices.TARGETS,
    *documents.TARGETS,
    *bundles.TARGETS,
    *revocations.TARGETS,
    *seals.TARGETS,
)


def shares(inputs: int) -> dict[str, int]:
    """So many inputs in all, or a few more: the quicker a target, the more of them."""
    weight = sum(1 / target.cost for target in TARGETS)
    return {target.name: ceil(inputs / target.cost / weight) for target in TARGETS}


def fuzz(inputs: Mapping[str, int], seed: int, seconds: float) -> Iterator[Result]:
    """Run every target with so many inputs; ``seconds`` is the most for each."""
    for target in TARGETS:
        yield run(target, seed=seed, inputs=inputs[target.name], seconds=seconds)
