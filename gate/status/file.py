"""Records from one JSON file: keyed pseudonym to what the sources said.

Read whole into memory at start; for a site with its own list, a pilot, a test or a demonstration.

```json
{"format": 1,
 "holders": {"<32 hex digits>": {
    "codes":        [{"source": "city", "as_of": "2021-06-20T07:50:00+08:00", "colour": "green"}],
    "pop_ups":      [{"source": "city", "as_of": "…", "active": false}],
    "tests":        [{"source": "lab", "as_of": "…", "result": "negative", "sampled_at": "…", "reported_at": "…"}],
    "vaccinations": [{"source": "clinic", "as_of": "…", "doses": 3}],
    "travel":       [{"source": "city", "as_of": "…", "risk_area": false}]}}}
```
Every time carries its zone; a time without one is refused, since nobody can know what it means.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec

from gate.errors import ConfigError, StatusUnavailable
from gate.model import CodeRecord, Colour, PopUpRecord, Records, TestRecord, TestResult, TravelRecord, VaccinationRecord
from gate.pseudonym import PSEUDONYM_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_RECORDS_OF_A_KIND = 200

Zoned = Annotated[datetime, msgspec.Meta(tz=True)]
Source = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: Source
    as_of: Zoned


class _Code(_Record, frozen=True, forbid_unknown_fields=True):
    colour: Colour


class _PopUp(_Record, frozen=True, forbid_unknown_fields=True):
    active: bool


class _Test(_Record, frozen=True, forbid_unknown_fields=True):
    result: TestResult
    sampled_at: Zoned
    reported_at: Zoned | None = None


class _Vaccination(_Record, frozen=True, forbid_unknown_fields=True):
    doses: Annotated[int, msgspec.Meta(ge=0, le=20)]


class _Travel(_Record, frozen=True, forbid_unknown_fields=True):
    risk_area: bool


class _Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    codes: Annotated[tuple[_Code, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    pop_ups: Annotated[tuple[_PopUp, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    tests: Annotated[tuple[_Test, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    vaccinations: Annotated[tuple[_Vaccination, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    travel: Annotated[tuple[_Travel, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Annotated[int, msgspec.Meta(ge=1, le=1)]
    holders: dict[str, _Holder]


class StatusFile:
    """A ``StatusSource`` over one file that was read at start."""

    def __init__(self, holders: Mapping[bytes, Records]) -> None:
        self._holders = holders

    @classmethod
    def open(cls, path: Path) -> StatusFile:
        """Read the file.

        Raises:
            ConfigError: it is missing or not of the form above; the message names the place.
        """
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_FILE_BYTES + 1)
        except OSError as fault:
            raise ConfigError(f"{path}: status file can't be read ({fault.strerror})") from None
        if len(raw) > MAX_FILE_BYTES:
            raise ConfigError(f"{path}: status file is larger than {MAX_FILE_BYTES >> 20} MiB")
        try:
            content = msgspec.json.decode(raw, type=_File)
            return cls({_pseudonym(key): _records(holder) for key, holder in content.holders.items()})
        except (msgspec.DecodeError, ValueError, RecursionError) as fault:
            raise ConfigError(f"{path}: status file refused: {fault}") from None

    async def records(self, holder: bytes) -> Records | None:
        return self._holders.get(holder)


class MissingStatus:
    """Stands in for a source that could not be opened: whoever needs records is referred, the gate goes on."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def records(self, holder: bytes) -> Records | None:  # noqa: ARG002 - nobody can be looked up
        raise StatusUnavailable(self._why)


def _pseudonym(key: str) -> bytes:
    value = bytes.fromhex(key)
    if len(value) != PSEUDONYM_BYTES:
        raise ValueError(f"a holder's key has {PSEUDONYM_BYTES * 2} hex digits, one has {len(key)}")
    return value


def _records(holder: _Holder) -> Records:
    return Records(
        codes=tuple(CodeRecord(r.source, r.as_of, r.colour) for r in holder.codes),
        pop_ups=tuple(PopUpRecord(r.source, r.as_of, r.active) for r in holder.pop_ups),
        tests=tuple(TestRecord(r.source, r.as_of, r.result, r.sampled_at, r.reported_at) for r in holder.tests),
        vaccinations=tuple(VaccinationRecord(r.source, r.as_of, r.doses) for r in holder.vaccinations),
        travel=tuple(TravelRecord(r.source, r.as_of, r.risk_area) for r in holder.travel),
    )


def encode(holders: Mapping[bytes, Records]) -> bytes:
    """The file's content for these holders; ``StatusFile.open`` reads it back to the same records."""
    return msgspec.json.encode(
        {"format": 1, "holders": {key.hex(): msgspec.to_builtins(r) for key, r in holders.items()}}
    )
