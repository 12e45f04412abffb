"""Lists of permits for tests: tables as offices save them, and the gate's own file made from them. Fictional people."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gate.app.permits import importing
from gate.app.permits.columns import Column
from gate.credentials.id_number import check_character
from gate.model import Checkpoint, Direction, Document, DocumentType, Moment
from gate.pseudonym import PseudonymKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

KEY: Final = PseudonymKey(bytes(32))
ZONE: Final = "east-3"
HERE: Final = Checkpoint("c", "station", "1", Direction.IN, attended=True, zone=ZONE)
NOW: Final = Moment(datetime(2021, 6, 18, 8, tzinfo=UTC), trusted=True)

CUT: Final = "999999199001011000"
"""A good number that ends as those do that an office program has cut off."""


def number(sequence: int) -> str:
    """The ID number of the simulated citizen with this number."""
    body = f"99999919900101{sequence:03d}"
    return body + check_character(body)


def holder(sequence: int) -> bytes:
    """That citizen's pseudonym."""
    return KEY.pseudonym(Document(DocumentType.RESIDENT_ID, number(sequence)))


def row(sequence: int = 1, /, **cells: str) -> dict[str, str]:
    """A good row of a list, by English heading, with some cells as given."""
    usual = {"number": number(sequence), "zones": ZONE, "from": "2021-06-01", "to": "2099-06-30"}
    return usual | {name.rstrip("_"): text for name, text in cells.items()}


def table(rows: Iterable[Mapping[str, str]], separator: str = ",", encoding: str = "utf-8") -> bytes:
    """Rows as CSV, headed as the template is."""
    heads: Sequence[Column] = tuple(Column)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow([column.heading for column in heads])
    writer.writerows([cells.get(column.value, "") for column in heads] for cells in rows)
    return text.getvalue().encode(encoding)


def imported(folder: Path, data: bytes, key: PseudonymKey = KEY, now: Moment = NOW) -> Path:
    """The gate's list, made from a table."""
    file, target = folder / "list.csv", folder / "permits.sqlite"
    file.write_bytes(data)
    importing.run(file, target, HERE, key, now)
    return target
