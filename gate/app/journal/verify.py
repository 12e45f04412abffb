"""``gate journal verify``: is every number that was given accounted for?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.journal import audit

if TYPE_CHECKING:
    from pathlib import Path

WHOLE, FAULTY = 0, 1


def run(path: Path) -> int:
    """Print what is wrong and give the exit status.

    Raises:
        JournalError: there is none that can be read.
    """
    with audit.opened(path) as db:
        found = audit.stats(db, path)
        wrong = [*audit.faults(db)]
    if wrong:
        print(*(f"- {fault}" for fault in wrong), sep="\n")
        print(f"{path.name}: not as it should be")
        return FAULTY
    print(f"{path.name}: whole; rows {found.rows:,}, dropped {found.dropped:,}, none lost")
    return WHOLE
