"""A server that fails is left alone for a while, tried once, and trusted again once it answers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.net.breaker import Breaker, Limits

LIMITS = Limits(failures=3, first_pause_s=2.0, longest_pause_s=60.0)
CLOSED = Breaker(LIMITS)


def opened(chance: float = 1.0) -> Breaker:
    state = CLOSED
    for _ in range(3):
        state = state.failed(0.0, chance)
    return state


def test_fewer_failures_than_the_limit_change_nothing() -> None:
    assert CLOSED.failed(0.0, 1.0).failed(0.0, 1.0).lets_ask(0.0)


def test_an_answer_in_between_begins_the_count_anew() -> None:
    assert CLOSED.failed(0, 1).failed(0, 1).answered().failed(0, 1).failed(0, 1).lets_ask(0)


def test_it_is_left_alone_for_the_pause_that_was_drawn() -> None:
    assert not opened(0.5).lets_ask(0.99)
    assert opened(0.5).lets_ask(1.0)


def test_after_the_pause_one_may_try_and_the_others_wait() -> None:
    trial = opened().asking()
    assert not trial.lets_ask(1000.0)


def test_a_good_trial_closes_it() -> None:
    assert opened().asking().answered() == CLOSED


def test_a_trial_in_vain_doubles_the_longest_pause_up_to_the_limit() -> None:
    state, now, pauses = opened(), 0.0, []
    for _ in range(7):
        assert state.paused_until is not None
        pauses.append(state.paused_until - now)
        now = state.paused_until
        state = state.asking().failed(now, 1.0)
    assert pauses == [2, 4, 8, 16, 32, 60, 60]


def test_a_call_from_before_it_opened_does_not_make_the_pause_longer() -> None:
    assert opened().failed(1.0, 1.0) == opened()


@given(st.lists(st.tuples(st.sampled_from("af"), st.floats(0, 1000), st.floats(0, 1)), max_size=60))
def test_whatever_happens_it_is_tried_again_within_the_longest_pause(events: list[tuple[str, float, float]]) -> None:
    state, now = CLOSED, 0.0
    for event, later, chance in events:
        now += later
        if state.lets_ask(now):
            state = state.asking()
            state = state.answered() if event == "a" else state.failed(now, chance)
        assert state.lets_ask(now + LIMITS.longest_pause_s)
