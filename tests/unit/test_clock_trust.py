"""When the machine's clock is believed: no sequence of what can be forged lifts the floor, and every jump is seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.clock_trust import (
    AGREEING,
    APART_S,
    BATTERY_OFF_S,
    DISAGREEING,
    SETTLING_S,
    TOLERANCE_S,
    ClockTrust,
    Doubt,
    Keeper,
    Look,
)

BUILT = datetime(2026, 11, 21, tzinfo=UTC)
NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
NEW = ClockTrust(BUILT)
DAY_S = 86_400.0


def look(after_s: float = 0, *, set_by_s: float = 0) -> Look:
    """So long after the start of the test, on a clock that was set forward meanwhile."""
    return Look(NOW + timedelta(seconds=after_s + set_by_s), 100.0 + after_s)


def heard(trust: ClockTrust, times: int, *, off_s: float = 0, set_by_s: float = 0, after_s: float = 0) -> ClockTrust:
    """Several answers of one server whose clock is off against the true time."""
    for number in range(times):
        at = after_s + number * APART_S
        trust = trust.witnessed("a", look(at).at + timedelta(seconds=off_s), look(at, set_by_s=set_by_s))
    return trust


SYNCHRONISED = NEW.kept(Keeper.NETWORK, look())
WITNESSED = heard(NEW, AGREEING)


# --- shown right -----------------------------------------------------------------------------------------------------


def test_a_clock_that_shows_any_time_after_the_floor_is_not_right_for_that() -> None:
    assert NEW.doubt(look()) is Doubt.NOT_SHOWN_RIGHT


@pytest.mark.parametrize("trust", [SYNCHRONISED, NEW.kept(Keeper.BATTERY, look()), WITNESSED])
def test_a_clock_that_was_shown_right_is_believed_for_months_offline(trust: ClockTrust) -> None:
    assert trust.doubt(look(20)) is None
    assert trust.doubt(look(90 * DAY_S)) is None


def test_400_days_behind_is_before_the_floor_whoever_says_otherwise() -> None:
    behind = look(set_by_s=-400 * DAY_S)
    assert NEW.kept(Keeper.NETWORK, behind).doubt(behind) is Doubt.BEFORE_FLOOR
    assert SYNCHRONISED.doubt(behind) is Doubt.BEFORE_FLOOR


def test_a_clock_that_was_behind_is_believed_once_it_was_set() -> None:
    trust = NEW.kept(Keeper.NETWORK, look(set_by_s=-400 * DAY_S)).kept(Keeper.NETWORK, look(10))
    assert trust.doubt(look(11)) is None


def test_witnesses_alone_show_a_clock_right_but_not_one_of_them() -> None:
    for fewer in range(AGREEING):
        assert heard(NEW, fewer).doubt(look(20)) is Doubt.NOT_SHOWN_RIGHT
    assert heard(NEW, AGREEING).doubt(look(20)) is None


def test_answers_within_moments_are_one_observation() -> None:
    trust = NEW
    for _ in range(10):
        trust = trust.witnessed("a", NOW, look())
    assert trust.doubt(look()) is Doubt.NOT_SHOWN_RIGHT
    for server in "bc":
        trust = trust.witnessed(server, NOW, look())
    assert trust.doubt(look()) is None, "several servers at once are several"


# --- set by somebody -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("set_by_s", [3 * DAY_S, -3 * DAY_S, 3600.0, -3600.0, SETTLING_S + 1])
@pytest.mark.parametrize("trust", [SYNCHRONISED, WITNESSED])
def test_a_jump_that_no_time_explains_is_not_believed_until_it_is_undone(trust: ClockTrust, set_by_s: float) -> None:
    assert trust.doubt(look(60, set_by_s=set_by_s)) in {Doubt.SET_BY_SOMEBODY, Doubt.BEFORE_FLOOR}
    assert trust.doubt(look(61)) is None


def test_a_synchronisation_that_can_be_forged_does_not_explain_a_jump() -> None:
    jumped = look(60, set_by_s=3 * DAY_S)
    assert SYNCHRONISED.kept(Keeper.NETWORK, jumped).doubt(jumped) is Doubt.SET_BY_SOMEBODY


def test_many_small_jumps_are_one_large_one() -> None:
    trust = SYNCHRONISED
    doubts = []
    for minute in range(1, 10):
        now = look(60 * minute, set_by_s=20 * minute)
        trust = trust.kept(Keeper.NETWORK, now)
        doubts.append(trust.doubt(now))
    assert doubts[0] is None
    assert doubts[-1] is Doubt.SET_BY_SOMEBODY


def test_witnesses_confirm_a_jump_that_was_right() -> None:
    wrong = NEW.kept(Keeper.NETWORK, look(set_by_s=-3600))
    for agreeing in range(AGREEING):
        assert heard(wrong, agreeing).doubt(look(20)) is Doubt.SET_BY_SOMEBODY
    assert heard(wrong, AGREEING).doubt(look(20)) is None


def test_the_network_may_set_a_batterys_clock_right_once_and_by_a_little() -> None:
    battery = NEW.kept(Keeper.BATTERY, look(set_by_s=-BATTERY_OFF_S / 2))
    assert battery.doubt(look(30)) is Doubt.SET_BY_SOMEBODY
    assert battery.kept(Keeper.NETWORK, look(30)).doubt(look(31)) is None
    far = look(30, set_by_s=BATTERY_OFF_S)
    assert battery.kept(Keeper.NETWORK, far).doubt(far) is Doubt.SET_BY_SOMEBODY


def test_a_correction_after_months_offline_is_no_jump() -> None:
    assert SYNCHRONISED.doubt(look(90 * DAY_S, set_by_s=600)) is None


# --- witnesses against -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("off_s", [3 * DAY_S, 2 * TOLERANCE_S, -2 * TOLERANCE_S])
def test_one_servers_slip_changes_nothing_and_several_in_a_row_do(off_s: float) -> None:
    for fewer in range(DISAGREEING):
        assert heard(WITNESSED, fewer, off_s=off_s, after_s=60).doubt(look(90)) is None
    assert heard(WITNESSED, DISAGREEING, off_s=off_s, after_s=60).doubt(look(90)) is Doubt.CONTRADICTED


def test_a_clock_that_was_spoofed_from_the_start_is_found_out() -> None:
    spoofed = look(set_by_s=3 * DAY_S)
    trust = heard(NEW.kept(Keeper.NETWORK, spoofed), DISAGREEING, set_by_s=3 * DAY_S)
    assert trust.doubt(look(20, set_by_s=3 * DAY_S)) is Doubt.CONTRADICTED
    assert trust.floor == BUILT


def test_after_a_contradiction_as_many_must_agree() -> None:
    against = heard(WITNESSED, DISAGREEING, off_s=900, after_s=60)
    assert heard(against, AGREEING - 1, after_s=120).doubt(look(150)) is Doubt.CONTRADICTED
    assert heard(against, AGREEING, after_s=120).doubt(look(150)) is None


def test_servers_that_contradict_each_other_change_nothing() -> None:
    trust = WITNESSED
    for number in range(20):
        now = look(60 + number * APART_S)
        trust = trust.witnessed(f"{number % 2}", now.at + timedelta(days=number % 2), now)
    assert trust.doubt(look(300)) is None


def test_a_server_before_the_floor_is_wrong_itself() -> None:
    assert heard(WITNESSED, 10, off_s=-200 * DAY_S, after_s=60) == WITNESSED


# --- the floor -------------------------------------------------------------------------------------------------------


def test_witnesses_who_agree_lift_the_floor_to_what_they_proved() -> None:
    assert WITNESSED.floor == look(APART_S * (AGREEING - 1)).at - timedelta(seconds=TOLERANCE_S)
    assert WITNESSED.doubt(look(60)) is None, "the clock may be a little behind the server's"
    assert heard(NEW, AGREEING - 1).floor == BUILT


def test_a_server_alone_does_not_lift_the_floor() -> None:
    assert heard(SYNCHRONISED, 50, off_s=3 * DAY_S).floor == BUILT


def test_the_issue_of_a_rule_set_is_a_floor_while_it_is_held_and_is_not_kept() -> None:
    held = SYNCHRONISED.raised(NOW + timedelta(days=1))
    assert held.doubt(look()) is Doubt.BEFORE_FLOOR
    assert held.raised(NOW).doubt(look()) is Doubt.BEFORE_FLOOR
    assert held.floor == BUILT


MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
LOOKS = st.builds(Look, MOMENTS, st.floats(0, 1e9))
KEPT = st.tuples(st.just("kept"), st.sampled_from(Keeper), LOOKS)
RAISED = st.tuples(st.just("raised"), MOMENTS, LOOKS)
HEARD = st.tuples(st.just("heard"), st.tuples(st.sampled_from("abc"), MOMENTS), LOOKS)


def after(trust: ClockTrust, events: list[tuple[str, object, Look]]) -> ClockTrust:
    for event in events:
        match event:
            case "kept", Keeper() as keeper, now:
                trust = trust.kept(keeper, now)
            case "raised", datetime() as to, _:
                trust = trust.raised(to)
            case "heard", (str(server), datetime() as date), now:
                trust = trust.witnessed(server, date, now)
    return trust


@given(st.lists(KEPT | RAISED, max_size=40))
def test_no_sequence_of_what_can_be_forged_lifts_the_floor(events: list[tuple[str, object, Look]]) -> None:
    assert after(NEW, events).floor == BUILT


@given(st.lists(KEPT | RAISED | HEARD, max_size=40))
def test_the_floor_never_falls_and_is_never_above_what_a_witness_said(
    events: list[tuple[str, object, Look]],
) -> None:
    trust, dates = NEW, [BUILT]
    for event in events:
        match event:
            case _, (_, datetime() as date), _:
                dates.append(date)
        following = after(trust, [event])
        assert trust.floor <= following.floor <= max(dates)
        trust = following


@given(st.lists(KEPT | HEARD, max_size=40), LOOKS)
def test_nothing_before_the_floor_is_ever_believed(events: list[tuple[str, object, Look]], now: Look) -> None:
    trust = after(NEW, events)
    assert trust.doubt(replace(now, at=trust.floor - timedelta(seconds=1))) is Doubt.BEFORE_FLOOR
