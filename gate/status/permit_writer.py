"""Makes a new list of permits beside the one that serves, and puts it in its place when it is whole."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from gate import durable
from gate.errors import ConfigError, StatusUnavailable
from gate.status.permit_store import (
    APART,
    APPLICATION,
    COLUMNS,
    MOST_FOR_ONE,
    SCHEMA,
    VERSION,
    PermitListReader,
    content,
    info_of,
)

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

    from gate.model import PermitRecord
    from gate.pseudonym import PseudonymKey
    from gate.status.permit_store import ListInfo

_CACHE_KIB: Final = 32 * 1024


class PermitListWriter:
    """One list in the making.

    Raises (everywhere):
        ConfigError: the disk does not take it; the list that serves stays as it is.
    """

    def __init__(self, path: Path, key: PseudonymKey, imported_at: datetime) -> None:
        self._path = path
        self._key = key
        self._imported_at = int(imported_at.timestamp())
        self._insert = f"INSERT INTO permits ({COLUMNS}, seal) VALUES (?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - ours
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for left_over in path.parent.glob(f"{path.name}.*.new"):  # of an import that a power cut ended
                left_over.unlink()
            descriptor, name = tempfile.mkstemp(".new", f"{path.name}.", path.parent)  # for its owner only
            os.close(descriptor)
            self._draft = Path(name)
            self._db = sqlite3.connect(self._draft, isolation_level=None)
            self._prepare()
        except (OSError, sqlite3.Error) as fault:
            raise self._failed(fault) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Leave nothing behind of a list that was not put in place."""
        self._db.close()
        self._draft.unlink(missing_ok=True)

    def add(self, line: int, holder: bytes, permit: PermitRecord) -> str | None:
        """Add a permit from a line of the file; gives what is wrong with it beside the others, or None."""
        row = _to_row(line, holder, permit, self._key)
        try:
            (held,) = self._db.execute("SELECT count(*) FROM permits WHERE holder = ?", (holder,)).fetchone()
            if held >= MOST_FOR_ONE:
                return f"more than {MOST_FOR_ONE} permits for one person"
            self._db.execute(self._insert, (*row, self._sealed(row)))
        except sqlite3.IntegrityError:
            (first,) = self._db.execute("SELECT line FROM permits WHERE id = ?", (row[1],)).fetchone()
            return f"the same permit stands in line {first} already; take one of them out"
        except sqlite3.Error as fault:
            raise self._failed(fault) from None
        return None

    def take_out(self, line: int, holder: bytes) -> None:
        """Take a permit out that turned out to be doubtful."""
        try:
            self._db.execute("DELETE FROM permits WHERE holder = ? AND line = ?", (holder, line))
        except sqlite3.Error as fault:
            raise self._failed(fault) from None

    def finish(self, rows: int, refused: int) -> ListInfo:
        """Put the list in the place of the one that served."""
        about = (self._imported_at, rows, refused, rows - refused)
        try:
            self._db.execute("INSERT INTO list VALUES (?,?,?,?,?)", (*about, self._key.seal(content("list", about))))
            self._db.execute("COMMIT")
            self._db.close()
            PermitListReader(self._draft, self._key).close()
            durable.put_in_place(self._draft, self._path)
        except (OSError, sqlite3.Error, StatusUnavailable) as fault:
            raise self._failed(fault) from None
        return info_of(about)

    def _prepare(self) -> None:
        # Until it is put in place nobody reads it, and after a power cut it is made again: no journal, no waiting.
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}", "temp_store=MEMORY"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(f"PRAGMA application_id={APPLICATION}")
        self._db.execute(f"PRAGMA user_version={VERSION}")
        self._db.execute("BEGIN")
        for statement in SCHEMA:
            self._db.execute(statement)

    def _sealed(self, row: tuple[Any, ...]) -> bytes:
        return self._key.seal(content("permit", (self._imported_at, *row)))

    def _failed(self, fault: Exception) -> ConfigError:
        return ConfigError(
            f"{self._path}: list of permits can't be written ({fault}); check folder, owner and free space"
        )


def _to_row(line: int, holder: bytes, permit: PermitRecord, key: PseudonymKey) -> tuple[Any, ...]:
    """The values of ``COLUMNS``. A permit without a number gets one from its content, the same in every list."""
    zones = APART.join(sorted(permit.zones))
    span = (int(permit.valid_from.timestamp()), int(permit.valid_to.timestamp()))
    hours = permit.hours or (None, None)
    name = permit.id or f"row-{key.seal(content('row', (holder, zones, *span, *hours)))[:8].hex()}"
    return (holder, name, line, zones, *span, *hours, permit.entries_left, permit.sponsor)
