from __future__ import annotations

import pytest

from gate.lane import TRANSITIONS, Lane, LaneEvent, LaneState


def test_a_shift_of_two_people_goes_through_the_table() -> None:
    lane = Lane()

    def busy() -> bool:
        return lane.busy

    assert lane.apply(LaneEvent.PRESENTED) is LaneState.DECIDING
    assert busy()
    assert lane.apply(LaneEvent.RELEASE) is LaneState.RELEASED
    assert not busy(), "the next person may present while the barrier is still open"
    assert lane.apply(LaneEvent.PRESENTED) is LaneState.DECIDING
    assert lane.apply(LaneEvent.REFUSED) is LaneState.IDLE


def test_authorised_is_not_passed() -> None:
    for event in (LaneEvent.PASSED, LaneEvent.NOT_TAKEN, LaneEvent.JAMMED, LaneEvent.TIME_OUT):
        lane = Lane()
        lane.apply(LaneEvent.PRESENTED)
        lane.apply(LaneEvent.RELEASE)
        assert lane.apply(event) is LaneState.IDLE


@pytest.mark.parametrize("state", LaneState)
@pytest.mark.parametrize("event", LaneEvent)
def test_what_the_table_does_not_hold_is_a_bug(state: LaneState, event: LaneEvent) -> None:
    lane = Lane()
    lane.state = state
    if (state, event) in TRANSITIONS:
        assert lane.apply(event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(RuntimeError, match="can't happen"):
            lane.apply(event)


def test_nobody_is_released_without_being_decided_about() -> None:
    released_from = {state for (state, _), following in TRANSITIONS.items() if following is LaneState.RELEASED}
    assert released_from == {LaneState.DECIDING}
