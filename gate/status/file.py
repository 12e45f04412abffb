"""Records from one JSON file: keyed pseudonym to what the sources said.

Read whole into memory at start; for a site with its own list, a pilot, a test or a demonstration.

```json
{"format": 1,
 "holders": {"<32 hex digits>": {
    "codes":        [{"source": "city", "as_of": "2021-06-20T07:50:00+08:00", "colour": "green"}],
    "pop_ups":      [{"source": "city", "as_of": "…", "active": false}],
    "tests":        [{"source": "lab", "as_of": "…", "result": "negative", "sampled_at": "…", "reported_at": "…"}],
    "vaccinations": [{"source": "clinic", "as_of": "…", "doses": 3}],
    "travel":       [{"source": "city", "as_of": "…", "risk_area": false}],
    "arrivals":     [{"source": "city", "as_of": "…", "arrived_at": "…", "risk": "low"}],
    "exemptions":   [{"source": "city", "as_of": "…", "ground": "mobility", "expires_at": "…"}],
    "permits":      [{"source": "site", "as_of": "…", "zones": ["east"], "valid_from": "…", "valid_to": "…"}]}}}
```
Optional: pop-ups ``level, raised_at, cleared, expires_at``; tests ``sample, method, pool_size, supersedes``;
vaccinations ``last_dose_at``; permits ``hours`` (two minutes of the day), ``entries_left``, ``id`` and ``sponsor``.
Every time carries its zone; a time without one is refused, since nobody can know what it means.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from gate.errors import ConfigError, StatusUnavailable
from gate.model import (
    ArrivalRecord,
    ArrivalRisk,
    CodeRecord,
    Colour,
    ExemptionGround,
    ExemptionRecord,
    PermitRecord,
    PopUpRecord,
    Records,
    TestMethod,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)
from gate.pseudonym import PSEUDONYM_BYTES
from gate.status.source import Found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_RECORDS_OF_A_KIND = 200

Zoned = Annotated[datetime, msgspec.Meta(tz=True)]
Minute = Annotated[int, msgspec.Meta(ge=0, le=24 * 60)]
Source = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: Source
    as_of: Zoned


class _Code(_Record, frozen=True, forbid_unknown_fields=True):
    colour: Colour


class _PopUp(_Record, frozen=True, forbid_unknown_fields=True):
    active: bool
    level: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    raised_at: Zoned | None = None
    cleared: bool = False
    expires_at: Zoned | None = None


class _Test(_Record, frozen=True, forbid_unknown_fields=True):
    result: TestResult
    sampled_at: Zoned
    reported_at: Zoned | None = None
    sample: Source | None = None
    method: TestMethod = TestMethod.PCR
    pool_size: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    supersedes: Source | None = None


class _Vaccination(_Record, frozen=True, forbid_unknown_fields=True):
    doses: Annotated[int, msgspec.Meta(ge=0, le=20)]
    last_dose_at: Zoned | None = None


class _Travel(_Record, frozen=True, forbid_unknown_fields=True):
    risk_area: bool


class _Arrival(_Record, frozen=True, forbid_unknown_fields=True):
    arrived_at: Zoned
    risk: ArrivalRisk


class _Exemption(_Record, frozen=True, forbid_unknown_fields=True):
    ground: ExemptionGround
    expires_at: Zoned | None = None


class _Permit(_Record, frozen=True, forbid_unknown_fields=True):
    zones: Annotated[frozenset[Source], msgspec.Meta(min_length=1, max_length=MAX_RECORDS_OF_A_KIND)]
    valid_from: Zoned
    valid_to: Zoned
    hours: tuple[Minute, Minute] | None = None
    entries_left: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None
    id: Source | None = None
    sponsor: Source | None = None


class _Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    codes: Annotated[tuple[_Code, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    pop_ups: Annotated[tuple[_PopUp, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    tests: Annotated[tuple[_Test, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    vaccinations: Annotated[tuple[_Vaccination, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    travel: Annotated[tuple[_Travel, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    arrivals: Annotated[tuple[_Arrival, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    exemptions: Annotated[tuple[_Exemption, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()
    permits: Annotated[tuple[_Permit, ...], msgspec.Meta(max_length=MAX_RECORDS_OF_A_KIND)] = ()


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

    async def find(self, holders: Sequence[bytes]) -> Found:
        known = next((holder for holder in holders if holder in self._holders), holders[0])
        return Found(known, self._holders.get(known))


class MissingStatus:
    """Stands in for a source that could not be opened: whoever needs records is referred, the gate goes on."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def find(self, holders: Sequence[bytes]) -> Found:  # noqa: ARG002 - nobody can be looked up
        raise StatusUnavailable(self._why)


def _pseudonym(key: str) -> bytes:
    value = bytes.fromhex(key)
    if len(value) != PSEUDONYM_BYTES:
        raise ValueError(f"a holder's key has {PSEUDONYM_BYTES * 2} hex digits, one has {len(key)}")
    return value


_KINDS: Final = {
    "codes": CodeRecord,
    "pop_ups": PopUpRecord,
    "tests": TestRecord,
    "vaccinations": VaccinationRecord,
    "travel": TravelRecord,
    "arrivals": ArrivalRecord,
    "exemptions": ExemptionRecord,
    "permits": PermitRecord,
}
"""The words of the file are those of the records."""


def _records(holder: _Holder) -> Records:
    found: dict[str, Any] = {
        name: tuple(kind(**msgspec.structs.asdict(record)) for record in getattr(holder, name))
        for name, kind in _KINDS.items()
    }
    return Records(**found)


def encode(holders: Mapping[bytes, Records]) -> bytes:
    """The file's content for these holders; ``StatusFile.open`` reads it back to the same records."""
    return msgspec.json.encode(
        {"format": 1, "holders": {key.hex(): msgspec.to_builtins(r) for key, r in holders.items()}}
    )
