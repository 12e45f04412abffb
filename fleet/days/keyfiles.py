"""Keys of the day in a folder, a file each, named by its day; and how one is destroyed.

Files and not rows: what a database has deleted stands for long in its log, its dead rows and its copies.
"""

from __future__ import annotations

import os
import re
from datetime import date
from typing import TYPE_CHECKING, Final

from fleet.errors import FleetError
from gate.durable import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = "days"
"""In that of ``fleet run``."""
_NAME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.key(\.new)?", re.ASCII)


def path_of(folder: Path, day: date) -> Path:
    """Where the key of a day lies."""
    return folder / f"{day}.key"


def days(folder: Path) -> list[date]:
    """The days that a key lies here for, the oldest first; none where there is no folder.

    Raises:
        FleetError: it can't be looked into.
    """
    return sorted({day for day, _ in _files(folder)})


def destroy(folder: Path, until: date) -> list[date]:
    """Destroy the keys of the days up to one; gives which. Done again, it finds none.

    A file is written over before it goes: a disk that keeps what was written elsewhere (flash, snapshots, backups)
    has to be an encrypted one.

    Raises:
        FleetError: one could not be destroyed.
    """
    gone = set()
    for day, path in _files(folder):
        if day <= until:
            try:
                _destroy(path)
            except OSError as fault:
                raise FleetError(f"{path}: can't be destroyed ({fault.strerror})") from None
            gone.add(day)
    return sorted(gone)


def _destroy(path: Path) -> None:
    with path.open("r+b", buffering=0) as file:
        file.write(os.urandom(os.fstat(file.fileno()).st_size))
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def _files(folder: Path) -> list[tuple[date, Path]]:
    try:
        paths = list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise FleetError(f"{folder}: can't be looked into ({fault.strerror})") from None
    return [(day, path) for path in paths if (day := _day(path.name)) is not None]


def _day(name: str) -> date | None:
    found = _NAME.fullmatch(name)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
