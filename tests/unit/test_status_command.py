"""The desk's day: a key, a list of a table, a change, the next list; and what it is told about wrong rows."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from permit_lists import KEY, number
from status_lists import holder

from gate.__main__ import main
from gate.app.status.rows import COLUMNS, MOST_LINE, People, Person
from gate.errors import ConfigError
from gate.model import Colour, TestResult
from gate.status.cache.payload import Status

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "number,code,pop_up,test,sampled,reported,doses\n"
TESTED = "negative,2021-06-18T08:00:00+08:00,2021-06-18T20:00:00+08:00"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pseudonym.key").write_bytes(bytes(32))
    assert main(["status", "key", "desk"]) == 0
    return tmp_path


def do(tool: str, *more: str) -> int:
    sign = ["--sign", "desk.key.pem"] if tool in {"build", "fold"} else ["--signers", "status-signers.json"]
    return main(["status", tool, *more, *sign, "--folder", "list", "--key", "pseudonym.key"])


def test_a_day_at_the_desk(desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (desk / "t.csv").write_text(HEAD + f"{number(1)},red,,,,,\n{number(2)},yellow,1,{TESTED},3\n", "utf-8")
    assert do("build", "t.csv", "--as-of", "2021-06-19T08:00:00+08:00") == 0
    assert "made: generation 1, 2 people" in capsys.readouterr().out
    (desk / "c.jsonl").write_text(json.dumps({"number": number(1), "code": "yellow", "pop_up": 0}) + "\n", "utf-8")
    assert do("build", "c.jsonl", "--changes", "--as-of", "2021-06-19T09:00:00+08:00") == 0
    assert "made: change 1 of generation 1, 1 people" in capsys.readouterr().out
    assert do("fold") == 0
    assert do("info") == 0
    said = capsys.readouterr().out
    assert "generation 2 with 0 changes" in said
    assert "as of 2021-06-19 01:00 UTC" in said
    assert "no good news since 2021-06-19 13:00 UTC" in said
    assert "complete about: code, pop_up" in said
    monkeypatch.setattr("sys.stdin", io.StringIO(number(1) + "\n"))
    assert do("find", "--reason", "a call to the hotline") == 0
    shown = json.loads(capsys.readouterr().out)
    assert [code["colour"] for code in shown["codes"]] == ["yellow"]
    kept = (desk / "list" / "finds.jsonl").read_text("utf-8")
    assert "a call to the hotline" in kept
    assert number(1) not in kept


def test_wrong_rows_are_named_and_left_out(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        f"{number(1)},red,,,,,",
        f"{number(1)[:-1]}0,red,,,,,",
        f"{number(3)},purple,,,,,",
        f"{number(4)},red,,negative,2021-06-18 08:00,,",
        f"{number(5)},red,,negative,,,",
        f"{number(6)},red,12,,,,",
        f"{number(1)},yellow,,,,,",
        *(f"{number(n)},red,,,,," for n in range(10, 20)),
    ]
    (desk / "t.csv").write_text(HEAD + "\n".join(rows) + "\n", "utf-8")
    assert do("build", "t.csv") == 1
    said = capsys.readouterr().out
    assert [line.partition(":")[0] for line in said.splitlines() if line.startswith("line")] == [
        *("line 3", "line 4", "line 5", "line 6", "line 7", "line 8"),
    ]
    assert "line 4: code: is none of green, yellow" in said
    assert "line 5: sampled: write a time with its zone" in said
    assert "line 8: the same person stands in line 2 already" in said
    assert number(1)[:-1] not in said
    assert "made: generation 1, 11 people" in said


def test_a_table_that_is_mostly_wrong_makes_nothing(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "t.csv").write_text(HEAD + f"{number(1)},red,,,,,\nx\ny\n", "utf-8")
    assert do("build", "t.csv") == 2
    assert "nothing was made" in capsys.readouterr().err
    assert not (desk / "list").exists()


@pytest.mark.parametrize("head", ["", "name,code\n", "code\n", "number,number\n", '"\n', "\xff\n"])
def test_a_table_without_its_columns_is_refused(desk: Path, head: str, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "t.csv").write_text(head, "latin-1")
    assert do("build", "t.csv") == 2
    assert "line 1" in capsys.readouterr().err


@pytest.mark.usefixtures("desk")
def test_nobody_is_found_without_a_reason() -> None:
    with pytest.raises(SystemExit):
        do("find")


@pytest.mark.usefixtures("desk")
def test_a_key_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "key", "desk"]) == 2
    assert "not overwritten" in capsys.readouterr().err


def test_every_column_is_read() -> None:
    cells = {
        "holder": holder(1).hex(),
        "code": "orange",
        "pop_up": "2",
        "travel": "yes",
        "test": "positive",
        "sampled": "1970-01-01T00:00:10Z",
        "reported": "1970-01-01T08:00:20+08:00",
        "doses": "3",
    }
    data = json.dumps(cells).encode()
    ((line, found),) = People(io.BytesIO(data), KEY, is_json=True)
    status = Status(Colour.ORANGE, TestResult.POSITIVE, 10, 20, 3, 2, travel=True)
    assert (line, found) == (1, Person(holder(1), status))


@given(st.binary(max_size=300), st.booleans())
def test_any_table_is_read_or_refused(data: bytes, is_json: bool) -> None:
    start = b'{"number": "1"}\n' if is_json else ",".join(COLUMNS).encode() + b"\n"
    for table in (data, start + data, start + data + b"x" * MOST_LINE):
        with suppress(ConfigError):
            for line, found in People(io.BytesIO(table), KEY, is_json=is_json):
                assert line > 0
                assert isinstance(found, Person | str)
