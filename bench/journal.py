"""How long a record takes until it is on disk, one after the other as at a gate: on this disk, and on a slow card.

Beside it, by turns, one insert of as many bytes into SQLite alone with the same ``synchronous=FULL``. The slow card is
this disk with an fsync that takes longer (``slow_card.c``, loaded into the measuring process): what cards do to an
fsync was measured elsewhere (DESIGN section 7: 1.1 to 1.6 ms, 90 ms at the 99th percentile), and is imitated here.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.medium import medium
from bench.upload import passage
from gate.journal.store import Journal

USUAL_US: Final = 1200
LONG_US: Final = 90_000
LONG_EVERY: Final = 50
SLOW_CARD: Final = f"slow card (every fsync {USUAL_US / 1000} ms longer, one in {LONG_EVERY} {LONG_US // 1000} ms)"
_SOURCE: Final = Path(__file__).with_name("slow_card.c")
_ROW_BYTES: Final = 850
"""Of a row of the journal, about."""


@dataclass(frozen=True, slots=True)
class Commits:
    """Milliseconds of each, on one medium."""

    journal: list[float]
    sqlite: list[float]


def measure(rows: int) -> dict[str, Commits | None]:
    """By medium; None where the slow card can't be made."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found: dict[str, Commits | None] = {f"this disk ({medium(folder)})": _child(folder / "disk", rows, {})}
        library = _slow_card(folder)
        found[SLOW_CARD] = None if library is None else _child(folder / "card", rows, {"LD_PRELOAD": str(library)})
        return found


def _slow_card(folder: Path) -> Path | None:
    """A library that makes one; None without a compiler, or its source."""
    if (gcc := shutil.which("gcc")) is None or not _SOURCE.exists():
        return None
    made = folder / "slow_card.so"
    sizes = (f"-DUSUAL_US={USUAL_US}", f"-DLONG_US={LONG_US}", f"-DLONG_EVERY={LONG_EVERY}")
    subprocess.run((gcc, "-shared", "-fPIC", "-O1", *sizes, "-o", made, _SOURCE), check=True)  # noqa: S603 - ours
    return made


def _child(folder: Path, rows: int, more: dict[str, str]) -> Commits:
    """In a process of its own: only it has the slow card."""
    folder.mkdir()
    command = (sys.executable, "-m", "bench.journal", str(folder), str(rows))
    said = subprocess.run(command, check=True, capture_output=True, env={**os.environ, **more}).stdout  # noqa: S603
    return Commits(*json.loads(said))


def commit(folder: Path, rows: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each record of a journal, and of each insert into SQLite alone."""
    journal, draw = Journal(folder / "journal.sqlite"), random.Random(1)
    journal.open()
    ours, alone = [], []
    with contextlib.closing(journal), contextlib.closing(_bare(folder / "bare.sqlite")) as db:
        for number in range(rows):
            row = passage(number, draw)
            begun = perf_counter()
            journal.record(row).result()
            ours.append((perf_counter() - begun) * 1000)
            body = draw.randbytes(_ROW_BYTES)
            begun = perf_counter()
            with db:
                db.execute("INSERT INTO rows VALUES (?, ?)", (row.id, body))
            alone.append((perf_counter() - begun) * 1000)
    return ours, alone


def _bare(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE rows (id TEXT PRIMARY KEY, body BLOB NOT NULL)")
    return db


if __name__ == "__main__":
    print(json.dumps(commit(Path(sys.argv[1]), int(sys.argv[2]))))
