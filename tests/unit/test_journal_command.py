"""``gate journal``: what somebody learns at a desk, and what nobody does."""

from __future__ import annotations

import base64
import csv
import json
import shutil
import sqlite3
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import passage
from sealing import key, private_key
from vectors import ROOT

from gate.__main__ import main
from gate.app.journal.export import _cell
from gate.journal.database import open_to_write
from gate.journal.retention import drop
from gate.journal.sealing import open_box, seal
from gate.journal.store import Journal
from gate.model import Decision, Document, DocumentType, Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gate.journal.passages import Passage

    Capture = pytest.CaptureFixture[str]

WAIT_S = 10
ANNA = Document(DocumentType.RESIDENT_ID, "999999199001010016")
DAY = date(2026, 12, 1)


def sealed(at: datetime) -> Passage:
    row = passage(at=at)
    box = seal((ANNA,), key(DAY), row.id)
    return passage(id=row.id, at=at, sealed=box, sealed_to=str(DAY))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Four rows: two days sealed, one without a key, one that names nobody; the first was dropped before."""
    journal = Journal(tmp_path / "journal.sqlite")
    journal.open()
    journal.record(passage(at=datetime(2026, 11, 29, tzinfo=UTC))).result(WAIT_S)
    journal.record(sealed(datetime(2026, 11, 30, 15, 59, tzinfo=UTC))).result(WAIT_S)
    journal.record(sealed(datetime(2026, 11, 30, 16, 0, tzinfo=UTC))).result(WAIT_S)
    marked = Decision(Outcome.REFER, (Reason.STATUS_UNAVAILABLE,), None, None, (), (), ("unsealed",))
    journal.record(passage(at=datetime(2026, 12, 1, 4, tzinfo=UTC), decision=marked)).result(WAIT_S)
    journal.record(passage(Outcome.RETRY, at=datetime(2026, 12, 2, 4, tzinfo=UTC), holder=None)).result(WAIT_S)
    journal._writer.submit(lambda db: drop(db, [1])).result(WAIT_S)
    journal.close()
    return tmp_path


@pytest.fixture
def gate(state: Path) -> Callable[..., int]:
    def run(tool: str, *arguments: str) -> int:
        places = ("--config", str(ROOT / "config/gate.toml"), "--state", str(state))
        return main(["journal", tool, *arguments, *places])

    return run


def change(state: Path, statement: str) -> None:
    db = sqlite3.connect(state / "journal.sqlite")
    db.execute(statement)
    db.commit()
    db.close()


def test_stats_say_what_is_there_and_what_waits(gate: Callable[..., int], state: Path, capsys: Capture) -> None:
    change(state, "UPDATE passages SET acked = 1 WHERE seq = 2")
    change(state, "UPDATE passages SET refused = 'no such checkpoint' WHERE seq = 3")
    assert gate("stats") == 0
    said = capsys.readouterr().out
    for words in (
        "rows 4, numbers 2 to 5",
        "from          2026-11-30 23:59 to 2026-12-02 12:00 (Asia/Shanghai)",
        "dropped       1 rows",
        "unsent        2, the oldest of 2026-12-01 12:00",
        "dead letters  1\n  row 3: no such checkpoint",
        "sealed        2 rows to 1 keys; 1 name nobody",
        "unsealed      1 rows",
        "keys          file",
    ):
        assert words in said


def test_a_whole_journal_is_said_to_be_whole(gate: Callable[..., int], capsys: Capture) -> None:
    assert gate("verify") == 0
    assert "whole; rows 4, dropped 1, none lost" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM passages WHERE seq = 3", "row 3: not here and not dropped: lost"),
        ("DELETE FROM passages WHERE seq >= 4", "row 4 to 5: not here and not dropped: lost"),
        ("DELETE FROM dropped", "row 1: not here and not dropped: lost"),
        ("UPDATE passages SET acked = 3 WHERE seq = 2", "row 2: says that the server has more of it than there is"),
        ("UPDATE passages SET sealed = x'00' WHERE seq = 2", "row 2: has a box of another size"),
        ("UPDATE passages SET sealed_to = NULL WHERE seq = 2", "row 2: has a box without the name of its key"),
    ],
)
def test_what_is_wrong_is_named(
    gate: Callable[..., int], state: Path, capsys: Capture, statement: str, said: str
) -> None:
    change(state, statement)
    assert gate("verify") == 1
    assert said in capsys.readouterr().out


def test_damage_on_the_card_is_found(gate: Callable[..., int], state: Path, capsys: Capture) -> None:
    path = state / "journal.sqlite"
    data = bytearray(path.read_bytes())
    for page in range(2 * 4096, len(data), 4096):
        data[page : page + 8] = b"\xff" * 8
    path.write_bytes(data)
    assert gate("verify") in {1, 2}
    said = capsys.readouterr()
    assert "damaged" in said.out or "can't be read" in said.err


def test_an_auditor_gets_the_days_asked_for_and_boxes_that_the_operator_opens(
    gate: Callable[..., int], tmp_path: Path
) -> None:
    out = tmp_path / "day.jsonl"
    assert gate("export", str(out), "--from", "2026-12-01", "--to", "2026-12-01") == 0
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["seq"] for row in rows] == [3, 4], "days are those of the place"
    assert out.stat().st_mode & 0o777 == 0o600
    assert ANNA.number not in out.read_text("utf-8")
    box, row = base64.b64decode(rows[0]["sealed"]), rows[0]
    assert open_box(box, private_key(str(DAY)), row["id"], row["sealed_to"]) == (ANNA,)
    assert rows[0]["reasons"] == ["green_code"]


def test_a_table_has_the_same_rows(gate: Callable[..., int], tmp_path: Path) -> None:
    out = tmp_path / "all.csv"
    assert gate("export", str(out)) == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["seq"] for row in rows] == ["2", "3", "4", "5"]
    assert ANNA.number not in out.read_text("utf-8")


@settings(deadline=None)
@given(st.text() | st.binary() | st.integers() | st.none())
def test_no_cell_is_a_formula(value: object) -> None:
    assert not _cell(value).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_nothing_is_overwritten_and_nothing_is_left_of_a_failure(
    gate: Callable[..., int], tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "there.csv"
    out.write_text("something")
    assert gate("export", str(out)) == 2
    assert "name a new file" in capsys.readouterr().err
    assert gate("export", str(tmp_path / "no-such-folder" / "a.csv")) == 2
    assert not list(tmp_path.glob("*.new"))


def test_it_works_while_the_gate_runs_and_on_a_copy(gate: Callable[..., int], state: Path, tmp_path: Path) -> None:
    journal = Journal(state / "journal.sqlite")
    journal.open()
    journal.record(passage()).result(WAIT_S)
    assert gate("verify") == 0
    assert gate("stats") == 0
    assert gate("export", str(tmp_path / "now.csv")) == 0
    journal.close()
    copy = tmp_path / "copy" / "journal.sqlite"
    copy.parent.mkdir()
    shutil.copy(state / "journal.sqlite", copy)
    copy.parent.chmod(0o500)
    assert gate("verify", "--file", str(copy)) == 0
    copy.parent.chmod(0o700)


def test_dead_letters_are_sent_again_while_the_gate_runs(
    gate: Callable[..., int], state: Path, capsys: Capture
) -> None:
    change(state, "UPDATE passages SET refused = 'why' WHERE seq IN (2, 3, 4)")
    journal = Journal(state / "journal.sqlite")
    journal.open()
    assert gate("retry", "3") == 0
    assert "1 row will be sent again" in capsys.readouterr().out
    assert gate("retry") == 0
    assert "2 rows will be sent again" in capsys.readouterr().out
    journal.record(passage()).result(WAIT_S)
    journal.close()


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_journal_is_said_to_be_none(
    gate: Callable[..., int], tmp_path: Path, capsys: Capture, content: bytes | None
) -> None:
    path = tmp_path / "other"
    if content is not None:
        path.write_bytes(content)
    for tool in ("stats", "verify", "retry"):
        assert gate(tool, "--file", str(path)) == 2
    assert gate("export", "--file", str(path), str(tmp_path / "out.csv")) == 2
    assert "journal" in capsys.readouterr().err


def test_a_new_file_is_a_whole_journal(tmp_path: Path, gate: Callable[..., int]) -> None:
    db, _ = open_to_write(tmp_path / "new.sqlite")
    db.close()
    assert gate("verify", "--file", str(tmp_path / "new.sqlite")) == 0
    assert gate("stats", "--file", str(tmp_path / "new.sqlite")) == 0


@pytest.mark.parametrize("tool", ["stats", "verify", "export", "retry"])
def test_help_teaches(tool: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["journal", tool, "--help"])
    assert "--file" in capsys.readouterr().out
