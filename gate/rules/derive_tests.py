"""Tests as a list: which one counts, when the last swab was, and how many there were since an arrival."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from gate.model import ArrivalRecord, ArrivalRisk, Fact, FactState, TestRecord, TestResult
from gate.rules.elapsed import UNKNOWN, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.rules.elapsed import Now, Values

SPACING: Final = timedelta(hours=24)
"""Tests count one by one only where this lies between them."""

_ADVERSITY: Final = {
    TestResult.NEGATIVE: 0,
    TestResult.PENDING: 1,
    TestResult.INCONCLUSIVE: 2,
    TestResult.POSITIVE: 3,
}
_RISK: Final = {risk: rank for rank, risk in enumerate(ArrivalRisk)}


def test_fact(records: Sequence[TestRecord], now: Now | None, silent: FactState) -> Fact:
    """The newest concluded test that none supersedes; one that is pending counts only where nothing is concluded."""
    if now is None:
        return UNKNOWN
    if not records:
        return Fact(silent)
    if _from_the_future(records, now):
        return UNKNOWN
    standing = _standing(records)
    concluded = [test for test in standing if test.result is not TestResult.PENDING]
    test = max(concluded or standing, key=_rank)
    values: Values = {
        "result": test.result.value,
        "method": test.method.value,
        "pool_size": test.pool_size,
        "since_sample": now.seconds_since(test.sampled_at),
        "days_since_sample": now.days_since(test.sampled_at),
    }
    if test.reported_at is not None:
        values["since_report"] = now.seconds_since(test.reported_at)
    return known(test, now, values)


def sample_fact(records: Sequence[TestRecord], now: Now | None, silent: FactState) -> Fact:
    """The newest swab whatever became of it: a sampling proof."""
    if now is None:
        return UNKNOWN
    if not records:
        return Fact(silent)
    if _from_the_future(records, now):
        return UNKNOWN
    test = max(_standing(records), key=_rank)
    return known(
        test,
        now,
        {
            "since_sample": now.seconds_since(test.sampled_at),
            "days_since_sample": now.days_since(test.sampled_at),
            "pending": test.result is TestResult.PENDING,
        },
    )


def arrival_fact(
    arrivals: Sequence[ArrivalRecord], tests: Sequence[TestRecord], now: Now | None, silent: FactState
) -> Fact:
    """The newest arrival and the negative tests that were sampled since."""
    if now is None:
        return UNKNOWN
    if not arrivals:
        return Fact(silent)
    if any(now.in_future(record.as_of, record.arrived_at) for record in arrivals) or _from_the_future(tests, now):
        return UNKNOWN
    arrival = max(arrivals, key=lambda r: (r.arrived_at, _RISK[r.risk], r.as_of, r.source))
    # Nobody is swabbed twice at one moment: without an identifier of the sample the time tells reports of it apart.
    negatives = sorted(
        {
            test.sampled_at
            for test in _standing(tests)
            if test.result is TestResult.NEGATIVE and test.sampled_at >= arrival.arrived_at
        }
    )
    values: Values = {
        "since_arrival": now.seconds_since(arrival.arrived_at),
        "days_since_arrival": now.days_since(arrival.arrived_at),
        "risk": arrival.risk.value,
        "negatives": len(negatives),
        "spaced_negatives": _spaced(negatives),
    }
    if gaps := [(later - earlier) // timedelta(seconds=1) for earlier, later in pairwise(negatives)]:
        values["smallest_gap"] = min(gaps)
    return known(arrival, now, values)


def _spaced(times: Iterable[datetime]) -> int:
    """The largest number of these ascending times that lie ``SPACING`` or more apart."""
    count, last = 0, None
    for time in times:
        if last is None or time - last >= SPACING:
            count, last = count + 1, time
    return count


def _standing(records: Sequence[TestRecord]) -> list[TestRecord]:
    """One record a sample, without those that a single-tube retest replaces.

    Several sources may report the same sample: a conclusion beats "pending", and of two conclusions the newer word
    counts, the adverse one where both are as old. Only a retest in a tube of its own replaces a result, and only one
    that came later: so nothing replaces itself, in a circle neither, and there is always something left.
    """
    by_sample: dict[str, TestRecord] = {}
    reports = []
    for test in records:
        if test.sample is None:
            reports.append(test)
        elif test.sample not in by_sample or _word(test) > _word(by_sample[test.sample]):
            by_sample[test.sample] = test
    reports += by_sample.values()
    replaced = {
        retest.supersedes
        for retest in reports
        if retest.pool_size == 1
        and retest.result is not TestResult.PENDING
        and retest.supersedes in by_sample
        and _when(retest) > _when(by_sample[retest.supersedes])
    }
    return [test for test in reports if test.sample is None or test.sample not in replaced]


def _when(test: TestRecord) -> tuple[datetime, datetime]:
    """When a swab was taken and spoken of; a retest of what was left in the tube has the same first moment."""
    return test.sampled_at, test.reported_at or test.as_of


def _word(test: TestRecord) -> tuple[object, ...]:
    """How much one report of a sample counts against another of the same sample; the older swab is the adverse one."""
    return (
        test.result is not TestResult.PENDING,
        test.as_of,
        _ADVERSITY[test.result],
        _earlier(test.sampled_at),
        *_rank(test),
    )


def _rank(test: TestRecord) -> tuple[datetime, int, bool, float, datetime, int, str, str, str]:
    """Total order of tests, so that the order in which sources answer changes nothing.

    The newest swab first; of one moment the adverse result; of one result a report that has a time, and the earlier.
    """
    return (
        test.sampled_at,
        _ADVERSITY[test.result],
        test.reported_at is not None,
        _earlier(test.reported_at),
        test.as_of,
        test.pool_size,
        test.method.value,
        test.source,
        test.supersedes or "",
    )


def _earlier(time: datetime | None) -> float:
    return 0.0 if time is None else -time.timestamp()


def _from_the_future(records: Iterable[TestRecord], now: Now) -> bool:
    return any(now.in_future(test.as_of, test.sampled_at, test.reported_at) for test in records)
