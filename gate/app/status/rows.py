"""Tables of people's records as a city's systems write them: one row a person, each found good or named by its line."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

from gate.credentials import document_number
from gate.errors import ConfigError
from gate.model import Colour, DocumentType, TestResult
from gate.pseudonym import PSEUDONYM_BYTES
from gate.status.cache.payload import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gate.pseudonym import PseudonymKey

COLUMNS: Final = (
    *("holder", "document", "number", "code", "pop_up", "travel", "test", "sampled", "reported", "doses"),
)
MOST_LINE: Final = 4096
_COVERED: Final = ("code", "pop_up", "travel")
_YES_NO: Final = {"": None, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_MOST_LEVEL: Final = 9
_MOST_DOSES: Final = 20


@dataclass(frozen=True, slots=True)
class Person:
    """A good row."""

    pseudonym: bytes
    status: Status


class People:
    """A table, row by row; nothing is kept of it.

    Raises (everywhere):
        ConfigError: it is none at all.
    """

    def __init__(self, file: BinaryIO, key: PseudonymKey, *, is_json: bool) -> None:
        self._file = file
        self._key = key
        self._is_json = is_json
        first = file.readline(MOST_LINE + 1).removeprefix(b"\xef\xbb\xbf")
        try:
            self.columns = tuple(self._split(first))
        except ValueError as fault:
            raise ConfigError(f"line 1: {fault}") from None
        if is_json:
            file.seek(0)
        unknown = [name for name in self.columns if name not in COLUMNS]
        if unknown or not {"holder", "number"} & set(self.columns) or len(set(self.columns)) < len(self.columns):
            raise ConfigError(f"line 1 must name the columns, each once, of: {', '.join(COLUMNS)}")
        self.covers = tuple(name for name in _COVERED if name in self.columns)
        """About what it is complete."""

    def done(self) -> int:
        """Bytes that were read."""
        return self._file.tell()

    def __iter__(self) -> Iterator[tuple[int, Person | str]]:
        """Each row's line with the person, or with what is wrong with it."""
        line = 0 if self._is_json else 1
        while raw := self._file.readline(MOST_LINE + 1):
            line += 1
            if len(raw) > MOST_LINE:
                yield line, f"is longer than {MOST_LINE} bytes"
                while not raw.endswith(b"\n") and (raw := self._file.readline(MOST_LINE)):
                    pass
                continue
            if raw.isspace():
                continue
            try:
                yield line, self._person(self._cells(raw))
            except ValueError as fault:
                yield line, str(fault)

    def _split(self, raw: bytes) -> list[str]:
        if self._is_json:
            return list(_object(raw))
        return [cell.strip() for cell in _csv(raw)]

    def _cells(self, raw: bytes) -> Mapping[str, str]:
        if not self._is_json:
            cells = _csv(raw)
            if len(cells) > len(self.columns):
                raise ValueError("has more cells than line 1")
            return dict(zip(self.columns, cells, strict=False))
        found = _object(raw)
        if not found.keys() <= set(self.columns):
            raise ValueError("has other keys than line 1")
        return {name: _text(value) for name, value in found.items()}

    def _person(self, cells: Mapping[str, str]) -> Person:
        result = _word(TestResult, cells.get("test", ""), "test")
        sampled, reported = _time(cells.get("sampled", ""), "sampled"), _time(cells.get("reported", ""), "reported")
        if result is not None and sampled is None:
            raise ValueError("test: write when it was sampled")
        if result is not None and reported is None and result is not TestResult.PENDING:
            raise ValueError("test: write when it was reported")
        status = Status(
            colour=_word(Colour, cells.get("code", ""), "code"),
            result=result,
            sampled_at=sampled or 0,
            reported_at=reported,
            doses=_number(cells.get("doses", ""), "doses", _MOST_DOSES),
            pop_up=_number(cells.get("pop_up", ""), "pop_up", _MOST_LEVEL),
            travel=_yes(cells.get("travel", "")),
        )
        return Person(self._pseudonym(cells), status)

    def _pseudonym(self, cells: Mapping[str, str]) -> bytes:
        if holder := cells.get("holder", ""):
            try:
                found = bytes.fromhex(holder)
            except ValueError:
                found = b""
            if len(found) != PSEUDONYM_BYTES:
                raise ValueError(f"holder: write {2 * PSEUDONYM_BYTES} hexadecimal digits")
            return found
        kind = _word(DocumentType, cells.get("document", ""), "document")
        try:
            return self._key.pseudonym(document_number.read(kind, cells.get("number", "")))
        except ValueError as fault:
            raise ValueError(f"number: {fault}") from None


def _csv(raw: bytes) -> list[str]:
    try:
        return next(csv.reader([raw.decode("utf-8")], strict=True), [])
    except UnicodeDecodeError:
        raise ValueError("is no UTF-8") from None
    except csv.Error:
        raise ValueError('quotes (") stand in the wrong place') from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("is no JSON object") from None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int):
        return str(value)
    raise ValueError("a value is no text, number or yes or no")


@lru_cache(maxsize=256)
def _word(words: Any, text: str, column: str) -> Any:
    if not text:
        return None
    try:
        return words(text)
    except ValueError:
        raise ValueError(f"{column}: is none of {', '.join(words)}") from None


@lru_cache(maxsize=1 << 14)
def _time(text: str, column: str) -> int | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError(f"{column}: write a time with its zone, e.g. 2021-06-18T08:00:00+08:00")
    return int(at.timestamp())


def _number(text: str, column: str, most: int) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 2 or int(text) > most:  # noqa: PLR2004 - digits of most
        raise ValueError(f"{column}: write a number up to {most}")
    return int(text)


def _yes(text: str) -> bool | None:
    if text not in _YES_NO:
        raise ValueError("travel: write yes or no")
    return _YES_NO[text]
