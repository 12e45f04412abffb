"""What sources say about a holder, each with its source and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Colour(StrEnum):
    """Colour of a health code; anything that is not known to be green is not green."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    ORANGE = "orange"
    GREY = "grey"
    UNKNOWN = "unknown"


ADVERSITY: Final = {
    colour: rank
    for rank, colour in enumerate((Colour.GREEN, Colour.UNKNOWN, Colour.GREY, Colour.YELLOW, Colour.ORANGE, Colour.RED))
}
"""Of two colours of one person the higher one counts."""


class TestResult(StrEnum):
    """What a laboratory says; pending and inconclusive are results too."""

    __test__ = False  # not a pytest class

    NEGATIVE = "negative"
    POSITIVE = "positive"
    PENDING = "pending"
    INCONCLUSIVE = "inconclusive"


class TestMethod(StrEnum):
    """How a sample was tested."""

    __test__ = False

    PCR = "pcr"
    ANTIGEN = "antigen"


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """The colour of a holder's health code."""

    source: str
    as_of: datetime
    colour: Colour


@dataclass(frozen=True, slots=True)
class PopUpRecord:
    """A pop-up (弹窗) is apart from the colour: a green code may carry one."""

    source: str
    as_of: datetime
    active: bool
    level: int = 1
    """Its class, 1 the mildest; what a class means is the rule set's business."""
    raised_at: datetime | None = None
    cleared: bool = False
    """The community has cleared it; it may still need tests before it is lifted."""
    expires_at: datetime | None = None
    """From then on it is not active any more."""


@dataclass(frozen=True, slots=True)
class TestRecord:
    """One nucleic-acid test."""

    __test__ = False

    source: str
    as_of: datetime
    result: TestResult
    sampled_at: datetime
    reported_at: datetime | None
    """None while pending."""
    sample: str | None = None
    """Identifier of the sample: two sources that report the same one speak of one test."""
    method: TestMethod = TestMethod.PCR
    pool_size: int = 1
    """How many people's swabs were in the tube; 1 is a single tube."""
    supersedes: str | None = None
    """Identifier of a sample whose result this one replaces, e.g. the single-tube retest of a pooled positive."""


@dataclass(frozen=True, slots=True)
class VaccinationRecord:
    """How many doses a holder has had."""

    source: str
    as_of: datetime
    doses: int
    last_dose_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TravelRecord:
    """Whether a holder was in a risk area within the time that the source watches."""

    source: str
    as_of: datetime
    risk_area: bool


class ArrivalRisk(StrEnum):
    """Where an arrival came from, as the city classes it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    ABROAD = "abroad"


@dataclass(frozen=True, slots=True)
class ArrivalRecord:
    """When a holder came to the city, and from what kind of area."""

    source: str
    as_of: datetime
    arrived_at: datetime
    risk: ArrivalRisk


class ExemptionGround(StrEnum):
    """Why somebody need not have what others must."""

    NOT_FIT_FOR_VACCINATION = "not_fit_for_vaccination"
    MOBILITY = "mobility"
    """Can't get to a swab."""
    SWAB_DEFERRED = "swab_deferred"
    """Just vaccinated: swabs have to wait."""


@dataclass(frozen=True, slots=True)
class ExemptionRecord:
    """One exemption with its ground and its end."""

    source: str
    as_of: datetime
    ground: ExemptionGround
    expires_at: datetime | None
    """None: it has no end."""


@dataclass(frozen=True, slots=True)
class PermitRecord:
    """A permit (通行证) for zones."""

    source: str
    as_of: datetime
    zones: frozenset[str]
    valid_from: datetime
    valid_to: datetime
    """Exclusive."""
    hours: tuple[int, int] | None = None
    """Local minutes of the day, from and up to (exclusive); from > to goes over midnight; None: all day."""
    entries_left: int | None = None
    """As granted: what was used at this gate is taken off, where the permit has an id; None: as often as wanted."""
    id: str | None = None
    """What its issuer knows it by; entries are counted under it."""
    sponsor: str | None = None
    """Who answers for it, e.g. a department."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """What the thermometer of this gate measured at this presentation."""

    tenths: int
    """Tenths of a degree Celsius: 373 is 37.3 °C."""
    measurement: int
    """1 for a person's first measurement at this gate, 2 for the second."""


@dataclass(frozen=True, slots=True)
class Records:
    """Everything the sources said about one holder; empty tuples mean that nothing was said."""

    codes: tuple[CodeRecord, ...] = ()
    pop_ups: tuple[PopUpRecord, ...] = ()
    tests: tuple[TestRecord, ...] = ()
    vaccinations: tuple[VaccinationRecord, ...] = ()
    travel: tuple[TravelRecord, ...] = ()
    arrivals: tuple[ArrivalRecord, ...] = ()
    exemptions: tuple[ExemptionRecord, ...] = ()
    permits: tuple[PermitRecord, ...] = ()
