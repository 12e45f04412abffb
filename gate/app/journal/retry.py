"""``gate journal retry``: what the fleet refused is sent again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from gate.errors import JournalError
from gate.journal import audit, outbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_WAIT_S: Final = 10.0
"""For the gate, which writes as well."""


def run(path: Path, numbers: Sequence[int]) -> int:
    """Release dead letters and say how many; 0.

    Raises:
        JournalError: there is no journal that can be written.
    """
    with audit.opened(path):
        pass  # a journal of this version
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT_S)) as db, db:
            released = outbox.release(db, numbers or None)
    except sqlite3.Error as fault:
        raise JournalError(f"{path}: can't be written ({fault}); run this as the gate's user") from None
    print(f"{path.name}: {released} row{'' if released == 1 else 's'} will be sent again")
    return 0
