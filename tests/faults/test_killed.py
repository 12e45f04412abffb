"""kill -9 at any moment of a day of passages."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import IO

from passages import rows
from reliability import Found, note, times

from gate.journal import audit
from gate.journal.store import Journal

KILLS, SAMPLE = 500, 20
MOST_A_LIFE = 20
"""Passages; ten on average, 5,000 in all."""
LONGEST_MS = 6.0
"""After the last one that is waited for: about two passages."""
SEED = 20261201
WAIT_S = 60


class Lives:
    """The lane's process, and what people were told so far."""

    def __init__(self, folder: Path) -> None:
        program = [sys.executable, str(Path(__file__).with_name("lives.py")), str(folder)]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in: IO[str] = self._process.stdin
        self._out: IO[str] = self._process.stdout
        self.told: list[tuple[str, str, str]] = []
        """Outcome, presentation, reason."""

    def live(self, passages: int, more_ms: float) -> None:
        """A life that ends some milliseconds after so many passages."""
        self._in.write("\n")
        pid, seen = 0, 0
        while not pid or seen < passages:
            pid, seen = self._take(self._line(), pid, seen)
        select.select([], [], [], more_ms / 1000)
        os.kill(pid, signal.SIGKILL)
        while (line := self._line()) != "dead":
            self._take(line, pid, seen)

    def end(self) -> None:
        self._in.close()
        self._process.wait(WAIT_S)
        self._out.close()

    def _take(self, line: str, pid: int, seen: int) -> tuple[int, int]:
        if line.startswith("pid "):
            return int(line[4:]), seen
        outcome, presentation, reason = line.split()
        self.told.append((outcome, presentation, reason))
        return pid, seen + 1

    def _line(self) -> str:
        line = self._out.readline()
        assert line, "the lane's process ended by itself"
        return line.strip()


def test_whoever_heard_a_pass_is_on_record_once_whenever_the_gate_was_killed(tmp_path: Path) -> None:
    kills, chance = times(KILLS, SAMPLE), random.Random(SEED)
    with closing(Journal(tmp_path / "journal.sqlite")) as first:
        first.open()
    lives = Lives(tmp_path)
    for _ in range(kills):
        lives.live(chance.randint(0, MOST_A_LIFE), chance.uniform(0, LONGEST_MS))
    lives.end()
    journal = Journal(tmp_path / "journal.sqlite")
    journal.open()
    journal.close()
    assert journal.set_aside is None
    with audit.opened(tmp_path / "journal.sqlite") as db:
        assert list(audit.faults(db)) == []
    kept = rows(tmp_path / "journal.sqlite", "id, outcome, withdrawn")
    outcomes = {presentation: (outcome, withdrawn) for presentation, outcome, withdrawn in kept}
    passes = [presentation for outcome, presentation, _ in lives.told if outcome == "pass"]
    missing = [presentation for presentation in passes if presentation not in outcomes]
    wrong = [presentation for presentation in passes if outcomes.get(presentation) != ("pass", None)]
    assert len(passes) > kills
    assert len(kept) <= len(lives.told) + kills, "at most one a life whose answer nobody heard"
    note(
        Found(
            "kill -9 during a day of passages",
            kills,
            lost=len(missing),
            twice=sum(count - 1 for count in Counter(presentation for presentation, *_ in kept).values()),
            wrongly_let_in=len(wrong),
            heard=tuple(sorted({reason for *_, reason in lives.told})),
            remark=f"{len(passes):,} people were let in meanwhile.",
            in_full=KILLS,
        )
    )
