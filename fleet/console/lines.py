"""CSV from people and for them: read line by line, every wrong one named; written so that no spreadsheet runs it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_LINE: Final = 1000
"""Bytes."""
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class WrongLines(Exception):  # noqa: N818 - says what is the case
    """Nothing was done: the numbers of the lines that are wrong, and why each is."""

    def __init__(self, wrong: list[tuple[int, str]]) -> None:
        super().__init__(f"{len(wrong)} wrong lines")
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file; ``cells`` are in the order of the columns, and empty where it is wrong."""

    number: int
    cells: tuple[str, ...] = ()
    wrong: str = ""


def read(file: IO[bytes], columns: tuple[str, ...], most: int) -> Iterator[Line]:
    """Every line below the first, which names the columns; empty ones are skipped.

    A line is a row: no cell goes over two. In memory there is one at a time.

    Args:
        file: UTF-8, with a byte order mark or without.
        columns: as the first line has to name them.
        most: rows; after so many the next is wrong, and the last.
    """
    rows = 0
    for number, raw in enumerate(_raw(file), 1):
        line = _taken(number, raw, len(columns))
        if number == 1:
            if line.cells != columns:
                yield Line(1, wrong=_("the first line has to be: %(columns)s") % {"columns": ",".join(columns)})
                return
        elif raw is None or raw.strip():
            rows += 1
            if rows > most:
                yield Line(number, wrong=_("at most %(most)d lines") % {"most": most})
                return
            yield line
    if not rows:
        yield Line(1, wrong=_("there is nothing in this file"))


def _raw(file: IO[bytes]) -> Iterator[bytes | None]:
    """Its lines; None for one that is too long, which is read over."""
    while piece := file.readline(MOST_LINE):
        whole = piece
        while len(piece) == MOST_LINE and not piece.endswith(b"\n"):
            piece = file.readline(MOST_LINE)
        yield whole if piece is whole else None


def _taken(number: int, raw: bytes | None, width: int) -> Line:
    if raw is None:
        return Line(number, wrong=_("too long"))
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        rows = list(csv.reader([text], strict=True))
    except UnicodeDecodeError:
        return Line(number, wrong=_("not UTF-8"))
    except csv.Error:
        return Line(number, wrong=_("a quotation mark is missing"))
    cells = tuple(cell.strip() for cell in rows[0]) if rows else ()
    if len(cells) != width or not all(cells):
        return Line(number, wrong=_("%(width)d cells, none of them empty") % {"width": width})
    if not all(cell.isprintable() for cell in cells):
        return Line(number, wrong=_("a character that can't be shown"))
    return Line(number, cells)


def write(rows: Iterable[Iterable[str]]) -> Iterator[bytes]:
    """Rows as lines of UTF-8; the first has the byte order mark without which Excel takes another encoding."""
    writer = csv.writer(_Echo())
    yield b"\xef\xbb\xbf"
    for row in rows:
        yield writer.writerow([_harmless(cell) for cell in row]).encode()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; blanks before one don't keep it from that."""
    return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) or cell.lstrip().startswith(_STARTS_A_FORMULA) else cell


class _Echo:
    """For ``csv.writer``: what is written comes back."""

    def write(self, text: str) -> str:
        return text
