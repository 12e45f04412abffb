"""What a code shall say, from a JSON file of whoever issues it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import msgspec

from gate.errors import ConfigError
from gate.files import read_bounded
from gate.model import (
    CodeRecord,
    Colour,
    PermitRecord,
    PopUpRecord,
    Records,
    TestMethod,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)

if TYPE_CHECKING:
    from pathlib import Path

_Form = TypeVar("_Form")
_Zoned = Annotated[datetime, msgspec.Meta(tz=True)]
_TIME_OF_DAY: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


@dataclass(frozen=True, slots=True)
class Person:
    """Whose code it is; the number of the document is asked for elsewhere."""

    name: str = field(repr=False)
    birth_date: date | None = field(default=None, repr=False)


class _Code(msgspec.Struct, forbid_unknown_fields=True):
    colour: Colour
    as_of: _Zoned


class _PopUp(msgspec.Struct, forbid_unknown_fields=True):
    active: bool
    as_of: _Zoned


class _Test(msgspec.Struct, forbid_unknown_fields=True):
    result: TestResult
    sampled_at: _Zoned
    reported_at: _Zoned | None = None
    method: TestMethod = TestMethod.PCR
    pool_size: int = 1


class _Vaccination(msgspec.Struct, forbid_unknown_fields=True):
    doses: int
    last_dose_at: _Zoned | None = None


class _Travel(msgspec.Struct, forbid_unknown_fields=True):
    risk_area: bool
    as_of: _Zoned


class _HealthCode(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    birth_date: date | None = None
    code: _Code | None = None
    pop_up: _PopUp | None = None
    tests: list[_Test] = []
    vaccination: _Vaccination | None = None
    travel: _Travel | None = None


class _Permit(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    zones: frozenset[str]
    valid_from: _Zoned
    valid_to: _Zoned
    hours: tuple[str, str] | None = None
    entries: int | None = None
    sponsor: str | None = None


def health_code(path: Path, issuer: str, at: datetime) -> tuple[Person, Records]:
    """Read who it is and what is known.

    Raises:
        ConfigError: the file is not of that form; the message says where.
    """
    said = _read(path, _HealthCode)
    code, pop_up, vaccination, travel = said.code, said.pop_up, said.vaccination, said.travel
    records = Records(
        codes=() if code is None else (CodeRecord(issuer, code.as_of, code.colour),),
        pop_ups=() if pop_up is None else (PopUpRecord(issuer, pop_up.as_of, pop_up.active),),
        tests=tuple(
            TestRecord(
                issuer,
                at,
                test.result,
                test.sampled_at,
                test.reported_at,
                method=test.method,
                pool_size=test.pool_size,
            )
            for test in said.tests
        ),
        vaccinations=()
        if vaccination is None
        else (VaccinationRecord(issuer, at, vaccination.doses, vaccination.last_dose_at),),
        travel=() if travel is None else (TravelRecord(issuer, travel.as_of, travel.risk_area),),
    )
    return Person(said.name, said.birth_date), records


def permit(path: Path, issuer: str, at: datetime) -> tuple[Person, PermitRecord]:
    """Read who it is and what is permitted.

    Raises:
        ConfigError: the file is not of that form; the message says where.
    """
    said = _read(path, _Permit)
    hours = None if said.hours is None else (_minute(said.hours[0], path), _minute(said.hours[1], path))
    record = PermitRecord(
        issuer, at, said.zones, said.valid_from, said.valid_to, hours, said.entries, sponsor=said.sponsor
    )
    return Person(said.name), record


def _minute(text: str, path: Path) -> int:
    if _TIME_OF_DAY.fullmatch(text) is None:
        raise ConfigError(f'{path}: hours are two times of the day like ["06:00", "22:00"]')
    return int(text[:2]) * 60 + int(text[3:])


def _read(path: Path, form: type[_Form]) -> _Form:
    try:
        return msgspec.json.decode(read_bounded(path), type=form)
    except OSError as fault:
        raise ConfigError(f"{path}: can't be read ({fault.strerror})") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise ConfigError(f"{path}: {fault}; --help shows the form") from None
