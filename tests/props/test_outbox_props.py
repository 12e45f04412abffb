"""Whatever happens in whatever order: a row waits for as long as the server has not got it as it is."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from passages import passage

from gate.journal import outbox, passages
from gate.journal.database import open_to_write
from gate.wire.passages import MOST_ROWS, Passage

ALL = 1 << 30
DRAW = st.integers(0, 1 << 16)


class Outbox(RuleBasedStateMachine):
    """The journal beside what it ought to say, and what a server has."""

    def __init__(self) -> None:
        super().__init__()
        self.closing = ExitStack()
        self.ids: list[str] = []
        self.revision: dict[str, int] = {}
        self.dead: set[str] = set()
        self.server: dict[str, Passage] = {}
        self.way: list[Passage] = []
        """Sent, not yet answered."""
        self.lost: set[str] = set()
        """The server had it, and has it no more, and has not said so."""

    @initialize()
    def open(self) -> None:
        folder = self.closing.enter_context(tempfile.TemporaryDirectory())
        db, _ = open_to_write(Path(folder) / "journal.sqlite")
        db.execute("PRAGMA synchronous = OFF")  # no power is cut here
        self.db = self.closing.enter_context(closing(db))

    def teardown(self) -> None:
        self.closing.close()

    def one(self, draw: int) -> str:
        return self.ids[draw % len(self.ids)]

    @rule()
    def record(self) -> None:
        row = passage()
        with self.db:
            passages.insert(self.db, row)
        self.ids.append(row.id)
        self.revision[row.id] = 1

    @precondition(lambda self: self.ids)
    @rule(draw=DRAW, result=st.sampled_from(["passed", "not_taken", "jammed"]))
    def complete(self, draw: int, result: str) -> None:
        with self.db:
            passages.complete(self.db, self.one(draw), result)
        self.revision[self.one(draw)] += 1

    @precondition(lambda self: self.ids)
    @rule(draw=DRAW)
    def withdraw(self, draw: int) -> None:
        with self.db:
            passages.withdraw(self.db, self.one(draw), "late")
        self.revision[self.one(draw)] += 1

    @rule(most=st.integers(1, 5), size=st.sampled_from([1, 1500, ALL]))
    def send(self, most: int, size: int) -> None:
        found = outbox.unsent(self.db, 0, most, size)
        assert not found.spoiled
        assert [row.id for row in found.rows] == self.waiting()[: len(found.rows)], "in order"
        assert bool(found.rows) == bool(self.waiting())
        assert len(found.rows) <= most
        self.way = list(found.rows)

    @rule(noted=st.booleans())
    def taken(self, noted: bool) -> None:
        """The server takes them; its answer may be lost on the way."""
        for row in self.way:
            if row.revision >= self.server.get(row.id, row).revision:
                self.server[row.id] = row
                self.lost.discard(row.id)
        if noted:
            with self.db:
                outbox.acknowledge(self.db, self.way)
        self.way = []

    @rule()
    def refused(self) -> None:
        dead = {row.id for row in self.way if row.revision == self.revision[row.id] and self.waits(row.id)}
        with self.db:
            done = outbox.refuse(self.db, ((row.seq, row.revision, "no") for row in self.way))
        assert done == len(dead)
        self.dead |= dead
        self.way = []

    @precondition(lambda self: self.dead)
    @rule(draw=DRAW, everything=st.booleans())
    def release(self, draw: int, everything: bool) -> None:
        chosen = sorted(self.dead)[draw % len(self.dead)]
        with self.db:
            outbox.release(self.db, None if everything else [self.ids.index(chosen) + 1])
        self.dead = set() if everything else self.dead - {chosen}

    @precondition(lambda self: self.server)
    @rule(draw=DRAW)
    def server_loses(self, draw: int) -> None:
        lost = sorted(self.server)[draw % len(self.server)]
        del self.server[lost]
        self.lost.add(lost)

    @rule()
    def gaps(self) -> None:
        with self.db:
            outbox.send_again(self.db, [(self.ids.index(id_) + 1,) * 2 for id_ in self.lost - self.dead])
        self.lost &= self.dead

    def waits(self, id_: str) -> bool:
        return id_ in self.waiting()

    def waiting(self) -> list[str]:
        """By the columns alone."""
        rows: list[Any] = self.db.execute(
            "SELECT id FROM passages WHERE acked < revision AND refused IS NULL ORDER BY seq"
        ).fetchall()
        return [id_ for (id_,) in rows]

    @invariant()
    def nothing_is_lost(self) -> None:
        if not self.ids:
            return
        waiting = set(self.waiting())
        for id_ in self.ids:
            has = self.server.get(id_)
            as_it_is = has is not None and has.revision == self.revision[id_]
            assert as_it_is or id_ in waiting | self.dead | self.lost, "gone"
        counts = outbox.counts(self.db)
        assert (counts.unsent, counts.dead_letters) == (len(waiting), len(self.dead))
        first = min((self.ids.index(id_) + 1 for id_ in waiting), default=len(self.ids) + 1)
        assert counts.watermark == first - 1

    @invariant()
    def rows_stay(self) -> None:
        if self.ids:
            assert self.db.execute("SELECT count(*) FROM passages").fetchone() == (len(self.ids),)


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_batch_is_bounded_by_rows_and_by_bytes(tmp_path: Path) -> None:
    db, _ = open_to_write(tmp_path / "journal.sqlite")
    with closing(db), db:
        for _i in range(MOST_ROWS + 5):
            passages.insert(db, passage())
        assert len(outbox.unsent(db, 0, MOST_ROWS, ALL).rows) == MOST_ROWS
        assert len(outbox.unsent(db, 0, MOST_ROWS, 1).rows) == 1, "one goes in any case"
        assert outbox.unsent(db, MOST_ROWS + 3, MOST_ROWS, ALL).last == MOST_ROWS + 5
        assert outbox.unsent(db, MOST_ROWS + 5, MOST_ROWS, ALL).last is None


def test_each_file_has_a_number_of_its_own_that_stays(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two", "one"):
        db, _ = open_to_write(tmp_path / name)
        with closing(db), db:
            found.append(outbox.series(db))
    assert found[0] == found[2] != found[1]
    db = sqlite3.connect(tmp_path / "one")
    assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
    db.close()
