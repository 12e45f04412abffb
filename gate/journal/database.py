"""The journal's file: how it is opened, what its tables are, and how a file of an older version becomes one of today's.

SQLite in WAL mode with ``synchronous=FULL``: 400 emulated power cuts lost nothing that way, and up to 599 of
600 rows with ``NORMAL`` (DESIGN section 7).
"""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gate.durable import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

_INCREMENTAL: Final = 2
MOST_REBUILT_BYTES: Final = 64 * 1024 * 1024
"""A file of an older version is rebuilt once at a start, some seconds on a slow card; a larger one is left."""
BUSY_S: Final = 0.2
"""How long somebody else (a backup) may hold the file."""

_PRIMARY_CODE: Final = 0xFF
"""The bits of an error's code that say what it is; the others say more closely."""
_HEAD_BYTES: Final = 100
_FORMATS: Final = slice(18, 20)
"""Where a file says how it may be written and read: 1 in the old way, 2 with a write-ahead log."""
_KNOWN_FORMATS: Final = (b"", b"\1\1", b"\2\2")
_NEVER_REACHED: Final = 1000
"""No version of this software writes a file of such a version."""

_FIRST: Final = """
CREATE TABLE passages (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT, -- the device's own numbering: a gap shows at the server
    id            TEXT NOT NULL UNIQUE,              -- UUIDv7 of the presentation
    at            TEXT NOT NULL,                     -- moment of presentation, UTC, ISO 8601
    clock_trusted INTEGER NOT NULL,
    reader        TEXT NOT NULL,
    credential    TEXT NOT NULL,
    assurance     INTEGER NOT NULL,
    holder        BLOB,                              -- keyed pseudonym, never a number or a name
    outcome       TEXT NOT NULL,
    reasons       TEXT NOT NULL,                     -- JSON list, the spoken one first
    rule_set      TEXT,
    profile       TEXT,
    failed_rules  TEXT NOT NULL,                     -- JSON list
    facts         TEXT NOT NULL,                     -- JSON: state, source and age of each fact used
    marks         TEXT NOT NULL,                     -- JSON list
    withdrawn     TEXT,                              -- a pass that was recorded too late and never let out
    passage       TEXT                               -- what the barrier saw: passed, not_taken, jammed
) STRICT
"""
_PRESENCE: Final = """
CREATE TABLE presence ( -- a holder's newest crossings; the newest one says on which side somebody is
    seq       INTEGER PRIMARY KEY,                   -- of the row of passages that it comes from
    holder    BLOB NOT NULL,
    zone      TEXT NOT NULL,
    direction TEXT NOT NULL,                         -- in, out
    at        TEXT                                   -- UTC, ISO 8601; null where the clock was not trusted
) STRICT
"""
_ENTRIES: Final = """
CREATE TABLE entries ( -- what was used of permits for so many entries
    seq     INTEGER PRIMARY KEY,                     -- as above
    holder  BLOB NOT NULL,
    permit  TEXT NOT NULL,
    expires INTEGER NOT NULL                         -- the permit's end, seconds of Unix time
) STRICT
"""
_CODES: Final = """
CREATE TABLE codes ( -- dynamic codes that have let somebody in
    seq     INTEGER PRIMARY KEY,                     -- as above; a family's code has a row for each of them
    digest  BLOB NOT NULL,
    expires INTEGER NOT NULL                         -- the code's end, seconds of Unix time
) STRICT
"""
_DROPPED: Final = """
CREATE TABLE dropped ( -- numbers of rows that were kept long enough, from the first to the last
    first INTEGER PRIMARY KEY,
    last  INTEGER NOT NULL UNIQUE
) STRICT
"""
_STEPS: Final = (
    (_FIRST,),
    (
        "ALTER TABLE passages ADD COLUMN direction TEXT",  # in, out; null in rows of version 1, as the three below
        "ALTER TABLE passages ADD COLUMN zone TEXT",  # into which, or out of which
        "ALTER TABLE passages ADD COLUMN code BLOB",  # digest of a dynamic code, by which a server finds it elsewhere
        "ALTER TABLE passages ADD COLUMN permit TEXT",  # the permit that somebody was let through on
        _PRESENCE,
        "CREATE INDEX presence_of_holder ON presence (holder, zone, seq)",
        _ENTRIES,
        "CREATE INDEX entries_of_holder ON entries (holder, permit)",
        _CODES,
        "CREATE INDEX codes_by_digest ON codes (digest)",
        "CREATE INDEX codes_by_end ON codes (expires)",
    ),
    (
        "ALTER TABLE passages ADD COLUMN sealed BLOB",  # whose it was, for the operator's key of that day alone
        "ALTER TABLE passages ADD COLUMN sealed_to TEXT",  # which key that is; null where nothing is sealed
        "ALTER TABLE passages ADD COLUMN revision INTEGER NOT NULL DEFAULT 1",  # one more at each change of the row
        "ALTER TABLE passages ADD COLUMN acked INTEGER NOT NULL DEFAULT 0",  # the revision that the server has
        "ALTER TABLE passages ADD COLUMN refused TEXT",  # why the server won't have it; such a row waits for a person
        "CREATE INDEX unsent ON passages (seq) WHERE acked < revision AND refused IS NULL",
        "CREATE INDEX dead_letters ON passages (seq) WHERE refused IS NOT NULL",
    ),
    (
        "CREATE INDEX may_go ON passages (seq, at) WHERE acked >= revision",  # retention looks
        _DROPPED,
    ),
)
"""What leads from each version to the next, from an empty file on.

Each changes a table or an index: a file that says that it is of another version, and has the tables of this one, says
so by a bit that fell over.
"""
SCHEMA_VERSION: Final = len(_STEPS)


