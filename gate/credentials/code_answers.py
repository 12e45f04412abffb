"""How the providers of health codes answer, as data: which member says what, and which of their numbers mean what.

The numbers of providers conflict (green is 0, 00, 1 or 2), so each has tables of its own. A state that is in no table
is not known: such a colour is ``Colour.UNKNOWN``, and of anything else there is no record.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from gate.credentials.code_times import TimeForm  # noqa: TC001 - annotations are the schema
from gate.model import Colour, DocumentType, TestResult  # noqa: TC001

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Path = Annotated[str, Meta(pattern=r"\A[^.\s]{1,64}(\.[^.\s]{1,64}){0,4}\Z")]
"""Names of members, outermost first: ``data.idCard``. A member whose text is itself JSON is opened on the way."""


class Time(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a time stands and how it is written."""

    field: Path
    form: TimeForm


class Outcomes(Struct, frozen=True, forbid_unknown_fields=True):
    """How the provider says whether it has an answer; whatever is in no list means that it has none now."""

    field: Path
    ok: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=64)]
    expired: Annotated[tuple[Name, ...], Meta(max_length=64)] = ()
    not_found: Annotated[tuple[Name, ...], Meta(max_length=64)] = ()


class Colours(Struct, frozen=True, forbid_unknown_fields=True):
    """Which of its numbers or words is which colour; any other is ``Colour.UNKNOWN``."""

    field: Path
    colours: Annotated[dict[Name, Colour], Meta(max_length=64)]


class Tests(Struct, frozen=True, forbid_unknown_fields=True):
    """What it says about tests; a state that is in no table makes no record."""

    result: Path
    results: Annotated[dict[Name, TestResult], Meta(max_length=64)]
    sampled_at: Time
    reported_at: Time | None = None
    each: Path | None = None
    """The list whose items the other members are in; None where it tells of one test only."""


class Doses(Struct, frozen=True, forbid_unknown_fields=True):
    """What it says about vaccinations."""

    field: Path
    last_dose_at: Time | None = None


class YesNo(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is so or is not; a state that is in no table makes no record."""

    field: Path
    states: Annotated[dict[Name, bool], Meta(max_length=64)]


class Answers(Struct, frozen=True, forbid_unknown_fields=True):
    """Where an answer says what. ``people`` and ``outcome`` begin at the top, the others at each person."""

    number: Path
    """The number of the holder's document."""
    people: Path | None = None
    """The list of a family's members; None where an answer is about one person."""
    document_type: Path | None = None
    """None: the number of an identity document that tells its kind itself."""
    document_types: Annotated[dict[Name, DocumentType], Meta(max_length=64)] = {}
    outcome: Outcomes | None = None
    as_of: Time | None = None
    """None: it is of the moment of the answer."""
    code: Colours | None = None
    tests: Tests | None = None
    vaccination: Doses | None = None
    travel: YesNo | None = None
    """True: a risk area."""
    pop_up: YesNo | None = None
    """True: one is active."""
