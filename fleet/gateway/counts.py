"""Who asked how often: lines of gate, hour and counts in a file, nothing about those who were asked for."""

from __future__ import annotations

import logging
import os
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

LOG: Final = logging.getLogger("fleet.gateway")
MOST_HELD: Final = 100_000


class What(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    FROM_CACHE = "from_cache"
    TOO_OFTEN = "too_often"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    """By an address: whoever asked showed no token of a gate's."""
    WRONG = "wrong"
    """It was none of the contract's."""


class Line(msgspec.Struct, frozen=True):
    """One line: so often since the line before. The lines of an hour add up."""

    hour: str
    gate: str
    what: What
    count: int


class Counts:
    """Counts in memory, written now and then.

    Args:
        file: lines of JSON, readable by its owner alone; added to.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held: Counter[tuple[str, str, What]] = Counter()

    def count(self, gate: str, what: What, at: datetime) -> None:
        """One question of a gate's."""
        key = f"{at:%Y-%m-%dT%HZ}", gate, what
        if key in self._held or len(self._held) < MOST_HELD:
            self._held[key] += 1

    def write(self) -> None:
        """Add what has gathered to the file; where that fails it is kept for the next time."""
        if not self._held:
            return
        lines = [msgspec.json.encode(Line(*key, count)) + b"\n" for key, count in sorted(self._held.items())]
        try:
            handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "ab") as file:
                file.write(b"".join(lines))
        except OSError as fault:
            LOG.warning("counts-unwritten why=%r", fault.strerror)
            return
        self._held.clear()
