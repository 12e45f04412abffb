"""What staff may write into a row, and what they are told about every other."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from permit_lists import CUT, NOW, ZONE, number, row

from gate.app.permits import row as rows
from gate.app.permits.columns import Column
from gate.model import Document, DocumentType, PermitRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

SHANGHAI = ZoneInfo("Asia/Shanghai")


def read(cells: Mapping[str, str]) -> rows.Entry | rows.Faults:
    return rows.read({Column(name): text for name, text in cells.items()}, SHANGHAI, NOW.at)


def permit(**cells: str) -> PermitRecord:
    found = read(row(1, **cells))
    assert isinstance(found, rows.Entry), found
    return found.permit


def faults(**cells: str) -> str:
    found = read(row(1, **cells))
    assert isinstance(found, rows.Faults)
    assert number(1) not in str(found), "no message holds a number"
    return " | ".join(found.texts)


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=SHANGHAI)  # type: ignore[misc, arg-type]  # year, month, day and what follows


def test_a_whole_row() -> None:
    found = read(
        row(
            document="护照", number="E99999999", zones="east-3；east-5", from_="2021-06-18", to="2021/6/30",
            hours="8:00-18:00", entries="12", sponsor="示例超市", id="TX-1",
        )
    )  # fmt: skip
    assert found == rows.Entry(
        Document(DocumentType.PASSPORT, "E99999999"),
        PermitRecord(
            "permits",
            NOW.at,
            frozenset({"east-3", "east-5"}),
            at(2021, 6, 18),
            at(2021, 7, 1),
            (480, 1080),
            12,
            "TX-1",
            "示例超市",
        ),
        doubtful=False,
    )


def test_the_least_that_a_row_needs() -> None:
    found = permit()
    assert (found.hours, found.entries_left, found.id, found.sponsor) == (None, None, None, None)
    assert found.zones == {ZONE}


@pytest.mark.parametrize(
    ("written", "first", "end"),
    [
        ("2021-06-18", at(2021, 6, 18), at(2021, 6, 19)),
        ("2021/6/8", at(2021, 6, 8), at(2021, 6, 9)),
        ("2021.06.18", at(2021, 6, 18), at(2021, 6, 19)),
        ("2021年6月18日", at(2021, 6, 18), at(2021, 6, 19)),
        ("2021年6月18日8:05", at(2021, 6, 18, 8, 5), at(2021, 6, 18, 8, 5)),
        ("2021-06-18 08:05", at(2021, 6, 18, 8, 5), at(2021, 6, 18, 8, 5)),
        ("2021/6/18 8:05:30", at(2021, 6, 18, 8, 5, 30), at(2021, 6, 18, 8, 5, 30)),
        ("2021-06-18T23:59", at(2021, 6, 18, 23, 59), at(2021, 6, 18, 23, 59)),
        ("2021-06-18 24:00", at(2021, 6, 19), at(2021, 6, 19)),
        ("２０２１－０６－１８", at(2021, 6, 18), at(2021, 6, 19)),
    ],
)
def test_dates_as_office_programs_write_them(written: str, first: datetime, end: datetime) -> None:
    assert permit(from_=written).valid_from == first
    assert permit(to=written).valid_to == end


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("08:00-18:00", (480, 1080)),
        ("8:00～18:00", (480, 1080)),
        ("8：00 至 18：30", (480, 1110)),
        ("22:00—06:00", (1320, 360)),
        ("00:00-24:00", (0, 1440)),
        ("全天", None),
        ("All day", None),
    ],
)
def test_hours(written: str, hours: tuple[int, int] | None) -> None:
    assert permit(hours=written).hours == hours


@pytest.mark.parametrize("written", ["a;b", "a、b", "a，b", "a, b", " a | b ;"])
def test_several_zones(written: str) -> None:
    assert permit(zones=written).zones == {"a", "b"}


@pytest.mark.parametrize(("written", "entries"), [("3", 3), ("0", 0), ("不限", None), ("Unlimited", None)])
def test_entries(written: str, entries: int | None) -> None:
    assert permit(entries=written).entries_left == entries


@pytest.mark.parametrize("written", ["身份证", "居民身份证", "resident_id", "Resident ID", ""])
def test_names_of_a_document(written: str) -> None:
    found = read(row(document=written))
    assert isinstance(found, rows.Entry)
    assert found.document == Document(DocumentType.RESIDENT_ID, number(1))


def test_a_number_that_was_typed_as_text() -> None:
    assert permit(number=f"'{number(1)}").zones == {ZONE}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"number": ""}, "证件号码 number: is empty"),
        ({"number": "4.40106E+17"}, "format the column as text"),
        ({"number": "4E+17"}, "format the column as text"),
        ({"number": "999999199001010000"}, "its last digits are lost; the office program"),
        ({"number": "999999199001010025"}, "a digit or the check character"),
        ({"number": "13800000000", "document": "护照"}, "passport"),
        ({"document": "驾驶证"}, "证件类型 document: is not known; write 身份证, 永居证, 港澳台居住证, 回乡证 or 护照"),
        ({"document": "港澳台居住证", "number": "H1"}, "has 2 characters"),
        ({"zones": ""}, "区域 zones: is empty"),
        ({"zones": " ; "}, "区域 zones: is empty"),
        ({"zones": ";".join(map(str, range(51)))}, "more than 50 zones"),
        ({"zones": "z" * 65}, "longer than 64"),
        ({"zones": f"east;{number(2)}"}, "number of a document"),
        ({"from_": ""}, "开始 from: is empty; write e.g. 2021-06-18"),
        ({"from_": "18/6/2021"}, "year, month and day in this order"),
        ({"from_": "44365"}, "format the column as yyyy-mm-dd"),
        ({"from_": "44365.5"}, "format the column as yyyy-mm-dd"),
        ({"from_": "2021-06-31"}, "no such day or time"),
        ({"from_": "2021-06-18 25:00"}, "no such day or time"),
        ({"from_": "2021-06-18 24:01"}, "no such day or time"),
        ({"from_": "2021-06/18"}, "year, month and day"),
        ({"from_": "2021-06-1808:00"}, "year, month and day"),
        ({"from_": "1999-06-18"}, "2000 to 2099"),
        ({"to": "长期"}, "结束 to: is no date"),
        ({"from_": "2021-06-18", "to": "2021-06-17"}, "结束 to: lies before the beginning"),
        ({"from_": "2021-06-18 08:00", "to": "2021-06-18 08:00"}, "lies before the beginning"),
        ({"hours": "8-18"}, "时段 hours: write one span"),
        ({"hours": "08:00-12:00,14:00-18:00"}, "write one span"),
        ({"hours": "08:00-08:00"}, "begins when it ends"),
        ({"hours": "08:60-18:00"}, "no such time of day"),
        ({"hours": "08:00-24:01"}, "no such time of day"),
        ({"entries": "3.5"}, "次数 entries: write a number"),
        ({"entries": "100001"}, "write a number up to 100000"),
        ({"entries": "-1"}, "begins like a formula"),
        ({"sponsor": '=HYPERLINK("http://…")'}, "单位 sponsor: begins like a formula"),
        ({"sponsor": "@SUM(1)"}, "begins like a formula"),
        ({"sponsor": "公" * 65}, "longer than 64"),
        ({"sponsor": "示例\u202e公司"}, "characters that don't show"),
        ({"sponsor": "示例\n公司"}, "characters that don't show"),
        ({"sponsor": f"示例 {number(3)}"}, "number of a document"),
        ({"id": number(1)}, "通行证编号 id: holds the number of a document"),
        ({"id": "x-e99999999", "document": "护照", "number": "E99999999"}, "holds the number of a document"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(cells: dict[str, str], words: str) -> None:
    assert words in faults(**cells)


def test_all_that_is_wrong_with_a_row_is_said_at_once() -> None:
    said = faults(number="1", zones="", from_="x", to="y", hours="z", entries="many")
    assert [text.split(":")[0] for text in said.split(" | ")] == [
        "证件号码 number",
        "开始 from",
        "结束 to",
        "区域 zones",
        "时段 hours",
        "次数 entries",
    ]


@pytest.mark.parametrize(("typed", "cut"), [("4.4E+17", True), (f"{CUT[:-4]}2000", True), ("1", False)])
def test_a_number_that_an_office_program_spoilt_is_told_from_a_slip(typed: str, *, cut: bool) -> None:
    found = read(row(number=typed))
    assert isinstance(found, rows.Faults)
    assert found.number_cut is cut


def test_a_number_that_fits_though_it_ends_like_a_cut_one_is_doubtful() -> None:
    found = read(row(number=CUT))
    assert isinstance(found, rows.Entry)
    assert found.doubtful
