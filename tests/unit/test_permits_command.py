"""``gate permits``: what a clerk sees, and what is on disk afterwards."""

from __future__ import annotations

import io
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest
from permit_lists import CUT, number, row, table
from vectors import ROOT

from gate.__main__ import main
from gate.app.permits import importing
from gate.app.permits.template import EXAMPLES
from gate.status import permit_writer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Desk:
    """A gate's folder, and somebody who types commands."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.list = folder / "permits.sqlite"
        text = (ROOT / "config" / "demo.toml").read_text("utf-8")
        self.config = folder / "gate.toml"
        self.config.write_text(text.replace("[status]", '[status]\npermits = "permits.sqlite"'), "utf-8")
        self._capsys = capsys

    def does(self, *words: str) -> tuple[int, str]:
        """The exit status and all that was printed."""
        places = [] if words == ("template",) else ["--config", str(self.config), "--state", str(self.folder)]
        status = main(["permits", *words, *places])
        out, err = self._capsys.readouterr()
        return status, out + err

    def imports(self, data: bytes) -> tuple[int, str]:
        (self.folder / "list.csv").write_bytes(data)
        return self.does("import", str(self.folder / "list.csv"))

    def shows(self) -> str:
        status, printed = self.does("show")
        assert status == 0, printed
        return printed


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def good(count: int) -> Iterable[dict[str, str]]:
    return [row(sequence) for sequence in range(1, count + 1)]


def test_a_good_list_goes_in_whole_and_can_be_looked_at(desk: Desk) -> None:
    rows = [*good(3), row(1, zones="east-5", id="TX-1"), row(4, from_="2021-07-01"), row(5, to="2021-06-17")]
    status, printed = desk.imports(table(rows))
    assert status == 0
    assert printed == (
        "imported: 6 of 6 rows; they are the list from now on\n"
        'zones: east-3 5, east-5 1; none names "public", the zone of this gate ([checkpoint] zone)\n'
    )
    assert desk.shows() == (
        "permits.sqlite: permits 6, people 5\n"
        "imported: 2021-06-18 08:00 (Asia/Shanghai), rows 6, left out 0\n"
        "now: in force 4, over 1, not begun 1\n"
        'zones: east-3 5, east-5 1; none names "public", the zone of this gate ([checkpoint] zone)\n'
    )


def test_bad_rows_are_named_and_left_out(desk: Desk) -> None:
    rows = [*good(5), row(6, zones=""), row(7, hours="x"), row(1), row(8, id="A"), row(9, id="A")]
    status, printed = desk.imports(table([{"name": "x"}, *rows]))
    assert status == 1
    assert [text.split(":")[0] for text in printed.splitlines()] == [
        *("line 8", "line 9", "line 10", "line 12", "imported", "left out", "zones"),
    ]
    assert "line 10: the same permit stands in line 3 already; take one of them out\n" in printed
    assert "line 12: the same permit stands in line 11 already" in printed
    assert "left out: 4, named above; mend them and import the whole file again" in printed
    assert "permits 6, people 6" in desk.shows()


@pytest.mark.parametrize("bad", [b"", table([]), table([row(1, zones=""), row(2), row(3, to="")]), b"\xff" * 100])
def test_a_file_that_is_mostly_wrong_changes_nothing(desk: Desk, bad: bytes) -> None:
    desk.imports(table(good(3)))
    before = desk.list.read_bytes()
    status, printed = desk.imports(bad)
    assert status == 2
    assert "gate permits import:" in printed
    assert desk.list.read_bytes() == before
    assert not list(desk.folder.glob("*.new")), "nothing is left behind"


def test_half_of_the_rows_may_be_bad(desk: Desk) -> None:
    assert desk.imports(table([row(1), row(2, zones="")]))[0] == 1


def test_numbers_that_lost_their_end_are_refused_even_where_they_fit(desk: Desk) -> None:
    spoilt = f"{CUT[:-4]}2000"
    assert desk.imports(table([row(1), row(2), row(3, number=CUT)]))[0] == 0, "alone it is a number like others"
    status, printed = desk.imports(table([row(1), row(2), row(3, number=CUT), row(4, number=spoilt)]))
    assert status == 1
    assert "line 5: 证件号码 number: its last digits are lost" in printed
    assert "line 4: 证件号码 number: it ends in 000 like others in this file" in printed
    assert "zones: east-3 2" in printed
    assert "permits 2, people 2" in desk.shows()


def test_columns_that_are_not_read_are_named_by_their_place(desk: Desk) -> None:
    data = f"姓名,number,zones,from,to,phone\n张三,{number(1)},public,2021-06-01,2021-06-30,1\n".encode()
    status, printed = desk.imports(data)
    assert status == 0
    assert printed == (
        "imported: 1 of 1 rows; they are the list from now on\n"
        "not read: column 1, 6 (its heading is none that is known)\n"
        "zones: public 1\n"
    )


def test_no_number_and_no_name_is_on_disk(desk: Desk) -> None:
    data = f"姓名,number,zones,from,to\n张三,{number(1)},public,2021-06-01,2021-06-30\n".encode()
    desk.imports(data)
    for file in desk.folder.iterdir():
        if file.name != "list.csv":
            assert number(1).encode() not in file.read_bytes(), file
            assert "张三".encode() not in file.read_bytes(), file
    assert desk.list.stat().st_mode & 0o777 == 0o600


def test_one_person_can_not_have_any_number_of_permits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permit_writer, "MOST_FOR_ONE", 2)
    _, printed = desk.imports(table([row(1, zones="a"), row(1, zones="b"), row(1, zones="c"), row(2)]))
    assert "line 4: more than 2 permits for one person" in printed


def test_a_disk_that_is_full_keeps_the_list_that_serves(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.imports(table(good(1)))
    before = desk.list.read_bytes()
    connect = sqlite3.connect

    def small(*args: object, **kwargs: object) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*args, **kwargs)  # type: ignore[call-overload]
        db.execute("PRAGMA max_page_count=12")
        return db

    monkeypatch.setattr("sqlite3.connect", small)
    status, printed = desk.imports(table(good(900)))
    assert status == 2
    assert "list of permits can't be written (database or disk is full); check folder, owner and free space" in printed
    assert desk.list.read_bytes() == before
    assert not list(desk.folder.glob("*.new"))


def test_what_a_power_cut_left_behind_is_swept_away(desk: Desk) -> None:
    (desk.folder / "permits.sqlite.abc.new").write_bytes(b"half a list")
    desk.imports(table(good(1)))
    assert not list(desk.folder.glob("*.new"))


def test_a_folder_that_takes_no_file(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text("utf-8").replace("permits.sqlite", "list.csv/permits.sqlite"), "utf-8")
    status, printed = desk.imports(table(good(1)))
    assert status == 2
    assert "can't be written" in printed


@pytest.mark.parametrize("tool", ["import", "show"])
def test_a_gate_without_a_list_says_how_to_have_one(desk: Desk, tool: str) -> None:
    desk.config.write_text((ROOT / "config" / "demo.toml").read_text("utf-8"), "utf-8")
    status, printed = desk.does(tool, *(["list.csv"] if tool == "import" else []))
    assert status == 2
    assert 'write permits = "permits.sqlite" under [status]' in printed


def test_no_list_and_no_file(desk: Desk) -> None:
    status, printed = desk.does("show")
    assert status == 2
    assert f"{desk.list}: there is no list of permits; make one: gate permits import LIST.csv" in printed
    os.mkfifo(desk.folder / "pipe")
    for name in ("missing.csv", "pipe"):
        status, printed = desk.does("import", str(desk.folder / name))
        assert (status, printed) == (2, f"gate permits import: {desk.folder / name}: no such file\n")


def test_the_template_is_a_list_that_can_be_imported(desk: Desk) -> None:
    status, printed = desk.does("template")
    assert status == 0
    assert printed.startswith("\ufeff通行证编号 id,"), "Excel knows UTF-8 by this mark"
    status, said = desk.imports(printed.encode())
    assert status == 0
    assert said.startswith(f"imported: {len(EXAMPLES)} of {len(EXAMPLES)} rows;")


def test_somebody_who_watches_sees_how_far_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(importing, "_STEP", 2)
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    desk.imports(table(good(4)))
    assert "2 rows, 6" in screen.getvalue()
    assert "\r\x1b[K4 rows, 100 %" in screen.getvalue()


def test_whoever_stops_it_keeps_the_list_that_serves(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.imports(table(good(1)))
    before = desk.list.read_bytes()

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "_progress", stop)
    status, printed = desk.imports(table(good(2)))
    assert (status, printed) == (2, "gate permits: stopped; the list that served serves on\n")
    assert desk.list.read_bytes() == before
    assert not list(desk.folder.glob("*.new"))
