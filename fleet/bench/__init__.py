"""``fleet bench``: what a server on this machine bears, asked by gates on the same machine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS: Final = {"days": "fleet.bench.days", "return": "fleet.bench.outage", "rollout": "fleet.bench.rollout"}
"""Besides the steady rate, which is measured where none of them is named."""


def main(arguments: Sequence[str]) -> int:
    """Measure."""
    if arguments and arguments[0] in KINDS:
        found: int = import_module(KINDS[arguments[0]]).main(arguments[1:])
        return found
    from fleet.bench import steady  # noqa: PLC0415 - as the others

    return steady.main(arguments)
