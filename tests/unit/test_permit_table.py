"""Tables as office programs save them, and what no program ever wrote."""

from __future__ import annotations

import io

import peak_memory
import pytest
from permit_lists import number, row, table

from gate.app.permits import table as tables
from gate.app.permits.columns import Column
from gate.app.permits.table import Row, Table
from gate.errors import ConfigError

HEAD = "number,zones,from,to\n"
LINE = "1,a,b,c\n"


def read(data: bytes | str) -> list[Row]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(Table(io.BytesIO(raw), len(raw)).rows())


def numbers(data: bytes | str) -> list[tuple[int, str]]:
    """Line and number of every row, or its fault."""
    return [(one.line, one.fault or one.cells[Column.NUMBER]) for one in read(data)]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_dialect_reads_alike(separator: str, encoding: str, line_end: str) -> None:
    rows = [row(1, sponsor="示例超市，一店"), row(2, sponsor='a "b", c; d\te')]
    data = table(rows, separator, encoding).replace(b"\r\n", line_end.encode())
    assert [one.cells[Column.SPONSOR] for one in read(data)] == ["示例超市，一店", 'a "b", c; d\te']
    assert [one.line for one in read(data)] == [2, 3]


@pytest.mark.parametrize(
    "head",
    [
        "number,zones,from,to",
        "证件号码,区域,开始,结束",
        "证件号码 number,区域/zones,开始（from）,结束 (to)",
        '" Number ",ZONES,"From",To',
        "姓名,证件号码,区域,开始,结束,备注",
        "to,from,zones,number",
    ],
)
def test_headings_in_either_language_and_any_order(head: str) -> None:
    assert not read(f"{head}\n")
    table = Table(io.BytesIO(f"{head}\n".encode()), 0)
    assert table.unused == ([1, 6] if "姓名" in head else [])


def test_an_english_head_over_chinese_rows_of_another_encoding() -> None:
    data = f"{HEAD}1,东区,b,c\n2,西区,b,c\n".encode("gb18030")
    assert [one.cells[Column.ZONES] for one in read(data)] == ["东区", "西区"]


def test_one_broken_line_is_not_another_encoding() -> None:
    data = HEAD.encode() + "1,东区,b,c\n".encode() * 3 + b"1,\xd6\xa4,b,c\n" + b"2,\xff,b,c\n"
    assert [(line, fault[:25]) for line, fault in numbers(data)[3:]] == [
        (5, "1"),
        (6, "holds bytes that are no t"),
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        (f"{number(1)},a,b,c\n", "there is none headed 证件号码 number or 区域 zones or 开始 from or 结束 to"),
        ("number,zones,from\n", "none headed 结束 to"),
        ("number,number,zones,from,to\n", "two columns are headed 证件号码 number"),
        ("number,证件号码,zones,from,to\n", "two columns are headed"),
        ('number,"zones,from,to\n', "line 1: quotes"),
        ("证件号码,区域\n".encode("utf-16"), '"Unicode text"'),
        ("number\0,zones\n", '"Unicode text"'),
        ("证件".encode() + b"\xff,a\n", "line 1: holds bytes that are no text"),
        ("a," * 1_000_000, "line 1: the line is longer than 64 KiB"),
    ],
)
def test_what_is_no_list_at_all(data: bytes | str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        read(data)
    assert number(1) not in str(refused.value)


def test_a_table_that_is_too_large() -> None:
    with pytest.raises(ConfigError, match="larger than 512 MiB; divide it"):
        Table(io.BytesIO(b""), (512 << 20) + 1)


def test_more_rows_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    assert len(read(HEAD + LINE * 3)) == 3
    with pytest.raises(ConfigError, match="more than 3 rows"):
        read(HEAD + LINE * 4)


def test_empty_rows_are_no_rows() -> None:
    assert numbers(f"\n{HEAD}\n,,,\n , ,,\n{LINE}") == [(6, "1")]


def test_a_quoted_cell_may_go_over_several_lines() -> None:
    assert numbers(f'remarks,{HEAD}"x\ny ""z""\n",1,a,b,c\nx,2,a,b,c\n') == [(2, "1"), (5, "2")]


def test_a_forgotten_quote_spoils_only_its_own_row() -> None:
    lines = [f"{number},a,b,c" for number in range(60)]
    lines[1] = '1,"a,b,c'
    lines[58] = '58,a"a,b,c'
    found = numbers(HEAD + "\n".join(lines))
    assert len(found) == 60
    assert [line for line, text in found if not text.isdigit()] == [3, 60]
    assert found[1][1] == 'a quote (") is opened and not closed'


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1,a,b,c,d", "more cells than line 1 has"),
        ('1,"a"a,b,c', "quotes"),
        ("1,a\rb,b,c", "line breaks"),
        ("1,a\0,b,c", "NUL"),
        ("1," + "a" * 70_000, "longer than 64 KiB"),
        ("1," * 1_000_000, "longer than 64 KiB"),
        ('1,"' + "a" * 40_000 + "\n" + "b" * 40_000, "opened and not closed"),
    ],
)
def test_a_row_that_can_not_be_read_is_named_and_the_next_one_is_read(line: str, fault: str) -> None:
    found = numbers(f"{HEAD}{line}\n2,a,b,c\n")
    assert fault in found[0][1]
    assert found[0][0] == 2
    assert found[-1][1] == "2"


def test_a_row_may_have_fewer_cells_or_empty_ones_more() -> None:
    assert [dict(one.cells) for one in read(f"{HEAD}1,a\n2,a,b,c,,,\n")] == [
        {Column.NUMBER: "1", Column.ZONES: "a"},
        {Column.NUMBER: "2", Column.ZONES: "a", Column.FROM: "b", Column.TO: "c"},
    ]


def test_an_endless_line_takes_no_memory() -> None:
    data = io.BytesIO(HEAD.encode() + b"9" * (64 << 20))
    before = peak_memory.restart()
    (only,) = Table(data, 0).rows()
    assert "longer" in only.fault
    assert peak_memory.peak() - before < 8 << 20
