"""``gate permits template``: a list to fill in. The people of its examples are fictional, as region 999999 is."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from gate.app.permits.columns import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES: Final = (
    (
        "TX-0001",
        "身份证",
        "999999199001010024",
        "east-3;east-5",
        "2021-06-18",
        "2021-06-30",
        "06:00-22:00",
        "",
        "示例超市",
    ),
    ("TX-0002", "护照", "E99999999", "east-3", "2021-06-18 08:00", "2021-06-18 20:00", "", "1", "Example Hospital"),
)
"""In the order of ``Column``."""

_BOM: Final = "\ufeff"
"""By it Excel knows UTF-8; without it Chinese headings come out wrong there."""


def run() -> int:
    """Print it; 0."""
    print(_BOM + written([[column.heading for column in Column], *EXAMPLES]), end="")
    return 0


def written(rows: Sequence[Sequence[str]]) -> str:
    """The rows as lines of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
