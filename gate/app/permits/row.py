"""One row of a list of permits: from what staff wrote to a permit, or everything that is wrong with it.

Messages say what to write and never hold a document's number. Office programs spoil numbers and dates in ways of their
own; those are told apart from slips of a finger, since another cure helps.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from gate.app.permits.columns import Column
from gate.credentials import document_number
from gate.model import DocumentType, PermitRecord
from gate.status.permit_store import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from gate.model import Document

T = TypeVar("T")

MAX_TEXT: Final = 64
MAX_ZONES: Final = 50
MAX_ENTRIES: Final = 100_000
YEARS: Final = range(2000, 2100)

DOCUMENTS: Final = {
    DocumentType.RESIDENT_ID: ("身份证", "居民身份证"),
    DocumentType.PERMANENT_RESIDENCE: ("永居证", "永久居留身份证", "外国人永久居留身份证"),
    DocumentType.HMT_RESIDENCE: ("港澳台居住证", "港澳台居民居住证"),
    DocumentType.TRAVEL_PERMIT: ("回乡证", "台胞证", "港澳居民来往内地通行证", "台湾居民来往大陆通行证"),
    DocumentType.PASSPORT: ("护照",),
}
"""What a list may call them, besides their English names; the first one is what messages say."""

_TYPES: Final = {name: kind for kind, names in DOCUMENTS.items() for name in (*names, kind.value)}
_MANGLED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{1,3}", re.IGNORECASE)
_CUT: Final = re.compile(r"[0-9]{15}000")
"""Office programs keep 15 digits of a number and write zeros for the rest."""
_AS_TEXT: Final = "the office program took it for an amount: format the column as text and enter the number again"
_DATE: Final = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
    r"(?:(?:[ T]+|(?<=日))([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?"
)
_WRITE_DATE: Final = "write e.g. 2021-06-18 or 2021-06-18 08:00"
_SERIAL: Final = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_HOURS: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})(?:[-~–—至到]+)([0-9]{1,2}):([0-9]{2})")
_ALL_DAY: Final = frozenset({"", "全天", "all day"})
_NO_LIMIT: Final = frozenset({"", "不限", "unlimited"})
_ZONES_APART: Final = re.compile(r"[;,、|]")
_FORMULA: Final = ("=", "@", "+", "-")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A good row."""

    document: Document
    permit: PermitRecord
    doubtful: bool
    """The number is well formed, but it ends as one does that an office program has cut off."""


@dataclass(frozen=True, slots=True)
class Faults:
    """A row that is not taken, and why: each with what to write."""

    texts: tuple[str, ...]
    number_cut: bool
    """The office program has spoilt the number."""


class _Cell:
    """Reads the cells of one row, and notes what is wrong."""

    def __init__(self, cells: Mapping[Column, str]) -> None:
        self._cells = cells
        self.faults: list[str] = []

    def read(self, column: Column, reader: Callable[[str], T]) -> T | None:
        text = self._cells.get(column, "")
        try:
            if text.startswith(_FORMULA):
                raise ValueError("begins like a formula; write the value itself")  # noqa: TRY301 - as any other
            return reader(text)
        except ValueError as fault:
            self.faults.append(f"{column.heading}: {fault}")
            return None


def read(cells: Mapping[Column, str], zone: ZoneInfo, as_of: datetime) -> Entry | Faults:
    """Read one row.

    Args:
        cells: by column, without the spaces around them.
        zone: whose clocks its times show.
        as_of: when the list is imported.
    """
    cell = _Cell(cells)
    number = _bare(cells.get(Column.NUMBER, ""))
    kind = cell.read(Column.DOCUMENT, _kind)
    unknown_kind = bool(cell.faults)
    document = None if unknown_kind else cell.read(Column.NUMBER, lambda _: _document(kind, number))
    begins = cell.read(Column.FROM, lambda text: _moment(text, zone, last=False))
    ends = cell.read(Column.TO, lambda text: _moment(text, zone, last=True))
    if begins is not None and ends is not None and ends <= begins:
        cell.faults.append(f"{Column.TO.heading}: lies before the beginning")
    zones = cell.read(Column.ZONES, _zones)
    hours = cell.read(Column.HOURS, _hours)
    entries = cell.read(Column.ENTRIES, _entries)
    sponsor = cell.read(Column.SPONSOR, _text)
    name = cell.read(Column.ID, lambda text: _name(text, number))
    if cell.faults or document is None or begins is None or ends is None or zones is None:
        spoilt = document is None and not unknown_kind and _spoilt(number)
        return Faults(tuple(cell.faults), number_cut=spoilt)
    permit = PermitRecord(SOURCE, as_of, zones, begins, ends, hours, entries, name, sponsor)
    return Entry(document, permit, doubtful=_CUT.fullmatch(number) is not None)


