"""What a list may prove: its rows, its silence, and what is left of both once it is old.

An exceptions list holds whoever is not simply green. Somebody who is not on it has, as of the list's time, no adverse
code (and no pop-up, and was in no risk area, where the list says that it is complete about those). That proves nothing
about tests and doses, of which nothing is said; and nobody becomes known by it. It comes from a source of its own, so
that a rule set can choose not to believe it (``retired_sources``).

The city's list holds everybody: who is not on it is not known.

Past the list's own end, before its time, or on a clock that nobody trusts, good news is no news: somebody may have
turned red since. What spoke against somebody is said all the same, with its age.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from gate.errors import StatusUnavailable
from gate.model import CodeRecord, Colour, PopUpRecord, Records, TestResult, TravelRecord
from gate.status.cache import payload
from gate.status.merged import merged
from gate.status.source import Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.model import Moment
    from gate.status.cache.generation import Generation
    from gate.status.cache.layout import Header

EXCEPTIONS: Final = "exceptions"
"""The name of the source of rows of that list, in records."""
SILENCE: Final = "exceptions-silence"
"""Of what follows from not being on it."""
CITY: Final = "city-list"
AHEAD: Final = timedelta(minutes=5)
"""How far a list's time may lie ahead of the gate's clock, as for every source."""


def fresh(header: Header, moment: Moment) -> bool:
    """Whether good news of this list is news."""
    as_of = datetime.fromtimestamp(header.as_of, UTC)
    return moment.trusted and as_of - moment.at <= AHEAD and moment.at.timestamp() < header.until


def meant(generation: Generation, said: Sequence[int], holders: Sequence[bytes], moment: Moment) -> Found:
    """What a list says about a person.

    Args:
        generation: of the list.
        said: bits under each of the person's pseudonyms, 0 for nothing.
        holders: those pseudonyms, the one that was presented first.
        moment: of the presentation.
    """
    header = generation.newest
    as_of = datetime.fromtimestamp(header.as_of, UTC)
    is_fresh, of_exceptions = fresh(header, moment), header.kind == "exceptions"
    source = EXCEPTIONS if of_exceptions else CITY
    records: Records | None = None
    chief = None
    for holder, bits in zip(holders, said, strict=True):
        if not bits:
            continue
        try:
            one = payload.records(bits, source, as_of, generation.whole.origin)
        except StatusUnavailable:
            return Found(holders[0], None)  # it may be this person who is not green: silence is not for them
        chief = chief or holder
        records = merged(records, one if is_fresh else adverse(one))
    if records is None and of_exceptions and is_fresh:
        records = _silence(header, as_of)
    if records == Records():
        records = None
    return Found(chief or holders[0], records, in_part=records is not None and (of_exceptions or not is_fresh))


def adverse(records: Records) -> Records:
    """Only what speaks against somebody."""
    return Records(
        codes=tuple(code for code in records.codes if code.colour is not Colour.GREEN),
        tests=tuple(test for test in records.tests if test.result is not TestResult.NEGATIVE),
        pop_ups=tuple(pop_up for pop_up in records.pop_ups if pop_up.active),
        travel=tuple(travel for travel in records.travel if travel.risk_area),
    )


def _silence(header: Header, as_of: datetime) -> Records:
    covers = header.covers
    return Records(
        codes=(CodeRecord(SILENCE, as_of, Colour.GREEN),) if "code" in covers else (),
        pop_ups=(PopUpRecord(SILENCE, as_of, active=False),) if "pop_up" in covers else (),
        travel=(TravelRecord(SILENCE, as_of, risk_area=False),) if "travel" in covers else (),
    )
