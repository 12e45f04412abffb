"""The file of permits: SQLite, written whole under another name and then swapped in, and only read from then on.

On disk stands no number and no name, only keyed pseudonyms. Every row and the list as a whole carry a seal that only a
holder of the gate's key can make: a bit that fell over, or a permit that somebody wrote in by hand, is found when it is
read, and the list is then as good as not there.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from gate.errors import StatusUnavailable
from gate.model import PermitRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gate.pseudonym import PseudonymKey

SOURCE: Final = "permits"
"""The name of this source in records."""
MOST_FOR_ONE: Final = 50
"""Permits of one holder."""

APPLICATION: Final = 0x47504D54
VERSION: Final = 1
_MOST_BYTES_OF_A_VALUE: Final = 64 * 1024
_LIST: Final = (
    "CREATE TABLE list (imported_at INTEGER NOT NULL, rows INTEGER NOT NULL, refused INTEGER NOT NULL,"
    " permits INTEGER NOT NULL, seal BLOB NOT NULL) STRICT"
)
_PERMITS: Final = (
    "CREATE TABLE permits (holder BLOB NOT NULL, id TEXT NOT NULL, line INTEGER NOT NULL, zones TEXT NOT NULL,"
    " valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, hours_from INTEGER, hours_to INTEGER, entries INTEGER,"
    " sponsor TEXT, seal BLOB NOT NULL, PRIMARY KEY (holder, id)) STRICT, WITHOUT ROWID"
)
SCHEMA: Final = (_LIST, _PERMITS, "CREATE UNIQUE INDEX permit_ids ON permits (id)")
COLUMNS: Final = "holder, id, line, zones, valid_from, valid_to, hours_from, hours_to, entries, sponsor"
APART: Final = "\x1f"
"""Stands between values that are sealed, and between zones; no text of a permit may hold it."""


@dataclass(frozen=True, slots=True)
class ListInfo:
    """What is known about a list as a whole."""

    imported_at: datetime
    rows: int
    """Rows of the file that it was made from."""
    refused: int
    """Rows of those that are not in it."""
    permits: int


class PermitListReader:
    """A list, found to be whole, and ready to be asked; used by one thread at a time.

    Raises (everywhere):
        StatusUnavailable: there is no list, it is damaged, or it was made with another key.
    """

    def __init__(self, path: Path, key: PseudonymKey) -> None:
        self._key = key
        if not path.is_file():
            raise StatusUnavailable(f"{path}: there is no list of permits; make one: gate permits import LIST.csv")
        try:
            # Immutable: nothing beside the file is looked at, such as a journal that somebody left there.
            where = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
            self._db = sqlite3.connect(where, uri=True, check_same_thread=False)
        except sqlite3.Error as fault:
            raise StatusUnavailable(f"{path}: list of permits can't be opened ({fault})") from None
        try:
            self.info = self._examine()
        except (sqlite3.Error, StatusUnavailable, TypeError, ValueError, OverflowError) as fault:
            self._db.close()
            raise StatusUnavailable(f"{path}: list of permits refused ({fault}); import it again") from None

    def permits(self, holders: Sequence[bytes]) -> tuple[PermitRecord, ...]:
        """The permits of a person, whichever of these pseudonyms they stand under."""
        return tuple(record for holder in holders for record in self._of(holder))

    def everything(self) -> Iterator[tuple[bytes, PermitRecord]]:
        """Every permit with its holder's pseudonym."""
        try:
            for row in self._db.execute(f"SELECT {COLUMNS}, seal FROM permits"):  # noqa: S608 - ours
                yield row[0], self._record(row)
        except sqlite3.Error as fault:
            raise StatusUnavailable(f"list of permits is damaged ({fault}); import it again") from None

    def close(self) -> None:
        self._db.close()

    def _examine(self) -> ListInfo:
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES_OF_A_VALUE)
        self._db.execute("PRAGMA trusted_schema=OFF")
        self._db.execute("PRAGMA cell_size_check=ON")
        marks = tuple(self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        if marks != (APPLICATION, VERSION):
            raise StatusUnavailable("it is no list of permits of this version")
        schema = self._db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rootpage").fetchmany(9)
        if tuple(sql for (sql,) in schema) != SCHEMA:
            raise StatusUnavailable("it holds other tables than a list of permits")
        if self._db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise StatusUnavailable("it is damaged")
        rows = self._db.execute("SELECT * FROM list").fetchmany(2)
        if len(rows) != 1 or self._key.seal(content("list", rows[0][:-1])) != rows[0][-1]:
            raise StatusUnavailable("it was made with another key, or it is damaged")
        return info_of(rows[0][:-1])

    def _of(self, holder: bytes) -> list[PermitRecord]:
        try:
            found = self._db.execute(
                f"SELECT {COLUMNS}, seal FROM permits WHERE holder = ? LIMIT {MOST_FOR_ONE}",  # noqa: S608 - ours
                (holder,),
            ).fetchall()
        except sqlite3.Error as fault:
            raise StatusUnavailable(f"list of permits is damaged ({fault}); import it again") from None
        return [self._record(row) for row in found]

    def _record(self, row: tuple[Any, ...]) -> PermitRecord:
        imported_at = self.info.imported_at
        if self._key.seal(content("permit", (int(imported_at.timestamp()), *row[:-1]))) != row[-1]:
            raise StatusUnavailable("list of permits is damaged (a row is not as it was written); import it again")
        _, name, _, zones, valid_from, valid_to, hours_from, hours_to, entries, sponsor, _ = row
        return PermitRecord(
            source=SOURCE,
            as_of=imported_at,
            zones=frozenset(zones.split(APART)),
            valid_from=_instant(valid_from),
            valid_to=_instant(valid_to),
            hours=None if hours_from is None else (hours_from, hours_to),
            entries_left=entries,
            id=name,
            sponsor=sponsor,
        )


def content(what: str, values: Sequence[object]) -> bytes:
    """What is sealed: these values, each apart from the next."""
    texts = [value.hex() if isinstance(value, bytes) else "" if value is None else str(value) for value in values]
    return (APART + "\n").join((what, *texts)).encode()


def info_of(about: Sequence[int]) -> ListInfo:
    """The columns of the table ``list`` but the seal."""
    return ListInfo(_instant(about[0]), *about[1:])


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
