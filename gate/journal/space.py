"""What happens when the disk is full: some room was set aside for that, so that rows can still be ended and dropped.

A file without meaning lies beside the journal. When the disk is full it is deleted: the room goes to what must still
be written (what the barrier saw, a withdrawal, what the server has, the deletion of old rows), never to new rows.
Those wait until the file can be made again.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING, Final

from gate.journal import retention

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES: Final = 8 * 1024 * 1024
"""A whole write-ahead log is written into the file with half of it; the rest is for thousands of short transactions."""
_MARGIN_BYTES: Final = 4 * 1024 * 1024
"""More than that must be free before rows are taken again."""
_SCARCE_BYTES: Final = 128 * 1024
_ROWS: Final = 100
"""Of the oldest that the server has, dropped at once when the disk is full."""
_LOG_PAGES: Final = 1000
"""After so many the log is written into the file, as SQLite has it."""
_SHORT_LOG_PAGES: Final = 64
"""The same while the disk is full: the log must not eat what was set aside."""
_ENOUGH_PAGES: Final = 8
"""Free within the file: room for some rows, whatever the disk says."""


class Space:
    """The room of one journal; lives in the writer's thread.

    Args:
        path: the journal's file.
    """

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self._reserve = path.with_name(f"{path.name}.reserve")
        self.full = False

    def regain(self, db: sqlite3.Connection) -> bool:
        """Set room aside, where there is any (again); whether there is."""
        try:
            if self.full and self._free_bytes() < RESERVE_BYTES + _MARGIN_BYTES:
                return False  # or it would take back what was just let go
            descriptor = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
            finally:
                os.close(descriptor)
        except OSError:
            self.release()
            self.full = True
        else:
            self.full = False
        _keep_log(db, _SHORT_LOG_PAGES if self.full else _LOG_PAGES)
        return not self.full

    def lacking(self, fault: sqlite3.Error) -> bool:
        """Whether a statement failed since the disk is full."""
        code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
        return code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and self._free_bytes() < _SCARCE_BYTES)

    def release(self) -> None:
        """Let go what was set aside."""
        with contextlib.suppress(OSError):  # it is not there, or the disk takes nothing at all any more
            self._reserve.unlink()

    def make(self, db: sqlite3.Connection) -> None:
        """Use up what was set aside, and let the oldest rows go that the server has."""
        self.full = True
        self.release()
        _keep_log(db, _SHORT_LOG_PAGES)
        try:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            with db:
                retention.drop_oldest(db, _ROWS)
        except sqlite3.Error:
            return  # nothing fits any more, not even that

    def takes_rows(self, db: sqlite3.Connection) -> bool:
        """Whether a new row may be tried; on a full disk in the place of old ones, in its own transaction."""
        if not self.full or self.regain(db):
            return True
        if retention.free_pages(db) < _ENOUGH_PAGES:
            retention.drop_oldest(db, _ROWS)
        return retention.free_pages(db) >= _ENOUGH_PAGES

    def _free_bytes(self) -> int:
        try:
            found = os.statvfs(self._folder)
        except OSError:  # then room is not what is missing, and there is none to set aside either
            return _SCARCE_BYTES
        return found.f_bavail * found.f_frsize


def _keep_log(db: sqlite3.Connection, pages: int) -> None:
    db.execute(f"PRAGMA wal_autocheckpoint={pages}").fetchall()
