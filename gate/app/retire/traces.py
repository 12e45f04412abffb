"""Where a gate has something that is nobody else's business, and whether it is at work with it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from gate.app import personal
from gate.app.fleet.kept import keys
from gate.app.retire.certificate import Erased
from gate.errors import ConfigError, JournalError
from gate.journal import audit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gate.config import GateConfig


def all_of(config: GateConfig, state: Path) -> list[Path]:
    """People's lists, the journal with everything that is named after it, and at last the keys."""
    journal = config.journal.path
    beside = sorted(journal.parent.glob(f"{journal.name}.*"))
    return [*personal.lists(config), state / personal.LEASE, journal, *beside, *keys(config, state)]


def set_aside(config: GateConfig) -> list[Path]:
    """Damaged journals, and what lies beside them."""
    journal = config.journal.path
    return sorted(journal.parent.glob(f"{journal.name}.damaged-*"))


def sizes(paths: Iterable[Path]) -> tuple[Erased, ...]:
    """Those that are there, and how large they are."""
    return tuple(Erased(str(path), _size(path)) for path in paths if path.exists())


def unsent(config: GateConfig) -> int:
    """Rows that the fleet does not have.

    Raises:
        ConfigError: nobody can count them.
    """
    journal = config.journal.path
    if aside := set_aside(config):
        raise ConfigError(f"{aside[0]}: a damaged journal, whose rows nobody has counted; --even-unsent erases it too")
    if not journal.exists():
        return 0
    try:
        with audit.opened(journal) as db:
            found = audit.stats(db, journal).outbox
    except JournalError as fault:
        raise ConfigError(f"{fault}; --even-unsent erases it all the same") from None
    return found.unsent + found.dead_letters


def require_idle(journal: Path) -> None:
    """Make sure that no gate is at work with this journal.

    Raises:
        ConfigError: one is.
    """
    if not journal.exists():
        return
    try:
        with closing(sqlite3.connect(journal, timeout=0)) as db:
            db.execute("PRAGMA journal_mode=DELETE")  # refused as long as anybody else has the file open
    except sqlite3.DatabaseError as fault:
        if isinstance(fault, sqlite3.OperationalError) and "locked" in str(fault):
            raise ConfigError("the gate is at work; stop it first: sudo systemctl disable --now gate") from None
        # a damaged file is nobody's any more


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.stat().st_size
    return sum(one.lstat().st_size for one in path.rglob("*") if not one.is_dir())
