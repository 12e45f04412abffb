"""A lane that lives again and again on one journal, for somebody who kills it: ``python lives.py FOLDER``.

Each line on standard input begins a life in a child process; every announcement is a line on standard output
(``pid N``, then ``OUTCOME PRESENTATION REASON``, then ``dead``).
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from lane_rig import Observed, Rig, card, serve

from gate.model import PassageResult

if TYPE_CHECKING:
    from gate.model import Announcement

PEOPLE = 900


class Reporting(Observed):
    """Tells the other end of the pipe what a person was told."""

    def __init__(self) -> None:
        super().__init__()
        self.last = ""

    def show(self, announcement: Announcement) -> None:
        tell(f"{announcement.outcome.value} {announcement.presentation_id} {announcement.reason.value}")
        self.last = announcement.presentation_id
        super().show(announcement)


def tell(text: str) -> None:
    os.write(1, f"{text}\n".encode())


async def day(rig: Rig) -> None:
    """One person after the other, for ever; most of them walk through, some don't."""
    assert isinstance(rig.observed, Reporting)
    for number in itertools.count(1):
        rig.service.take(card(number % PEOPLE + 1))
        await rig.observed.until("said")
        rig.observed.events.clear()
        rig.journal.complete(rig.observed.last, PassageResult.PASSED if number % 7 else PassageResult.NOT_TAKEN)
        if number % 5 == 0:
            rig.journal.change(lambda db: db.execute("UPDATE passages SET acked = revision WHERE acked = 0").rowcount)


def main(folder: Path) -> None:
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(folder, day, observed=Reporting())
        tell(f"pid {child}")
        os.waitpid(child, 0)
        tell("dead")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
