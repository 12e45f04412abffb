"""Any order of passes, refusals, withdrawals and restarts, against a memory that is a list."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from passages import AT, limited, passage, rows

from gate.journal.store import Journal
from gate.model import Direction, OneTimeCode, Outcome, PassageResult, Past

if TYPE_CHECKING:
    from gate.journal.passages import Passage

WAIT_S = 10
PEOPLE = (bytes([1] * 16), bytes([2] * 16))
ZONES = ("east-3", "east-5")
LIFE = timedelta(minutes=5)


@dataclass
class Line:
    """A pass as somebody has it who keeps a list by hand."""

    row: Passage
    counts: bool = True


class ByHand(RuleBasedStateMachine):
    """The journal on a real file, and the list."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="gate-journal-"))
        self.path = self.folder / "journal.sqlite"
        self.now = AT
        self.lines: list[Line] = []
        self.codes: list[OneTimeCode] = []
        self.written = 0

    @initialize()
    def start(self) -> None:
        self.journal = Journal(self.path)
        self.journal.open()

    def teardown(self) -> None:
        self.journal.close()
        shutil.rmtree(self.folder)

    @rule(
        outcome=st.sampled_from([*[Outcome.PASS] * 3, Outcome.RETRY, Outcome.REFER]),
        holder=st.sampled_from([*PEOPLE, None]),
        zone=st.sampled_from(ZONES),
        direction=st.sampled_from(Direction),
        permit=st.none() | st.sampled_from([limited("P-1"), limited("P-2"), limited(None), limited("P-3", None)]),
        clock_trusted=st.sampled_from([True, True, False]),
        with_a_code=st.booleans(),
    )
    def present(self, outcome: Outcome, *, with_a_code: bool, **others: Any) -> None:
        code = self.alive[-1] if with_a_code and self.alive else None
        row = passage(outcome, at=self.now, code=code, **others)
        self.journal.record(row).result(WAIT_S)
        self.written += 1
        if outcome is Outcome.PASS:
            self.lines.append(Line(row))

    @rule()
    def refresh_the_code(self) -> None:
        self.codes.append(OneTimeCode(bytes([len(self.codes) + 1] * 16), self.now + LIFE))

    @rule(seconds=st.sampled_from([1, 60, 300, 86_400]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), end=st.sampled_from(["withdrawn", *PassageResult]))
    def come_to_an_end(self, data: st.DataObject, end: str) -> None:
        line = data.draw(st.sampled_from(self.lines))
        if end == "withdrawn":
            self.journal.withdraw(line.row.id, "late").result(WAIT_S)
        else:
            self.journal.complete(line.row.id, PassageResult(end)).result(WAIT_S)
        line.counts = line.counts and end not in {"withdrawn", PassageResult.NOT_TAKEN}

    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.start()

    @property
    def alive(self) -> list[OneTimeCode]:
        return [code for code in self.codes if code.expires_at > self.now]

    @invariant()
    def both_remember_the_same(self) -> None:
        for holder in (*PEOPLE, None):
            for zone in ZONES:
                for code in (*self.alive, None):
                    digest = None if code is None else code.digest
                    found = self.journal.past(holder, zone, digest).result(WAIT_S)
                    assert found == self.by_hand(holder, zone, digest)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert len(rows(self.path, "id")) == self.written

    def by_hand(self, holder: bytes | None, zone: str, code: bytes | None) -> Past:
        counted = [line.row for line in self.lines if line.counts]
        let_in = [row for row in counted if row.direction is Direction.IN]
        theirs = [row for row in counted if holder is not None and row.holder == holder]
        last = next((row for row in reversed(theirs) if row.zone == zone), None)
        used = Counter(
            row.permit.id
            for row in let_in
            if row in theirs and row.permit is not None and None not in (row.permit.id, row.permit.entries_left)
        )
        return Past(
            None if last is None else last.direction,
            last.at if last is not None and last.clock_trusted else None,
            {permit: count for permit, count in used.items() if permit is not None},
            code_used=code is not None and any(row.code is not None and row.code.digest == code for row in let_in),
        )


ByHand.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestTheJournalRemembersWhatSomebodyWouldByHand = ByHand.TestCase