def open_to_write(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Open the file, make it or bring it up to date; a damaged one is set aside whole, never deleted.

    Returns:
        The connection, and where a damaged file was moved; None where it was sound.

    Raises:
        OSError, sqlite3.Error: the folder or the file can't be used, or a newer version of this software wrote it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _set_aside(path) if path.exists() and not _sound(path) else None
    path.touch(mode=0o600)  # first: the write-ahead log gets the rights that the file has when it is opened
    db = sqlite3.connect(path, timeout=BUSY_S)
    try:
        _let_it_shrink(db)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        _bring_up_to_date(db)
    except BaseException:
        db.close()
        raise
    path.chmod(0o600)
    sync_folder(path.parent)
    return db, aside


def mended(db: sqlite3.Connection, fault: sqlite3.Error) -> bool:
    """Make the indexes anew where they may be what a query found damaged; whether that was done.

    The look at a start goes through every row and through no index: an index can be made from the rows, and going
    through it takes as long.

    Raises:
        sqlite3.Error: the rows are damaged themselves; the next start sets the file aside.
    """
    if getattr(fault, "sqlite_errorcode", 0) & _PRIMARY_CODE != sqlite3.SQLITE_CORRUPT:
        return False
    db.execute("REINDEX")
    return True


def open_to_read(path: Path) -> sqlite3.Connection:
    """A second connection to an open journal; in WAL mode a commit does not keep it waiting.

    Raises:
        sqlite3.Error: the file can't be opened.
    """
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    """One transaction from whatever version to today's: after a power cut it is the old file or the new one."""
    if _version(db) == SCHEMA_VERSION:
        return
    with db:
        db.execute("BEGIN IMMEDIATE")  # without it each statement would be a transaction of its own
        if not 0 <= (version := _version(db)) <= SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"written by another version ({version}) of this software")
        for step in _STEPS[version:]:
            for statement in step:
                db.execute(statement)
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _let_it_shrink(db: sqlite3.Connection) -> None:
    """Have pages that got free given back to the disk a few at a time; a file that was made without that is rebuilt."""
    if db.execute("PRAGMA auto_vacuum").fetchone() == (_INCREMENTAL,):
        return
    db.execute(f"PRAGMA auto_vacuum={_INCREMENTAL}")
    pages, size = (int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "page_size"))
    if 0 < pages * size <= MOST_REBUILT_BYTES:
        with contextlib.suppress(sqlite3.OperationalError):  # no room for it: then its free pages are used for new rows
            db.execute("VACUUM")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _sound(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if file.read(_HEAD_BYTES)[_FORMATS] not in _KNOWN_FORMATS:
                return False  # SQLite would only read it
        with contextlib.closing(sqlite3.connect(path, timeout=BUSY_S)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)) and _of_its_version(db)
    except sqlite3.DatabaseError as fault:
        code = getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_ERROR)  # none where Python could not decode a name
        if isinstance(fault, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR:
            raise  # busy or unreadable is no damage
        return False
    except UnicodeDecodeError:  # SQLite quotes what it found in the file
        return False


def _of_its_version(db: sqlite3.Connection) -> bool:
    """Whether the tables are those of the version that the file says: their names are bytes that may go wrong, too.

    A file of a newer version is none of our business.
    """
    version, found = _version(db), _tables(db)
    if version != SCHEMA_VERSION and found == _tables_of(SCHEMA_VERSION):
        return False  # it is the number that went wrong
    if version > SCHEMA_VERSION:
        return version < _NEVER_REACHED
    return version >= 0 and _tables_of(version) <= found


def _tables_of(version: int) -> set[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        for step in _STEPS[:version]:
            for statement in step:
                db.execute(statement)
        return _tables(db)


def _tables(db: sqlite3.Connection) -> set[tuple[object, ...]]:
    """Every column of every table and index."""
    return set(
        db.execute(
            'SELECT s.type, s.name, s.tbl_name, c.name, c.type, c."notnull", c.dflt_value, c.pk'
            " FROM sqlite_schema AS s LEFT JOIN pragma_table_xinfo(s.name) AS c"
        )
    )


def _set_aside(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside
