"""``gate journal export``: rows as a table or as JSON Lines, boxes unopened."""

from __future__ import annotations

import csv
import json
import os
from base64 import b64encode
from datetime import UTC, date, datetime, time, timedelta
from typing import IO, TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from gate import durable
from gate.errors import JournalError
from gate.journal import audit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

COLUMNS: Final = (
    *("seq", "id", "at", "clock_trusted", "reader", "direction", "zone", "credential", "assurance", "outcome"),
    *("reasons", "rule_set", "profile", "failed_rules", "facts", "marks", "withdrawn", "passage", "permit"),
    *("holder", "code", "sealed", "sealed_to", "revision", "acked", "refused"),
)
_JSON: Final = frozenset({"reasons", "failed_rules", "facts", "marks"})
_QUERY: Final = f"SELECT {', '.join(COLUMNS)} FROM passages WHERE at >= ? AND at < ? ORDER BY seq"  # noqa: S608
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
"""How a cell begins that an office program may carry out (OWASP, "CSV Injection"), and by what such a one is marked."""


def days(first: date | None, last: date | None, time_zone: str) -> tuple[str, str]:
    """From which moment on and until before which one, as rows have their moments."""
    here = ZoneInfo(time_zone)
    begins = "" if first is None else _text(first, here)
    ends = "~" if last is None or last == date.max else _text(last + timedelta(days=1), here)
    return begins, ends


def run(path: Path, out: Path, between: tuple[str, str]) -> int:
    """Write the rows and say how many; 0.

    Raises:
        JournalError: there is no journal that can be read, or the file can't be made.
    """
    if out.exists():
        raise JournalError(f"{out}: is there already; name a new file")
    draft = out.with_name(f"{out.name}.new")
    try:
        with audit.opened(path) as db, _private(draft) as file:
            number = _written(db.execute(_QUERY, between), file, table=out.suffix.lower() == ".csv")
        durable.put_in_place(draft, out)
    except OSError as fault:
        raise JournalError(f"{out}: can't be written ({fault.strerror})") from None
    finally:
        draft.unlink(missing_ok=True)
    print(f"{out}: {number:,} row{'' if number == 1 else 's'}")
    return 0


def _written(rows: Iterable[tuple[Any, ...]], file: IO[str], *, table: bool) -> int:
    writer = csv.writer(file)
    if table:
        writer.writerow(COLUMNS)
    number = 0
    for row in rows:
        if table:
            writer.writerow([_cell(value) for value in row])
        else:
            file.write(json.dumps(dict(_members(row))) + "\n")
        number += 1
    return number


def _members(row: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for name, value in zip(COLUMNS, row, strict=True):
        if isinstance(value, bytes):
            yield name, b64encode(value).decode()
        else:
            yield name, json.loads(value) if name in _JSON else value


def _cell(value: Any) -> str:
    """Nothing that an office program would carry out instead of showing it."""
    if value is None:
        return ""
    text = b64encode(value).decode() if isinstance(value, bytes) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _private(path: Path) -> IO[str]:
    """A file that only its owner may read, from its first byte on."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def _text(day: date, here: ZoneInfo) -> str:
    return datetime.combine(day, time(), here).astimezone(UTC).isoformat(timespec="milliseconds")
