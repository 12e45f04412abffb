"""Which test counts, when the last swab was, and how many there were since an arrival."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from presented import HERE, NOW, Shown, ago, moment, shown

from gate.model import ArrivalRecord, ArrivalRisk, Records, TestMethod, TestRecord, TestResult

DAY = 86_400
NEGATIVE, POSITIVE = TestResult.NEGATIVE, TestResult.POSITIVE
PENDING, INCONCLUSIVE = TestResult.PENDING, TestResult.INCONCLUSIVE


def lab(result: TestResult, hours: float, **others: Any) -> TestRecord:
    """A test whose swab was taken so many hours ago and reported an hour later."""
    reported = None if result is PENDING else ago(hours=hours - 1)
    usual = {"source": "lab", "as_of": ago(minutes=1), "sampled_at": ago(hours=hours), "reported_at": reported}
    return TestRecord(**{**usual, "result": result, **others})


def counted(*records: TestRecord) -> Shown:
    """The fact about the test, which must be the same in whatever order the sources answer."""
    facts = [shown(Records(tests=mixed))["test"] for mixed in permutations(records)]
    assert all(fact == facts[0] for fact in facts)
    return facts[0]


def swab(*records: TestRecord) -> Shown:
    facts = [shown(Records(tests=mixed))["sample"] for mixed in permutations(records)]
    assert all(fact == facts[0] for fact in facts)
    return facts[0]


# --- which test counts ------------------------------------------------------------------------------


def test_everything_that_is_known_of_a_test() -> None:
    test = lab(NEGATIVE, 30, method=TestMethod.ANTIGEN, pool_size=10, sample="S1")
    assert counted(test) == {
        "state": "known",
        "age": 60,
        "result": "negative",
        "method": "antigen",
        "pool_size": 10,
        "since_sample": 30 * 3600,
        "days_since_sample": 1,  # 02:00 of yesterday in Shanghai
        "since_report": 29 * 3600,
    }


def test_a_pending_test_does_not_undo_a_concluded_one() -> None:
    assert counted(lab(NEGATIVE, 30), lab(PENDING, 2))["result"] == "negative"
    pending = counted(lab(PENDING, 2), lab(PENDING, 3))
    assert (pending["result"], pending["since_sample"]) == ("pending", 7200)
    assert "since_report" not in pending


def test_the_newest_swab_decides_whatever_was_reported_last() -> None:
    assert counted(lab(POSITIVE, 3), lab(NEGATIVE, 30))["result"] == "positive"
    assert counted(lab(POSITIVE, 30), lab(NEGATIVE, 3))["since_report"] == 7200
    slow = lab(NEGATIVE, 30, reported_at=ago(minutes=1))
    assert counted(slow, lab(POSITIVE, 29))["result"] == "positive"
    assert counted(lab(NEGATIVE, 30), lab(POSITIVE, 29.999))["result"] == "positive"


def test_an_inconclusive_result_is_a_conclusion() -> None:
    assert counted(lab(NEGATIVE, 30), lab(INCONCLUSIVE, 3))["result"] == "inconclusive"
    assert counted(lab(NEGATIVE, 3), lab(INCONCLUSIVE, 30))["result"] == "negative"


@pytest.mark.parametrize(
    ("better", "worse"), [(NEGATIVE, INCONCLUSIVE), (NEGATIVE, POSITIVE), (INCONCLUSIVE, POSITIVE)]
)
def test_of_swabs_of_one_moment_the_adverse_result_counts(better: TestResult, worse: TestResult) -> None:
    assert counted(lab(better, 5, source="z"), lab(worse, 5, source="a"))["result"] == worse.value
    # And the same where both speak of one sample.
    same = {"sample": "S1", "sampled_at": ago(hours=5)}
    assert counted(lab(better, 5, source="z", **same), lab(worse, 5, source="a", **same))["result"] == worse.value


def test_of_one_swab_the_report_with_the_earliest_time_counts() -> None:
    early, late = lab(NEGATIVE, 9), lab(NEGATIVE, 9, reported_at=ago(hours=1), source="z")
    unsaid = lab(NEGATIVE, 9, reported_at=None, source="zz")
    assert counted(early, late, unsaid)["since_report"] == 8 * 3600
    assert counted(late, unsaid)["since_report"] == 3600


def test_every_last_difference_settles_which_of_two_like_reports_counts() -> None:
    base = lab(NEGATIVE, 9)
    assert counted(base, replace(base, as_of=ago(minutes=2), source="z"))["age"] == 60
    assert counted(replace(base, source="z"), replace(base, pool_size=20))["pool_size"] == 20
    assert counted(replace(base, source="z", method=TestMethod.ANTIGEN), base)["method"] == "pcr"


# --- several reports of one sample --------------------------------------------------------------------


def test_a_conclusion_beats_pending_even_if_pending_was_said_later() -> None:
    waiting = lab(PENDING, 5, sample="S1", source="province")
    done = lab(NEGATIVE, 5, sample="S1", as_of=ago(hours=2))
    assert counted(waiting, done)["result"] == "negative"
    assert swab(waiting, done)["pending"] is False


def test_of_two_conclusions_about_one_sample_the_newer_word_counts() -> None:
    first = lab(POSITIVE, 5, sample="S1", as_of=ago(hours=3))
    corrected = lab(NEGATIVE, 5, sample="S1", as_of=ago(hours=2))
    assert counted(first, corrected)["result"] == "negative"
    assert counted(replace(first, as_of=ago(hours=1)), corrected)["result"] == "positive"


def test_of_two_like_reports_of_one_sample_the_older_swab_counts() -> None:
    one, other = lab(NEGATIVE, 5, sample="S1", source="z"), lab(NEGATIVE, 6, sample="S1", reported_at=ago(hours=4))
    assert counted(one, other)["since_sample"] == 6 * 3600


def test_two_reports_of_a_retest_that_name_different_swabs() -> None:
    of_pool, of_nothing = (retest(NEGATIVE, "POOL", sample="R", supersedes=swab) for swab in ("POOL", None))
    assert counted(POOL, of_pool, of_nothing)["result"] == "negative"
    # One report of each sample counts, so that this does not hang on which source answers first.
    assert counted(POOL, of_pool, replace(of_pool, supersedes="ANOTHER")) == counted(POOL, of_pool)


def test_other_samples_are_other_tests() -> None:
    assert counted(lab(POSITIVE, 5, sample="S1"), lab(NEGATIVE, 4, sample="S2"))["result"] == "negative"
    assert counted(lab(NEGATIVE, 5, sample="S1"), lab(POSITIVE, 4, sample="S2"))["result"] == "positive"


# --- retests ----------------------------------------------------------------------------------------------

POOL = lab(POSITIVE, 9, sample="POOL", pool_size=10)


def retest(result: TestResult, replaces: str, hours: float = 2, **others: Any) -> TestRecord:
    """A retest of what was left in the tube: the same swab, reported so many hours ago."""
    usual = {"sample": f"OF-{replaces}", "reported_at": ago(hours=hours), "supersedes": replaces}
    return lab(result, 9, **{**usual, **others})


def test_a_single_tube_clears_a_positive_pool_of_the_same_swab() -> None:
    cleared = counted(POOL, retest(NEGATIVE, "POOL"))
    assert (cleared["result"], cleared["pool_size"], cleared["since_report"]) == ("negative", 1, 7200)
    assert counted(POOL, retest(POSITIVE, "POOL"))["pool_size"] == 1
    assert counted(POOL, retest(NEGATIVE, "POOL", sample=None))["result"] == "negative"


@pytest.mark.parametrize(
    "fails",
    [
        {"pool_size": 2},
        {"result": PENDING, "reported_at": None},
        {"supersedes": "ANOTHER"},
        {"supersedes": None},
        {"reported_at": ago(hours=8)},  # as old as the pool's own report
        {"reported_at": ago(hours=9)},
        {"reported_at": None, "as_of": ago(hours=8)},
    ],
)
def test_what_clears_no_pool(fails: dict[str, Any]) -> None:
    assert counted(POOL, replace(retest(NEGATIVE, "POOL"), **fails))["result"] == "positive"


def test_a_retest_without_a_time_of_report_counts_from_when_its_source_knew() -> None:
    assert counted(POOL, retest(NEGATIVE, "POOL", reported_at=None, as_of=ago(hours=7)))["result"] == "negative"


def test_a_later_swab_clears_a_pool_whenever_it_was_reported() -> None:
    late_pool = replace(POOL, reported_at=ago(hours=1))
    assert counted(late_pool, retest(NEGATIVE, "POOL", sampled_at=ago(hours=8)))["result"] == "negative"


def test_an_earlier_swab_clears_nothing() -> None:
    assert counted(POOL, retest(NEGATIVE, "POOL", sampled_at=ago(hours=10)))["result"] == "positive"


def test_a_chain_of_retests_ends_with_its_last_one() -> None:
    second = retest(INCONCLUSIVE, "POOL", hours=4)
    third = retest(NEGATIVE, "OF-POOL", hours=2)
    assert counted(POOL, second)["result"] == "inconclusive"
    assert counted(POOL, second, third)["result"] == "negative"


def test_tests_that_replace_each_other_in_a_circle_clear_nothing_of_what_came_last() -> None:
    one = lab(NEGATIVE, 9, sample="A", supersedes="B")
    other = lab(POSITIVE, 9, sample="B", supersedes="A")
    old = lab(NEGATIVE, 40)
    # Both were reported at one moment: neither came after the other, so both stand and the adverse one counts.
    assert counted(one, other, old)["result"] == "positive"
    assert counted(one, replace(other, reported_at=ago(hours=1)), old)["result"] == "positive"
    assert counted(replace(one, reported_at=ago(hours=1)), other, old)["result"] == "negative"


def test_a_test_does_not_replace_itself() -> None:
    assert counted(lab(POSITIVE, 9, sample="A", supersedes="A"), lab(NEGATIVE, 40))["result"] == "positive"
    later = lab(POSITIVE, 9, sample="A", supersedes="A", reported_at=ago(hours=1), source="province")
    assert counted(lab(POSITIVE, 9, sample="A"), later, lab(NEGATIVE, 40))["result"] == "positive"


# --- the swab itself -----------------------------------------------------------------------------------------


def test_the_newest_swab_is_a_sampling_proof_whatever_became_of_it() -> None:
    assert swab(lab(NEGATIVE, 30), lab(PENDING, 2)) == {
        "state": "known",
        "age": 60,
        "since_sample": 7200,
        "days_since_sample": 0,
        "pending": True,
    }
    assert swab(lab(POSITIVE, 2), lab(PENDING, 30))["pending"] is False
    assert swab(lab(INCONCLUSIVE, 2), lab(NEGATIVE, 30))["since_sample"] == 7200


def test_the_second_of_the_swab_counts() -> None:
    for seconds in (DAY - 1, DAY, DAY + 1):
        assert swab(lab(PENDING, seconds / 3600))["since_sample"] == seconds


@pytest.mark.parametrize(
    ("at", "days"),
    [
        ((2021, 6, 19, 16, 0, 0), 0),  # midnight in Shanghai: today's swab
        ((2021, 6, 19, 15, 59, 59), 1),
        ((2021, 6, 18, 16, 0, 0), 1),
        ((2021, 6, 18, 15, 59, 59), 2),
    ],
)
def test_days_since_a_swab_are_calendar_days_and_its_own_day_is_day_0(at: tuple[int, ...], days: int) -> None:
    test = lab(NEGATIVE, 1, sampled_at=moment(*at).at, reported_at=None)
    assert counted(test)["days_since_sample"] == days
    assert swab(test)["days_since_sample"] == days


@pytest.mark.parametrize("field", ["as_of", "sampled_at", "reported_at"])
@pytest.mark.parametrize(("ahead", "state"), [(300, "known"), (301, "unknown")])
def test_every_time_of_a_test_may_lie_five_minutes_ahead(field: str, ahead: int, state: str) -> None:
    test = lab(NEGATIVE, 9, **{field: NOW + timedelta(seconds=ahead)})
    arrival = ArrivalRecord("city", ago(hours=9), ago(days=1), ArrivalRisk.LOW)
    facts = shown(Records(tests=(lab(NEGATIVE, 30), test), arrivals=(arrival,)))
    assert {facts[name]["state"] for name in ("test", "sample", "arrival")} == {state}


# --- since an arrival -------------------------------------------------------------------------------------------


def arrived(*tests: TestRecord, at: datetime | None = None, **others: Any) -> Shown:
    arrival = ArrivalRecord("city", ago(hours=1), at or ago(days=3), ArrivalRisk.LOW)
    return shown(Records(arrivals=(replace(arrival, **others),), tests=tests))["arrival"]


def negative(seconds: float, **others: Any) -> TestRecord:
    """A negative test so many seconds after the arrival three days ago."""
    return lab(NEGATIVE, 72 - seconds / 3600, **{"reported_at": None, **others})


def test_an_arrival_alone() -> None:
    assert arrived(at=ago(days=3, seconds=-1), risk=ArrivalRisk.ABROAD) == {
        "state": "known",
        "age": 3600,
        "since_arrival": 3 * DAY - 1,
        "days_since_arrival": 3,
        "risk": "abroad",
        "negatives": 0,
        "spaced_negatives": 0,
    }


@pytest.mark.parametrize(("gap", "spaced"), [(DAY - 1, 1), (DAY, 2), (DAY + 1, 2)])
def test_two_tests_count_as_two_from_24_hours_apart(gap: int, spaced: int) -> None:
    fact = arrived(negative(3600), negative(3600 + gap))
    assert (fact["negatives"], fact["spaced_negatives"], fact["smallest_gap"]) == (2, spaced, gap)


def test_the_largest_number_of_spaced_tests_counts() -> None:
    half = DAY // 2
    fact = arrived(negative(0), negative(half), negative(DAY), negative(DAY + half), negative(2 * DAY))
    assert (fact["negatives"], fact["spaced_negatives"], fact["smallest_gap"]) == (5, 3, half)
    one = arrived(negative(half))
    assert (one["negatives"], one["spaced_negatives"]) == (1, 1)
    assert "smallest_gap" not in one


def test_the_smallest_gap_is_whole_seconds() -> None:
    assert arrived(negative(0), negative(100.999), negative(DAY))["smallest_gap"] == 100


def test_a_test_counts_from_the_second_of_the_arrival() -> None:
    assert arrived(negative(-1))["negatives"] == 0
    assert arrived(negative(0))["negatives"] == 1


def test_only_negatives_count_and_each_sample_once() -> None:
    others = [
        replace(negative(hour * 3600), result=result) for hour, result in enumerate([POSITIVE, PENDING, INCONCLUSIVE])
    ]
    assert arrived(*others)["negatives"] == 0
    twice = [negative(0, sample="S1"), negative(0, sample="S1", source="province", as_of=ago(hours=2))]
    assert arrived(*twice)["negatives"] == 1
    unnamed = [negative(0), negative(0, source="province")]
    assert arrived(*unnamed)["negatives"] == 1, "nobody is swabbed twice at one moment"


def test_a_negative_pool_that_a_single_tube_contradicts_does_not_count() -> None:
    pool = negative(0, sample="POOL", pool_size=10)
    single = replace(negative(60, supersedes="POOL"), result=POSITIVE)
    assert arrived(pool)["negatives"] == 1
    assert arrived(pool, single)["negatives"] == 0


def test_the_newest_arrival_counts_and_of_one_moment_the_riskier() -> None:
    def newest(*records: ArrivalRecord) -> Shown:
        facts = [shown(Records(arrivals=mixed))["arrival"] for mixed in permutations(records)]
        assert all(fact == facts[0] for fact in facts)
        return facts[0]

    old = ArrivalRecord("z", ago(minutes=1), ago(days=9), ArrivalRisk.ABROAD)
    new = ArrivalRecord("a", ago(hours=1), ago(days=1), ArrivalRisk.LOW)
    assert (newest(old, new)["risk"], newest(old, new)["since_arrival"]) == ("low", DAY)
    for better, worse in [("low", "medium"), ("medium", "high"), ("high", "abroad")]:
        together = replace(new, risk=ArrivalRisk(better), source="z"), replace(new, risk=ArrivalRisk(worse))
        assert newest(*together)["risk"] == worse
    assert newest(new, replace(new, as_of=ago(minutes=30)))["age"] == 1800


@pytest.mark.parametrize("field", ["as_of", "arrived_at"])
@pytest.mark.parametrize(("ahead", "state"), [(300, "known"), (301, "unknown")])
def test_every_time_of_an_arrival_may_lie_five_minutes_ahead(field: str, ahead: int, state: str) -> None:
    assert arrived(**{field: NOW + timedelta(seconds=ahead)})["state"] == state


def test_day_0_of_an_arrival_is_the_day_itself_at_the_gates_own_clock() -> None:
    late = moment(2021, 6, 19, 15, 59, 59).at  # a second before midnight in Shanghai, 11:59 in New York
    records = Records(arrivals=(ArrivalRecord("city", late, late, ArrivalRisk.LOW),))
    assert shown(records)["arrival"]["days_since_arrival"] == 1
    new_york = replace(HERE, time_zone="America/New_York")  # where it is 20:00 on the 19th
    assert shown(records, checkpoint=new_york)["arrival"]["days_since_arrival"] == 0