def _bare(text: str) -> str:
    """A number without the sign by which office programs know a text."""
    return unicodedata.normalize("NFKC", text[: 4 * MAX_TEXT]).strip().lstrip("'’").strip().upper()


def _spoilt(number: str) -> bool:
    return _MANGLED.fullmatch(number) is not None or _CUT.fullmatch(number) is not None


@lru_cache(maxsize=64)
def _kind(text: str) -> DocumentType | None:
    if not text:
        return None
    found = _TYPES.get(unicodedata.normalize("NFKC", text).lower().replace(" ", "_"))
    if found is None:
        raise ValueError(f"is not known; write {_or([names[0] for names in DOCUMENTS.values()])}")
    return found


def _document(kind: DocumentType | None, number: str) -> Document:
    if not number:
        raise ValueError("is empty")
    if _MANGLED.fullmatch(number):
        raise ValueError(_AS_TEXT)
    try:
        return document_number.read(kind, number)
    except ValueError:
        if _CUT.fullmatch(number):
            raise ValueError(f"its last digits are lost; {_AS_TEXT}") from None
        raise


@lru_cache(maxsize=4096)
def _moment(text: str, zone: ZoneInfo, *, last: bool) -> datetime:
    """A date, or a date with a time; of the last day all hours belong to the permit."""
    if not text:
        raise ValueError(f"is empty; {_WRITE_DATE}")
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text))
    if match is None:
        if _SERIAL.fullmatch(text):
            raise ValueError("the office program shows a date as a number: format the column as yyyy-mm-dd")
        raise ValueError(f"is no date with year, month and day in this order; {_WRITE_DATE}")
    year, month, day = (int(part) for part in (match[1], match[3] or match[5], match[4] or match[6]))
    if year not in YEARS:
        raise ValueError(f"the year must be {YEARS[0]} to {YEARS[-1]}")
    hour, minute, second = (int(part or 0) for part in match.groups()[6:])
    whole_day = match[7] is None and last
    try:
        if (hour, minute, second) == (24, 0, 0):
            hour, whole_day = 0, True
        found = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        raise ValueError(f"there is no such day or time; {_WRITE_DATE}") from None
    return found + timedelta(days=1) if whole_day else found


@lru_cache(maxsize=1024)
def _zones(text: str) -> frozenset[str]:
    """Zone names, apart by ``;`` ``,`` ``、`` or ``|``."""
    parts = [part.strip() for part in _ZONES_APART.split(text.replace("；", ";").replace("，", ","))]
    found = frozenset(part for part in parts if part)
    if not found:
        raise ValueError("is empty; write one zone, or several as east-3;east-5")
    if len(found) > MAX_ZONES:
        raise ValueError(f"more than {MAX_ZONES} zones")
    for part in found:
        _text(part)
    return found


@lru_cache(maxsize=1024)
def _hours(text: str) -> tuple[int, int] | None:
    """Minutes of the day, from and up to; from after to goes over midnight."""
    plain = unicodedata.normalize("NFKC", text).lower()
    if plain in _ALL_DAY:
        return None
    match = _HOURS.fullmatch(plain.replace(" ", ""))
    if match is None:
        raise ValueError("write one span such as 08:00-18:00, or 全天 (all day)")
    hour_from, minute_from, hour_to, minute_to = map(int, match.groups())
    begins, ends = hour_from * 60 + minute_from, hour_to * 60 + minute_to
    if max(minute_from, minute_to) > 59 or max(begins, ends) > 24 * 60:  # noqa: PLR2004 - a clock's own numbers
        raise ValueError("there is no such time of day; write e.g. 08:00-18:00")
    if begins == ends:
        raise ValueError("begins when it ends; write 全天 (all day), or the hours")
    return begins, ends


@lru_cache(maxsize=1024)
def _entries(text: str) -> int | None:
    plain = unicodedata.normalize("NFKC", text).lower()
    if plain in _NO_LIMIT:
        return None
    if re.fullmatch(r"[0-9]{1,6}", plain) is None or int(plain) > MAX_ENTRIES:
        raise ValueError(f"write a number up to {MAX_ENTRIES}, or 不限 (unlimited)")
    return int(plain)


@lru_cache(maxsize=4096)
def _text(text: str) -> str | None:
    if len(text) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT} characters")
    if not text.isprintable() and any(unicodedata.category(c) in _HIDDEN for c in text):
        raise ValueError("holds characters that don't show; type it anew")
    if document_number.holds_id_number(text):
        raise ValueError("holds the number of a document, which must not be kept; take it out")
    return text or None


def _name(text: str, number: str) -> str | None:
    if number and number in text.upper():
        raise ValueError("holds the number of a document, which must not be kept; take it out")
    return _text(text)


def _or(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
