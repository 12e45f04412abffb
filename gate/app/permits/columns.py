"""The columns of a list of permits, and how staff may head them."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from gate.errors import ConfigError


class Column(StrEnum):
    """What a column says; the value is its English heading."""

    ID = "id"
    DOCUMENT = "document"
    NUMBER = "number"
    ZONES = "zones"
    FROM = "from"
    TO = "to"
    HOURS = "hours"
    ENTRIES = "entries"
    SPONSOR = "sponsor"

    @property
    def heading(self) -> str:
        """In both languages, as the template has it and as messages name it."""
        return f"{CHINESE[self]} {self.value}"


CHINESE: Final = {
    Column.ID: "通行证编号",
    Column.DOCUMENT: "证件类型",
    Column.NUMBER: "证件号码",
    Column.ZONES: "区域",
    Column.FROM: "开始",
    Column.TO: "结束",
    Column.HOURS: "时段",
    Column.ENTRIES: "次数",
    Column.SPONSOR: "单位",
}
NEEDED: Final = (Column.NUMBER, Column.ZONES, Column.FROM, Column.TO)

_NAMES: Final = {name: column for column in Column for name in (column.value, CHINESE[column])}
_APART: Final = re.compile(r"[\s/()]+")


def recognised(cells: list[str]) -> list[Column | None]:
    """Which column each heading names: in Chinese, in English or in both; None for one that is not used."""
    return [_column(cell) for cell in cells]


def check(columns: list[Column | None]) -> None:
    """Raise ConfigError where a list can't be read by these columns."""
    named = [column for column in columns if column is not None]
    for column in named:
        if named.count(column) > 1:
            raise ConfigError(f"two columns are headed {column.heading}; keep one of them")
    missing = [column.heading for column in NEEDED if column not in named]
    if missing:
        raise ConfigError(
            f"line 1 must name the columns, and there is none headed {' or '.join(missing)}; "
            "`gate permits template` prints a list to fill in"
        )


def _column(cell: str) -> Column | None:
    words = [word for word in _APART.split(unicodedata.normalize("NFKC", cell).lower()) if word]
    found = {_NAMES.get(word) for word in words}
    return found.pop() if len(found) == 1 else None
