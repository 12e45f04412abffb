"""Records and one ``now`` become Facts: integers, enumerations and booleans, each with a state and an age.

Rules:

* presence in one source beats absence in another; the newest record wins, and on the same instant the adverse one;
* a time more than ``FUTURE_TOLERANCE`` ahead is a fault of its source: the fact is unknown;
* a fact older than its limit (rule set parameter ``max_age_s``) is ``stale``: it was known once;
* on an untrusted clock no age can be known, so every fact that lives in time is ``unknown``.

Version 1 of the derivation; ``VERSION`` goes with every rule set that was written for it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import ZoneInfo

from gate.model import (
    Checkpoint,
    CodeRecord,
    Colour,
    Credential,
    Fact,
    Facts,
    FactState,
    Moment,
    PopUpRecord,
    Records,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

VERSION: Final = 1
FUTURE_TOLERANCE: Final = timedelta(minutes=5)
UNKNOWN: Final = Fact(FactState.UNKNOWN)

R = TypeVar("R", CodeRecord, PopUpRecord, TestRecord, VaccinationRecord, TravelRecord)

_COLOUR_ADVERSITY: Final = {
    colour: rank
    for rank, colour in enumerate((Colour.GREEN, Colour.UNKNOWN, Colour.GREY, Colour.YELLOW, Colour.ORANGE, Colour.RED))
}
_RESULT_ADVERSITY: Final = {
    TestResult.NEGATIVE: 0,
    TestResult.PENDING: 1,
    TestResult.INCONCLUSIVE: 2,
    TestResult.POSITIVE: 3,
}


def derive(
    credential: Credential,
    records: Records | None,
    moment: Moment,
    checkpoint: Checkpoint,
    max_age_s: Mapping[str, int],
) -> Facts:
    """Everything that our own rules may ask about one presentation.

    Args:
        credential: what was presented.
        records: what the sources said; None where no source knows the holder.
        moment: the moment of presentation.
        checkpoint: where this gate stands; its time zone gives the local day.
        max_age_s: seconds after which a fact is stale, by fact name; a fact without a limit never is.
    """
    facts = {
        "clock": Fact(FactState.KNOWN, "gate", 0, {"trusted": moment.trusted}),
        "checkpoint": _checkpoint(checkpoint),
        "credential": Fact(
            FactState.KNOWN,
            "reader",
            0,
            {"kind": credential.kind.value, "assurance": int(credential.assurance)},
        ),
        "document": _document(credential, moment, checkpoint),
        "holder": Fact(FactState.UNKNOWN) if records is None else Fact(FactState.KNOWN, "status", 0),
    }
    facts |= _from_records(records or Records(), moment, known=records is not None)
    return Facts({name: _stale(fact, max_age_s.get(name)) for name, fact in facts.items()})


def _from_records(records: Records, moment: Moment, *, known: bool) -> dict[str, Fact]:
    now = moment.at if moment.trusted else None
    # A source that knows the person and says nothing about a test means that there is none. About colour, pop-ups
    # and travel its silence means nothing: somebody has to have looked.
    silent = FactState.ABSENT if known and moment.trusted else FactState.UNKNOWN
    return {
        "code": _newest(
            records.codes, now, lambda r: _COLOUR_ADVERSITY[r.colour], lambda r: {"colour": r.colour.value}
        ),
        "pop_up": _newest(records.pop_ups, now, lambda r: int(r.active), lambda r: {"active": r.active}),
        "test": _test(records.tests, now, silent),
        "vaccination": _newest(records.vaccinations, now, lambda r: -r.doses, lambda r: {"doses": r.doses}, silent),
        "travel": _newest(records.travel, now, lambda r: int(r.risk_area), lambda r: {"risk_area": r.risk_area}),
    }


def _newest(
    records: Iterable[R],
    now: datetime | None,
    adversity: Callable[[R], int],
    values: Callable[[R], dict[str, int | str | bool]],
    silent: FactState = FactState.UNKNOWN,
) -> Fact:
    """The newest record's values; the most adverse of several that are equally new."""
    said = tuple(records)
    if not said:
        return Fact(silent)
    if now is None or any(record.as_of > now + FUTURE_TOLERANCE for record in said):
        return UNKNOWN
    record = max(said, key=lambda r: (r.as_of, adversity(r), r.source))
    return Fact(FactState.KNOWN, record.source, _age(record.as_of, now), values(record))


def _test(records: tuple[TestRecord, ...], now: datetime | None, silent: FactState) -> Fact:
    """The newest concluded test; one that is still pending counts only where nothing is concluded."""
    if not records:
        return Fact(silent)
    if now is None or any(_test_in_future(record, now) for record in records):
        return UNKNOWN
    concluded = [record for record in records if record.result is not TestResult.PENDING]
    test = max(concluded or records, key=_test_rank)
    values: dict[str, int | str | bool] = {
        "result": test.result.value,
        "since_sample": _age(test.sampled_at, now),
    }
    if test.reported_at is not None:
        values["since_report"] = _age(test.reported_at, now)
    return Fact(FactState.KNOWN, test.source, _age(test.as_of, now), values)


def _test_rank(test: TestRecord) -> tuple[datetime, int, bool, float, datetime, str]:
    """Total order, so that the order in which sources answer changes nothing.

    The newest sample first; of one sample the adverse result; of one result a report that has a time, and the earlier.
    """
    reported = test.reported_at
    earlier = 0.0 if reported is None else -reported.timestamp()
    return test.sampled_at, _RESULT_ADVERSITY[test.result], reported is not None, earlier, test.as_of, test.source


def _test_in_future(record: TestRecord, now: datetime) -> bool:
    times = (record.as_of, record.sampled_at, record.reported_at or record.as_of)
    return max(times) > now + FUTURE_TOLERANCE


def _document(credential: Credential, moment: Moment, checkpoint: Checkpoint) -> Fact:
    validity = credential.validity
    if validity is None:
        return Fact(FactState.ABSENT)
    if not moment.trusted:
        return UNKNOWN
    today = local_date(moment.at, checkpoint.time_zone)
    if today < validity.first_day:
        valid = "not_yet_valid"
    elif validity.last_day is not None and today > validity.last_day:
        valid = "expired"
    else:
        valid = "valid"
    return Fact(FactState.KNOWN, "chip", 0, {"valid": valid})


def _checkpoint(checkpoint: Checkpoint) -> Fact:
    return Fact(
        FactState.KNOWN,
        "gate",
        0,
        {
            "site_class": checkpoint.site_class,
            "lane": checkpoint.lane,
            "direction": checkpoint.direction.value,
            "attended": checkpoint.attended,
        },
    )


def _stale(fact: Fact, limit: int | None) -> Fact:
    if fact.state is not FactState.KNOWN or limit is None or fact.age is None or fact.age <= limit:
        return fact
    return Fact(FactState.STALE, fact.source, fact.age)


def _age(since: datetime, now: datetime) -> int:
    """Whole seconds, rounded down, never negative (a source may run up to 5 minutes ahead)."""
    return max(0, (now - since) // timedelta(seconds=1))


def local_date(at: datetime, time_zone: str) -> date:
    """The calendar day at the checkpoint."""
    return at.astimezone(ZoneInfo(time_zone)).date()
