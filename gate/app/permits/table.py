"""A table as office programs save it: any of three separators, two encodings, quoted cells; row by row, with its line.

Nothing is kept but the row that is being read, so that a list of half a million rows takes no more memory than a short
one. A row that can't be read is a fault with its line, and the next one is read as if nothing had been.
"""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from gate.app.permits import columns
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gate.app.permits.columns import Column

MAX_FILE_BYTES: Final = 512 << 20
MAX_LINE_BYTES: Final = 64 << 10
MAX_ROWS: Final = 2_000_000
MOST_LINES_OF_A_ROW: Final = 50
"""A quoted cell may hold line breaks; past that a quote was forgotten."""

_SEPARATORS: Final = (",", ";", "\t")
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAVE_AS: Final = 'save it as "CSV UTF-8"'
_TOO_LONG: Final = f"the line is longer than {MAX_LINE_BYTES >> 10} KiB"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, counted from 1, and its used cells, or why it can't be read."""

    line: int
    cells: Mapping[Column, str]
    fault: str = ""


class Table:
    """Reads a table from a file.

    Raises:
        ConfigError: it can't be read as a list of permits at all.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        """Read its first line.

        Args:
            file: at its beginning; must be able to go back there.
            size: in bytes.
        """
        if size > MAX_FILE_BYTES:
            raise ConfigError(f"the file is larger than {MAX_FILE_BYTES >> 20} MiB; divide it")
        self._file = file
        self._line = 0
        self._back: list[tuple[int, bytes | None]] = []
        self.done_bytes = 0
        """How far it has been read."""
        head = self._head()
        self._encoding = self._find_encoding(head)
        self._separator, named = self._find_columns(head)
        self._columns = [(place, column) for place, column in enumerate(named) if column is not None]
        self._width = len(named)
        self.unused = [place for place, column in enumerate(named, 1) if column is None]
        """Numbers of the columns that are not read."""

    def rows(self) -> Iterator[Row]:
        """Every row that is not empty, in order."""
        for number, row in enumerate(self._records()):
            if number >= MAX_ROWS:
                raise ConfigError(f"more than {MAX_ROWS:,} rows; divide the file")
            yield row

    def _records(self) -> Iterator[Row]:
        while (first := self._next()) is not None:
            line, raw = first
            if raw is None:
                yield Row(line, {}, _TOO_LONG)
                continue
            try:
                cells = self._cells(raw)
            except ValueError as fault:  # UnicodeDecodeError is one too
                yield Row(line, {}, _why(fault, self._encoding))
                continue
            if any(cell and not cell.isspace() for cell in cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> Row:
        if any(cell.strip() for cell in cells[self._width :]):
            return Row(line, {}, "more cells than line 1 has; put a cell that holds the separator into quotes")
        return Row(line, {column: cells[place].strip() for place, column in self._columns if place < len(cells)})

    def _cells(self, raw: bytes) -> list[str]:
        """The cells of the row that begins with this line; takes the lines that a quoted cell goes on to.

        Raises:
            ValueError: it can't be read. What came after its first line is read again, as rows of their own.
        """
        taken: list[tuple[int, bytes | None]] = []
        whole, size = [raw], len(raw)
        quotes = raw.count(b'"')
        while quotes % 2:
            following = self._next() if len(taken) < MOST_LINES_OF_A_ROW else None
            if following is not None:
                taken.append(following)
            if following is None or following[1] is None or size > MAX_LINE_BYTES:
                self._back = taken + self._back
                raise ValueError('a quote (") is opened and not closed')
            whole.append(following[1])
            size += len(following[1])
            quotes += following[1].count(b'"')
        try:
            return self._split(b"".join(whole).decode(self._encoding))
        except ValueError:
            self._back = taken + self._back
            raise

    def _split(self, text: str) -> list[str]:
        if "\0" in text:
            raise ValueError(f"holds a NUL character; {_SAVE_AS}")
        try:
            return next(csv.reader([text], delimiter=self._separator, strict=True), [])
        except csv.Error:
            raise ValueError(
                'quotes (") or line breaks stand in the wrong place; write "" for one in a quoted cell'
            ) from None

    def _head(self) -> bytes:
        """The first line, without the mark that Excel begins UTF-8 with."""
        found = self._next()
        while found is not None and found[1] is not None and not found[1].strip():
            found = self._next()
        if found is None:
            raise ConfigError("the file is empty; `gate permits template` prints a list to fill in")
        _, raw = found
        if raw is None:
            raise ConfigError(f"line 1: {_TOO_LONG}; this is no list of permits")
        if raw.startswith(_UTF_16) or b"\0" in raw:
            raise ConfigError(f'the file was saved as "Unicode text"; {_SAVE_AS}')
        return raw.removeprefix(codecs.BOM_UTF8)

    def _find_encoding(self, head: bytes) -> str:
        """UTF-8 or what Chinese Windows saves; by the first line, or where that is English by what most lines are."""
        if not head.isascii():
            return "utf-8" if _is_utf_8(head) else "gb18030"
        place, line = self._file.tell(), self._line
        other = wrong = 0
        while (found := self._next()) is not None:
            if found[1] is not None and not found[1].isascii():
                other += 1
                wrong += not _is_utf_8(found[1])
        self._file.seek(place)
        self._line, self.done_bytes = line, place
        return "utf-8" if wrong * 2 <= other else "gb18030"

    def _find_columns(self, head: bytes) -> tuple[str, list[Column | None]]:
        """The separator by which the most columns are known, and the columns."""
        found: list[tuple[str, list[Column | None]]] = []
        why = ""
        for self._separator in _SEPARATORS:
            try:
                found.append((self._separator, columns.recognised(self._split(head.decode(self._encoding)))))
            except ValueError as fault:  # quotes that belong to another separator
                why = why or _why(fault, self._encoding)
        best = max(found, key=lambda one: sum(map(bool, one[1])), default=(",", []))
        if why and not any(best[1]):
            raise ConfigError(f"line 1: {why}")
        columns.check(best[1])
        return best

    def _next(self) -> tuple[int, bytes | None] | None:
        """The next line with its number; its bytes are None where there are too many, None alone at the end."""
        if self._back:
            return self._back.pop(0)
        raw = self._file.readline(MAX_LINE_BYTES + 1)
        if not raw:
            return None
        self._line += 1
        self.done_bytes += len(raw)
        if len(raw) <= MAX_LINE_BYTES:
            return self._line, raw
        while not raw.endswith(b"\n") and (raw := self._file.readline(MAX_LINE_BYTES)):
            self.done_bytes += len(raw)
        return self._line, None


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _why(fault: ValueError, encoding: str) -> str:
    if isinstance(fault, UnicodeDecodeError):
        return f"holds bytes that are no text ({encoding}); {_SAVE_AS}"
    return str(fault)
