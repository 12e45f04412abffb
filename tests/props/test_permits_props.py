"""Whatever office program wrote it: the same table gives the same permits, and no bytes break the reader."""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from permit_lists import NOW, number

from gate.app.permits import row as rows
from gate.app.permits.columns import CHINESE, Column
from gate.app.permits.table import Table
from gate.errors import ConfigError
from gate.model import Document, DocumentType, PermitRecord

if TYPE_CHECKING:
    from collections.abc import Callable

SHANGHAI = ZoneInfo("Asia/Shanghai")
HIDDEN: Final = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Nd")
MARKS = ("=", "@", "+", "-")
SHOWN = st.characters(exclude_categories=HIDDEN)
TEXTS = st.text(st.one_of(SHOWN, st.sampled_from(' ",;\t12')), min_size=1, max_size=30).map(
    lambda text: "".join(c for c in text.strip() if c != "\t")
)
NAMES = TEXTS.filter(lambda text: bool(text) and text == text.strip() and not text.startswith(MARKS))
ZONES = st.frozensets(
    st.text(SHOWN.filter(lambda c: c not in ";,、|；，"), min_size=1, max_size=10).filter(
        lambda zone: not zone.startswith(MARKS)
    ),
    min_size=1,
    max_size=4,
)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 30)).map(  # noqa: DTZ001 - the zone comes next
    lambda at: at.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
)
HOURS = st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(lambda span: span[0] != span[1])
DATES: tuple[Callable[[datetime], str], ...] = (
    lambda at: f"{at:%Y-%m-%d %H:%M}",
    lambda at: f"{at.year}/{at.month}/{at.day} {at.hour}:{at:%M:%S}",
    lambda at: f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}",
)
DOCUMENTS = st.one_of(
    st.integers(1, 999).map(lambda n: Document(DocumentType.RESIDENT_ID, number(n))),
    st.integers(0, 99_999_999).map(lambda n: Document(DocumentType.PASSPORT, f"E{n:08}")),
    st.integers(0, 99_999_999).map(lambda n: Document(DocumentType.TRAVEL_PERMIT, f"H{n:08}")),
)


@st.composite
def entries(draw: st.DrawFn) -> rows.Entry:
    begins = draw(MOMENTS)
    permit = PermitRecord(
        "permits",
        NOW.at,
        draw(ZONES),
        begins,
        begins + timedelta(minutes=draw(st.integers(1, 1440))),
        draw(st.none() | HOURS),
        draw(st.none() | st.integers(0, 100_000)),
        draw(st.none() | NAMES.map(lambda name: f"TX {name}")),
        draw(st.none() | NAMES),
    )
    return rows.Entry(draw(DOCUMENTS), permit, doubtful=False)


@st.composite
def dialects(draw: st.DrawFn) -> Callable[[list[rows.Entry]], bytes]:
    columns = draw(st.permutations(list(Column)))
    chinese, separator = draw(st.booleans()), draw(st.sampled_from(",;\t"))
    # By an English head alone a list of a few odd characters could be of either encoding.
    encoding = draw(st.sampled_from(("utf-8", "utf-8-sig", *(("gb18030",) if chinese else ()))))
    ends, quoted = draw(st.sampled_from(("\n", "\r\n"))), draw(st.booleans())
    date, zones_apart = draw(st.sampled_from(DATES)), draw(st.sampled_from((";", "、", ", ")))

    def cells(one: rows.Entry) -> dict[Column, str]:
        permit, kind = one.permit, one.document.type
        span = permit.hours and tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in permit.hours)
        return {
            Column.DOCUMENT: rows.DOCUMENTS[kind][-1] if chinese else kind.value,
            Column.NUMBER: one.document.number,
            Column.ZONES: zones_apart.join(sorted(permit.zones)),
            Column.FROM: date(permit.valid_from),
            Column.TO: date(permit.valid_to),
            Column.HOURS: "-".join(span) if span else "",
            Column.ENTRIES: "" if permit.entries_left is None else str(permit.entries_left),
            Column.SPONSOR: permit.sponsor or "",
            Column.ID: permit.id or "",
        }

    def write(table: list[rows.Entry]) -> bytes:
        text = io.StringIO()
        style: type[csv.Dialect] = csv.unix_dialect if quoted else csv.excel
        writer = csv.writer(text, style, delimiter=separator, lineterminator=ends)
        writer.writerow([CHINESE[column] if chinese else column.value for column in columns] + ["姓名"] * chinese)
        writer.writerows([found[column] for column in columns] for found in map(cells, table))
        return text.getvalue().encode(encoding)

    return write


def read(data: bytes) -> list[rows.Entry | rows.Faults | str]:
    table = Table(io.BytesIO(data), len(data))
    return [one.fault or rows.read(one.cells, SHANGHAI, NOW.at) for one in table.rows()]


@given(st.lists(entries(), max_size=5), dialects())
def test_the_same_table_in_any_dialect_gives_the_same_permits(
    table: list[rows.Entry], write: Callable[[list[rows.Entry]], bytes]
) -> None:
    assert read(write(table)) == [
        rows.Entry(
            one.document, one.permit, doubtful=one.document.number.endswith("000") and len(one.document.number) > 9
        )
        for one in table
    ]


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_break_the_reader(data: bytes, headed: bool) -> None:
    head = b"number,zones,from,to\n"
    try:
        found = read(head + data if headed else data)
    except ConfigError:
        assert not headed
    else:
        assert len(found) <= data.count(b"\n") + 1


@given(st.dictionaries(st.sampled_from(Column), st.text(max_size=80)))
def test_no_cells_break_a_row(cells: dict[Column, str]) -> None:
    found = rows.read({column: text.strip() for column, text in cells.items()}, SHANGHAI, NOW.at)
    assert isinstance(found, rows.Entry) or found.texts
    number = unicodedata.normalize("NFKC", cells.get(Column.NUMBER, "")).strip()
    if isinstance(found, rows.Faults) and len(number) > 12:
        assert number not in str(found)
