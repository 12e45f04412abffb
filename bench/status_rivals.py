"""The same people in SQLite and in LMDB: eight bytes of hash to 32 bits, neither encrypted nor signed."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sqlite3
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Rival = Callable[[Path, int, dict[str, str], list[bytes]], dict[str, list[float]]]

_CHANGED: Final = 100
"""One in so many changes at a time."""


def sqlite(folder: Path, people: int, texts: dict[str, str], places: list[bytes]) -> dict[str, list[float]]:
    """Rows by an integer key, read only while it is asked."""
    path = folder / "rival.sqlite"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    begun = perf_counter()
    db.execute("CREATE TABLE people (place INTEGER PRIMARY KEY, bits INTEGER NOT NULL)")
    db.execute("BEGIN")
    keys = [int.from_bytes(place, "big") for place in places]
    filler = ((_spread(number), number & 0xFFFF_FFFF) for number in range(people - len(set(keys))))
    db.executemany("INSERT OR IGNORE INTO people VALUES (?,?)", ((key, 1) for key in keys))
    db.executemany("INSERT OR IGNORE INTO people VALUES (?,?)", sorted(filler))
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    texts["SQLite: build, size"] = f"{perf_counter() - begun:.1f} s, {path.stat().st_size / 1e6:.1f} MB"
    find = "SELECT bits FROM people WHERE place = ?"
    times = _timed(lambda key: db.execute(find, (key,)).fetchone(), keys)
    before, begun = _written(), perf_counter()
    db.execute("BEGIN")
    changed = ((number, _spread(number)) for number in range(0, people, _CHANGED))
    db.executemany("UPDATE people SET bits = ? & 65535 WHERE place = ?", changed)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    texts["SQLite: 1 % changes"] = _cost(before, begun)
    db.close()
    path.unlink()
    return {"SQLite, warm": times}


def lmdb(folder: Path, people: int, texts: dict[str, str], places: list[bytes]) -> dict[str, list[float]]:
    """Bytes to bytes, mapped."""
    if importlib.util.find_spec("lmdb") is None:
        texts["LMDB"] = "not measured: it is not installed"
        return {}
    library: Any = importlib.import_module("lmdb")
    path = folder / "rival.lmdb"
    db = library.open(str(path), map_size=4 << 30)
    begun = perf_counter()
    with db.begin(write=True) as writing:
        for key in sorted(_spread(number).to_bytes(6, "big") for number in range(people)):
            writing.put(key, b"\0\0\0\1", append=True)
        for place in places:
            writing.put(place, b"\0\0\0\1")
    size = (path / "data.mdb").stat().st_blocks * 512
    texts["LMDB: build, size"] = f"{perf_counter() - begun:.1f} s, {size / 1e6:.1f} MB"
    with db.begin() as reading:
        times = _timed(reading.get, places)
    before, begun = _written(), perf_counter()
    with db.begin(write=True) as writing:
        for number in range(0, people, _CHANGED):
            writing.put(_spread(number).to_bytes(6, "big"), b"\0\0\0\2")
    texts["LMDB: 1 % changes"] = _cost(before, begun)
    db.close()
    return {"LMDB, warm": times}


RIVALS: Final[tuple[Rival, ...]] = (sqlite, lmdb)


def _spread(number: int) -> int:
    """48 bits, another for every number, as if by chance."""
    return number * 0x9E3779B97F4B & 0xFFFF_FFFF_FFFF


def _timed(find: Callable[[Any], object], keys: list[Any]) -> list[float]:
    return list(_each(find, keys))


def _each(find: Callable[[Any], object], keys: list[Any]) -> Iterator[float]:
    for key in keys:
        begun = perf_counter()
        find(key)
        yield (perf_counter() - begun) * 1e6


def _written() -> int:
    """Bytes that this process has given to disks so far."""
    os.sync()
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def _cost(before: int, begun: float) -> str:
    taken = perf_counter() - begun
    return f"{taken:.1f} s, {(_written() - before) / 1e6:.0f} MB written"
