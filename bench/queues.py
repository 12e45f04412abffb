"""A row into the outbox and out of it again, beside two queues that keep theirs in SQLite as well.

The others only where they are installed: ``pip install --no-deps persist-queue==1.1.0 litequeue==0.9``. Each row is on
disk (``synchronous=FULL``) before the next one, as at a gate; they are taken out and acknowledged 500 at a time where a
queue can do that, else one by one. What goes into the others is the row as it is sent; that they are a second file,
which must be kept in step with the first one, is not in the figures.
"""

from __future__ import annotations

import contextlib
import importlib
import random
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from bench.upload import passage
from gate.journal import outbox, passages
from gate.journal.database import open_to_write
from gate.wire.message import encode
from gate.wire.passages import MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

_ALL: Final = 1 << 30
Times = tuple[list[float], list[float]]
"""Milliseconds of each row on its way in; milliseconds a row of each batch on its way out."""


def times(rows: int) -> dict[str, Times | None]:
    """By queue; None where one is not installed."""
    found: dict[str, Times | None] = {}
    for name, measure in _QUEUES.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                found[name] = measure(Path(folder), rows)
            except ImportError:
                found[name] = None
    return found


def _outbox(folder: Path, rows: int) -> Times:
    db, _ = open_to_write(folder / "journal.sqlite")
    draw = random.Random(1)

    def put(number: int) -> None:
        with db:
            passages.insert(db, passage(number, draw))

    def take() -> int:
        waiting = outbox.unsent(db, 0, MOST_ROWS, _ALL).rows
        with db:
            return outbox.acknowledge(db, waiting)

    with contextlib.closing(db):
        return _measured(put, take, rows)


def _persist_queue(folder: Path, rows: int) -> Times:
    module: Any = importlib.import_module("persistqueue")
    queue = module.SQLiteAckQueue(str(folder), auto_commit=True)
    bodies = _bodies(folder, rows)

    def take() -> int:
        queue.ack(queue.get(block=False))
        return 1

    with contextlib.closing(queue):
        return _measured(lambda number: queue.put(bodies[number]), take, rows)


def _litequeue(folder: Path, rows: int) -> Times:
    module: Any = importlib.import_module("litequeue")
    queue = module.LiteQueue(str(folder / "queue.sqlite"))
    queue.conn.execute("PRAGMA synchronous = FULL")  # it comes with NORMAL, which a power cut undoes
    bodies = _bodies(folder, rows)

    def take() -> int:
        queue.done(queue.pop().message_id)
        return 1

    with contextlib.closing(queue):
        return _measured(lambda number: queue.put(bodies[number]), take, rows)


def _bodies(folder: Path, rows: int) -> list[str]:
    """The same rows, as they are sent."""
    db, _ = open_to_write(folder / "rows.sqlite")
    draw = random.Random(1)
    with contextlib.closing(db):
        with db:
            for number in range(rows):
                passages.insert(db, passage(number, draw))
        return [encode(row).decode() for row in outbox.unsent(db, 0, rows, _ALL).rows]


def _measured(put: Callable[[int], object], take: Callable[[], int], rows: int) -> Times:
    into, out, left = [], [], rows
    for number in range(rows):
        begun = perf_counter()
        put(number)
        into.append((perf_counter() - begun) * 1000)
    while left:
        begun = perf_counter()
        taken = take()
        out.append((perf_counter() - begun) * 1000 / taken)
        left -= taken
    return into, out


_QUEUES: Final[dict[str, Callable[[Path, int], Times]]] = {
    "the journal's own": _outbox,
    "persist-queue": _persist_queue,
    "litequeue": _litequeue,
}
