"""What is sent next, and what follows from each answer. Pure: ``gate.journal.uploader`` does it.

*Passes.* The rows that wait are sent from the oldest to the newest; what could not be settled is left behind and comes
again with the next pass, so that nothing waits for it.

*A bad row.* Servers answer row by row. One that refuses a whole batch (400, 413, 422) gets half of it, down to the one
row. Such a row becomes a dead letter once it was refused alone twice, and others were taken in between: a server that
refuses everything for a while must not make dead letters of good rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.errors import WireFault
from gate.wire.message import Problem, answer
from gate.wire.pace import asked_for
from gate.wire.passages import MOST_ROWS, Acknowledgement, Passage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.net.answer import Answer

MOST_BYTES: Final = 512 * 1024
"""Of a batch's rows, uncompressed: some 100 kB on the way, a second at 1 Mbit/s."""
LONE_REFUSALS: Final = 8
"""So many rows in a row are refused alone before it is taken for the server's fault, and time is given to it."""
_OK: Final = 200
_TURNED_DOWN: Final = (400, 413, 422)
_TOO_LARGE: Final = 413
_MOST_STRIKES: Final = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from an answer."""

    taken: tuple[Passage, ...] = ()
    refused: tuple[tuple[int, int, str], ...] = ()
    """Number, revision and reason of each new dead letter."""
    gaps: tuple[tuple[int, int], ...] = ()
    """Numbers that the server has lost, from and to."""
    trouble: str | None = None
    """Why to wait before anything else is sent; None: go on."""
    asked_s: float = 0.0
    """For how long at least."""
    acknowledged: bool = False
    """Whether it was the fleet that answered, and took or refused row by row."""


class Upload:
    """The rows of one journal on their way; never two batches at a time."""

    def __init__(self) -> None:
        self.after = 0
        """Only rows with a higher number are next."""
        self.most_rows = MOST_ROWS
        """Of the next batch."""
        self._ceiling = MOST_ROWS
        self._batches_taken = 0
        self._strikes: dict[tuple[int, int], int] = {}
        """Number and revision of a row that was refused alone -> how many batches had been taken then."""
        self._lone = 0
        self._unsettled = False
        """Something was refused in this pass, and nothing taken."""

    def answered(self, batch: str, rows: Sequence[Passage], said: Answer) -> Verdict:
        """Take the answer to a batch of these rows."""
        if said.status == _OK:
            try:
                found = answer(said.headers.get("content-type"), said.body, Acknowledgement)
            except WireFault as fault:
                return Verdict(trouble=str(fault))
            return self._acknowledged(batch, rows, found)
        why = _why(said)
        if said.status in _TURNED_DOWN:
            return self._turned_down(rows, said.status, why)
        return Verdict(trouble=why, asked_s=asked_for(said.headers.get("retry-after")))

    def unreadable(self, last: int) -> None:
        """Go on behind a row that can't be sent at all."""
        self.after = max(self.after, last)

    def over(self) -> str | None:
        """Begin a new pass; gives why to wait longer than usual before it, None where all is well."""
        stuck, self._unsettled = self._unsettled, False
        self.after, self._ceiling = 0, MOST_ROWS
        return "the server refuses what is left" if stuck else None

    def _acknowledged(self, batch: str, rows: Sequence[Passage], found: Acknowledgement) -> Verdict:
        if found.batch != batch or len(found.rows) != len(rows):
            return Verdict(trouble="the server answers to something else than what it was sent")
        self.after, self._lone = rows[-1].seq, 0
        self.most_rows = min(self.most_rows * 2, self._ceiling)
        pairs = tuple(zip(rows, found.rows, strict=True))
        taken = tuple(row for row, said in pairs if said.result == "taken")
        if taken:
            self._batches_taken += 1
            self._unsettled = False
        for row in taken:
            self._strikes.pop((row.seq, row.revision), None)
        refused = tuple((row.seq, row.revision, said.reason) for row, said in pairs if said.result == "refused")
        return Verdict(taken, refused, found.gaps, acknowledged=True)

    def _turned_down(self, rows: Sequence[Passage], status: int, why: str) -> Verdict:
        if len(rows) > 1:
            self.most_rows = len(rows) // 2
            if status == _TOO_LARGE:
                self._ceiling = self.most_rows  # of no use to try as many again in this pass
            return Verdict()
        row, self.most_rows = rows[0], 1
        self.after = row.seq
        if status == _TOO_LARGE:
            self._ceiling = MOST_ROWS  # it was this row, not their number
        key = row.seq, row.revision
        before = self._strikes.get(key)
        if before is not None and before < self._batches_taken:
            del self._strikes[key]
            return Verdict(refused=((*key, why),))
        if len(self._strikes) < _MOST_STRIKES:
            self._strikes.setdefault(key, self._batches_taken)
        self._lone += 1
        self._unsettled = True
        return Verdict(trouble=why if self._lone % LONE_REFUSALS == 0 else None)


def _why(said: Answer) -> str:
    try:
        problem = answer(said.headers.get("content-type"), said.body, Problem)
    except WireFault:
        return f"the server answers {said.status}, and not in the fleet's words"
    return f"the server answers {said.status}: {problem.why}"
