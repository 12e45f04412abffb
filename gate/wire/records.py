"""What is known about a holder, as it travels: the words are those of ``gate.model.records``, each with its bounds.

Of every record it is told who says so and of when it is, so that a gate can judge its age itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta

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

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_OF_A_KIND: Final = 200

Zoned = Annotated[datetime, Meta(tz=True)]
Minute = Annotated[int, Meta(ge=0, le=24 * 60, description="of the local day")]
Source = Annotated[str, Meta(min_length=1, max_length=64)]


class Record(msgspec.Struct, frozen=True):
    """What every record says of itself."""

    source: Source
    as_of: Zoned


class Code(Record, frozen=True, omit_defaults=True):
    """The colour of a health code."""

    colour: Colour


class PopUp(Record, frozen=True, omit_defaults=True):
    """A pop-up (弹窗)."""

    active: bool
    level: Annotated[int, Meta(ge=1, le=9)] = 1
    raised_at: Zoned | None = None
    cleared: bool = False
    expires_at: Zoned | None = None


class Test(Record, frozen=True, omit_defaults=True):
    """One nucleic-acid test."""

    __test__ = False

    result: TestResult
    sampled_at: Zoned
    reported_at: Zoned | None = None
    sample: Source | None = None
    method: TestMethod = TestMethod.PCR
    pool_size: Annotated[int, Meta(ge=1, le=100)] = 1
    supersedes: Source | None = None


class Vaccination(Record, frozen=True, omit_defaults=True):
    """How many doses."""

    doses: Annotated[int, Meta(ge=0, le=20)]
    last_dose_at: Zoned | None = None


class Travel(Record, frozen=True, omit_defaults=True):
    """Whether somebody was in a risk area."""

    risk_area: bool


class Arrival(Record, frozen=True, omit_defaults=True):
    """When somebody came to the city."""

    arrived_at: Zoned
    risk: ArrivalRisk


class Exemption(Record, frozen=True, omit_defaults=True):
    """Why somebody need not have what others must."""

    ground: ExemptionGround
    expires_at: Zoned | None = None


class Permit(Record, frozen=True, omit_defaults=True):
    """A permit (通行证) for zones."""

    zones: Annotated[frozenset[Source], Meta(min_length=1, max_length=MOST_OF_A_KIND)]
    valid_from: Zoned
    valid_to: Zoned
    hours: tuple[Minute, Minute] | None = None
    entries_left: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    id: Source | None = None
    sponsor: Source | None = None


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that is known about one holder; an empty list says that there is nothing of the kind."""

    codes: Annotated[tuple[Code, ...], Meta(max_length=MOST_OF_A_KIND)] = ()
    pop_ups: Annotated[tuple[PopUp, ...], Meta(max_length=MOST_OF_A_KIND)] = ()
    tests: Annotated[tuple[Test, ...], Meta(max_length=MOST_OF_A_KIND)] = ()
    vaccinations: Annotated[tuple[Vaccination, ...], Meta(max_length=MOST_OF_A_KIND)] = ()
    travel: Annotated[tuple[Travel, ...], Meta(max_length=MOST_OF_A_KIND)] = ()
    arrivals: Annotated[tuple[Arrival, ...], Meta(max_length=MOST_OF_A_KIND)] = ()
    exemptions: Annotated[tuple[Exemption, ...], Meta(max_length=MOST_OF_A_KIND)] = ()
    permits: Annotated[tuple[Permit, ...], Meta(max_length=MOST_OF_A_KIND)] = ()


_KINDS: Final[Mapping[str, type]] = {
    "codes": CodeRecord,
    "pop_ups": PopUpRecord,
    "tests": TestRecord,
    "vaccinations": VaccinationRecord,
    "travel": TravelRecord,
    "arrivals": ArrivalRecord,
    "exemptions": ExemptionRecord,
    "permits": PermitRecord,
}


def records_of(known: Known) -> Records:
    """As the gate judges it."""
    found: dict[str, Any] = {
        name: tuple(kind(**msgspec.structs.asdict(record)) for record in getattr(known, name))
        for name, kind in _KINDS.items()
    }
    return Records(**found)


def known_of(records: Records) -> Known:
    """As it travels."""
    return msgspec.convert(msgspec.to_builtins(records), Known)
