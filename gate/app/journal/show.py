"""``gate journal stats``: what is on record."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gate.journal import audit
from gate.keys import keeping

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.config import GateConfig
    from gate.journal.audit import Stats


def run(path: Path, config: GateConfig) -> int:
    """Print it; 0.

    Raises:
        JournalError: there is none that can be read.
    """
    with audit.opened(path) as db:
        found = audit.stats(db, path)
    for line in _lines(path, found, ZoneInfo(config.checkpoint.time_zone)):
        print(line)
    print(f"keeps         {config.journal.keep_days} days, {config.journal.most_mb:,} MB of what the fleet has")
    keys = keeping()
    unused = f" (the board has better: {', '.join(keys.unused)})" if keys.unused else ""
    print(f"keys          {keys.tier}{unused}; a stolen card reveals {keys.stolen_card}")
    return 0


def _lines(path: Path, found: Stats, here: ZoneInfo) -> Iterator[str]:
    numbers = "" if found.first is None else f", numbers {found.first:,} to {found.last:,}"
    yield f"{path.name}: rows {found.rows:,}{numbers}, {_mb(found.file_bytes)} and a log of {_mb(found.log_bytes)}"
    if found.oldest is not None and found.newest is not None:
        yield f"from          {_local(found.oldest, here)} to {_local(found.newest, here)} ({here.key})"
    yield f"dropped       {found.dropped:,} rows that were kept long enough"
    oldest = found.outbox.oldest_unsent
    since = "" if oldest is None else f", the oldest of {oldest.astimezone(here):%Y-%m-%d %H:%M}"
    yield f"unsent        {found.outbox.unsent:,}{since}"
    yield f"dead letters  {found.outbox.dead_letters:,}"
    for number, _, why in found.dead_letters:
        yield f"  row {number}: {why}"
    unnamed = found.rows - found.sealed - found.unsealed
    yield f"sealed        {found.sealed:,} rows to {found.keys:,} keys; {unnamed:,} name nobody"
    if found.unsealed:
        yield f"unsealed      {found.unsealed:,} rows for which there was no key of the day: they don't say who it was"


def _local(text: str, here: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(here):%Y-%m-%d %H:%M}"


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
