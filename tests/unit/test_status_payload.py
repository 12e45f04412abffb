"""32 bits of a person: times never younger than they were, news never better than it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from status_lists import AS_OF, ORIGIN

from gate.errors import StatusUnavailable
from gate.model import Colour, PopUpRecord, Records, TestResult, TravelRecord, VaccinationRecord
from gate.status.cache.payload import AMBIGUOUS, LONG_AGO, REPORT_STEP_S, STEP_S, Status, check, moved, pack, records

NOW = datetime.fromtimestamp(AS_OF, UTC)
COLOURS = st.none() | st.sampled_from(Colour)


def read(bits: int, origin: int = ORIGIN) -> Records:
    return records(bits, "s", NOW, origin)


@st.composite
def statuses(draw: st.DrawFn) -> Status:
    result = draw(st.none() | st.sampled_from(TestResult))
    sampled = draw(st.integers(ORIGIN - 10**7, AS_OF)) if result else 0
    wait = draw(st.integers(0, 10**6))
    return Status(
        colour=draw(COLOURS),
        result=result,
        sampled_at=sampled,
        reported_at=sampled + wait if result and result is not TestResult.PENDING else None,
        doses=draw(st.none() | st.integers(0, 20)),
        pop_up=draw(st.none() | st.integers(0, 9)),
        travel=draw(st.none() | st.booleans()),
    )


@given(statuses())
def test_what_is_read_is_what_was_packed_but_for_times_that_are_older(status: Status) -> None:
    found = read(pack(status, ORIGIN))
    assert [code.colour for code in found.codes] == ([] if status.colour is None else [status.colour])
    assert [test.result for test in found.tests] == ([] if status.result is None else [status.result])
    doses = None if status.doses is None else min(status.doses, 6)
    assert found.vaccinations == (() if doses is None else (VaccinationRecord("s", NOW, doses),))
    assert found.travel == (() if status.travel is None else (TravelRecord("s", NOW, status.travel),))
    for test in found.tests:
        sampled = datetime.fromtimestamp(status.sampled_at, UTC)
        assert test.sampled_at <= sampled
        assert test.sampled_at == LONG_AGO or sampled - test.sampled_at < timedelta(seconds=STEP_S)
        assert (test.reported_at is None) == (status.reported_at is None)
        if test.reported_at is not None and status.reported_at is not None:
            reported = datetime.fromtimestamp(status.reported_at, UTC)
            assert test.sampled_at <= test.reported_at <= reported
            within = status.reported_at - status.sampled_at < 62 * REPORT_STEP_S
            assert not within or test.sampled_at == LONG_AGO or (reported - test.reported_at).seconds < REPORT_STEP_S
        assert test.pool_size > 1, "the list does not know, so no rule may take it for a single tube"


@given(st.integers(0, 9))
def test_a_pop_up_is_never_read_as_a_milder_one(level: int) -> None:
    (found,) = read(pack(Status(pop_up=level), ORIGIN)).pop_ups
    assert found == PopUpRecord("s", NOW, active=level > 0, level=found.level)
    assert found.level >= level


@given(statuses(), st.integers(0, 100))
def test_moving_a_list_s_origin_moves_nobody_s_test(status: Status, days: int) -> None:
    later = ORIGIN + days * 24 * 3600
    assert moved(pack(status, ORIGIN), days * 96) == pack(status, later) or read(pack(status, ORIGIN)).tests
    for before, after in zip(
        read(pack(status, ORIGIN)).tests, read(moved(pack(status, ORIGIN), days * 96), later).tests, strict=True
    ):
        assert after.sampled_at in {before.sampled_at, LONG_AGO}


@given(st.integers(0, (1 << 32) - 1))
def test_any_bits_are_records_or_refused(bits: int) -> None:
    try:
        check(bits)
    except StatusUnavailable:
        with pytest.raises(StatusUnavailable):
            read(bits)
    else:
        read(bits)


def test_two_people_in_one_place_are_nobody() -> None:
    with pytest.raises(StatusUnavailable, match="two people"):
        read(AMBIGUOUS)
    assert moved(AMBIGUOUS, 5) == AMBIGUOUS


@pytest.mark.parametrize(
    "status",
    [
        Status(result=TestResult.NEGATIVE, sampled_at=ORIGIN + 90 * 24 * 3600),
        Status(result=TestResult.NEGATIVE, sampled_at=AS_OF, reported_at=AS_OF - 1),
    ],
)
def test_a_test_that_the_list_can_t_tell_is_refused(status: Status) -> None:
    with pytest.raises(ValueError, match=r"sampled|reported"):
        pack(status, ORIGIN)
