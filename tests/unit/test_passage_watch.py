"""What a passage sensor says about a release; times are handed in, so no test waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers.passage_watch import Over, PassageWatch, Sign
from gate.model import PassageResult

if TYPE_CHECKING:
    from drivers.passage_watch import Happening


class Passage:
    """A watch, and everything that it told."""

    def __init__(self, *, sensor: bool = True) -> None:
        self.watch = PassageWatch(8.0, 10.0, sensor=sensor)
        self.told: list[Happening] = []

    def walk(self, at: float, inside: float = 0.3) -> None:
        self.told += self.watch.sensed(at, blocked=True)
        self.told += self.watch.sensed(at + inside, blocked=False)

    def until(self, now: float) -> list[Happening]:
        self.told += self.watch.tick(now)
        return self.told


def test_whoever_is_released_and_walks_has_passed() -> None:
    passage = Passage()
    passage.watch.release(0)
    passage.walk(2)
    assert passage.until(100) == [Over(PassageResult.PASSED)]


def test_whoever_does_not_come_in_time_has_not_taken_it() -> None:
    passage = Passage()
    passage.watch.release(0)
    assert passage.until(7.9) == []
    assert passage.until(8.1) == [Over(PassageResult.NOT_TAKEN)]


def test_whoever_comes_at_the_last_moment_is_waited_for() -> None:
    passage = Passage()
    passage.watch.release(0)
    passage.walk(7.99, inside=5)
    assert passage.until(100) == [Over(PassageResult.PASSED)]


def test_a_contact_that_chatters_is_one_person() -> None:
    passage = Passage()
    passage.watch.release(0)
    for moment in range(10):
        passage.walk(1 + moment / 100, inside=0.005)
    passage.walk(1.2)
    for moment in range(5):
        passage.walk(1.52 + moment / 100, inside=0.005)
    assert passage.until(100) == [Over(PassageResult.PASSED)]


def test_chatter_alone_is_nobody() -> None:
    passage = Passage()
    passage.watch.release(0)
    for moment in range(100):
        passage.walk(1 + moment / 20, inside=0.01)
    assert passage.until(100) == [Over(PassageResult.NOT_TAKEN)]


def test_whoever_passes_without_being_released_is_told_of() -> None:
    passage = Passage()
    passage.walk(1)
    assert passage.until(100) == [Sign.UNRELEASED]


def test_a_second_person_on_one_release_is_told_of() -> None:
    passage = Passage()
    passage.watch.release(0)
    passage.walk(1)
    passage.walk(2)
    assert passage.until(100) == [Over(PassageResult.PASSED), Sign.UNRELEASED]


def test_a_passage_that_stays_blocked_is_jammed_until_it_is_free() -> None:
    passage = Passage()
    passage.watch.release(0)
    passage.walk(1, inside=30)
    assert passage.until(100) == [Sign.JAM, Over(PassageResult.JAMMED), Sign.JAM_OVER]
    passage.watch.release(100)
    passage.walk(101)
    assert passage.until(200)[3:] == [Over(PassageResult.PASSED)]


def test_a_sensor_that_is_covered_without_a_release_is_a_jam_as_well() -> None:
    passage = Passage()
    passage.told += passage.watch.sensed(0, blocked=True)
    assert passage.until(11) == [Sign.JAM]
    assert passage.watch.deadline is None


def test_while_the_fire_alarm_holds_it_open_nobody_knows_who_took_what() -> None:
    passage = Passage()
    passage.watch.release(0)
    passage.told += passage.watch.fire(1, active=True)
    passage.told += passage.watch.fire(2, active=False)
    assert passage.until(9) == [Over(None)], "not taken is not said of somebody who may have fled"
    passage.watch.fire(10, active=True)
    passage.walk(11)
    passage.walk(12, inside=60)
    assert passage.until(100) == [Over(None)], "people in flight are neither intruders nor a jam"
    passage.watch.fire(101, active=False)
    passage.watch.release(102)
    assert passage.until(200)[1:] == [Over(PassageResult.NOT_TAKEN)]


def test_somebody_seen_walking_has_passed_even_in_a_fire() -> None:
    passage = Passage()
    passage.watch.release(0)
    passage.watch.fire(1, active=True)
    passage.walk(2)
    assert passage.until(100) == [Over(PassageResult.PASSED)]


def test_a_crowd_that_flees_ends_a_release_all_the_same() -> None:
    passage = Passage()
    passage.watch.fire(0, active=True)
    passage.watch.release(1)
    passage.told += passage.watch.sensed(2, blocked=True)
    assert passage.until(13) == [Over(None)]


def test_without_a_sensor_nobody_knows() -> None:
    passage = Passage(sensor=False)
    passage.watch.release(0)
    assert passage.until(0) == [Over(None)], "nothing is waited for"


def test_two_releases_at_once_are_a_bug() -> None:
    passage = Passage()
    passage.watch.release(0)
    with pytest.raises(RuntimeError, match="one release"):
        passage.watch.release(1)
