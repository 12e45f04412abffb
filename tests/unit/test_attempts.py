from __future__ import annotations

from gate.app.attempts import MOST_KEPT, WINDOW_S, Attempts
from gate.model import Outcome


def test_retries_add_up_until_something_else_happens() -> None:
    attempts = Attempts()
    for expected in range(3):
        assert attempts.retries("holder", 1.0) == expected
        attempts.note("holder", Outcome.RETRY, 1.0)
    assert attempts.retries("somebody else", 1.0) == 0
    attempts.note("holder", Outcome.REFER, 2.0)
    assert attempts.retries("holder", 2.0) == 0


def test_retries_are_forgotten_after_two_minutes() -> None:
    attempts = Attempts()
    attempts.note("holder", Outcome.RETRY, 0.0)
    assert attempts.retries("holder", WINDOW_S) == 1
    assert attempts.retries("holder", WINDOW_S + 1) == 0
    attempts.note("holder", Outcome.RETRY, WINDOW_S + 1)
    assert attempts.retries("holder", WINDOW_S + 1) == 1, "it begins anew"


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    attempts = Attempts()
    for number in range(MOST_KEPT + 1):
        attempts.note(number, Outcome.RETRY, 0.0)
    assert attempts.retries(0, 0.0) == 0
    assert attempts.retries(1, 0.0) == 1
