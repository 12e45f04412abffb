"""The power goes at any moment, and the disk keeps what it likes of what was not synced."""

from __future__ import annotations

import random
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from passages import passage
from reliability import Found, note, times

from faults.power import Disk, Step, put, recorded
from gate.journal import audit
from gate.journal.store import Journal

if TYPE_CHECKING:
    from collections.abc import Sequence

CUTS, SAMPLE = 400, 20
SEED = 20261202
WAIT_S = 20
PROMISED = "promised"


@dataclass
class Promises:
    """What the journal has said is on disk, up to a moment."""

    rows: dict[str, int] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    acked: int = 0

    def take(self, lines: str) -> None:
        for line in lines.splitlines():
            what, presentation, seq = line.split()
            match what:
                case "row":
                    self.rows[presentation] = int(seq)
                case "acked":
                    self.acked = int(seq)
                case _:
                    self.ends[presentation] = what


@dataclass
class Tally:
    lost: int = 0
    twice: int = 0
    open_again: int = 0
    """Ends (passed, withdrawn) that are not on record any more."""


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Step]:
    scratch = tmp_path_factory.mktemp("power")
    folder = scratch / "state"
    folder.mkdir()
    program = Path(__file__).with_name("busy_journal.py")
    return recorded([sys.executable, str(program), str(folder)], folder, scratch)


def test_what_was_promised_is_there_after_a_power_cut(steps: Sequence[Step], tmp_path: Path) -> None:
    chance, cuts, tally = random.Random(SEED), times(CUTS, SAMPLE), Tally()
    moments = sorted(chance.randrange(len(steps)) for _ in range(cuts))
    disk, promises = Disk(), Promises()
    taken = 0
    for number, moment in enumerate(moments):
        for step in steps[taken:moment]:
            if step.name == PROMISED:
                promises.take(step.data.decode())
            else:
                disk.take(step)
        taken = moment
        folder = tmp_path / str(number)
        put(disk.after_a_cut(chance), folder)
        look(folder, promises, tally)
    assert len(promises.rows) > 100
    assert tally.open_again == 0
    remark = "Writes after the last fsync were kept, lost, torn at sectors and reordered at random."
    note(Found("power cut", cuts, lost=tally.lost, twice=tally.twice, remark=remark, in_full=CUTS))


def look(folder: Path, promises: Promises, tally: Tally) -> None:
    """Start on what was left, and count what is missing."""
    path = folder / "journal.sqlite"
    journal = Journal(path)
    journal.open()
    assert journal.set_aside is None
    journal.record(passage()).result(WAIT_S)
    journal.close()
    with audit.opened(path) as db:
        assert list(audit.faults(db)) == []
    with closing(sqlite3.connect(path)) as db:
        kept = {row[0]: row[1:] for row in db.execute("SELECT id, passage, withdrawn, acked FROM passages")}
        gaps = db.execute("SELECT first, last FROM dropped").fetchall()
        (count,) = db.execute("SELECT count(*) FROM passages").fetchone()
    tally.twice += count - len(kept)
    for presentation, seq in promises.rows.items():
        dropped = any(first <= seq <= last for first, last in gaps)
        tally.lost += presentation not in kept and not dropped
        tally.lost += dropped and seq > promises.acked
        passed, withdrawn, _ = kept.get(presentation, ("passed", "late", 0))
        end = promises.ends.get(presentation)
        tally.open_again += (end == "passed" and passed is None) or (end == "withdrawn" and withdrawn is None)


def test_the_emulation_finds_a_journal_that_does_not_sync(steps: Sequence[Step], tmp_path: Path) -> None:
    """Without the syncs of the log the same cuts lose rows: the test above would notice."""
    chance, tally, promises, disk = random.Random(SEED), Tally(), Promises(), Disk()
    for step in steps[: len(steps) // 3]:
        if step.name == PROMISED:
            promises.take(step.data.decode())
        elif not (step.operation == "sync" and step.name.endswith("-wal")):
            disk.take(step)
    for number in range(10):
        folder = tmp_path / str(number)
        put(disk.after_a_cut(chance), folder)
        try:
            look(folder, promises, tally)
        except AssertionError:
            tally.lost += 1
    assert tally.lost > 0
