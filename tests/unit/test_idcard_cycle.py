"""The read cycle of the ID reader: who is asked what next, and what the person hears, with an own clock."""

from __future__ import annotations

import itertools

import pytest

from drivers.idcard_cycle import PATIENCE, TABLE, Cycle, News, Step
from drivers.idcard_frames import Command
from drivers.idcard_status import Advice, Status
from gate.model import NoticeKind

AGAIN = NoticeKind.PRESENT_AGAIN


class Bench:
    """Feeds answers to a cycle and keeps what it says."""

    def __init__(self, *, serviceable: bool = True) -> None:
        self.cycle = Cycle(serviceable=serviceable)
        self.now = 100.0
        self.said: list[NoticeKind] = []
        self.pause = 0.0

    def answer(self, *statuses: int | None) -> None:
        for status in statuses:
            self.pause, news = self.cycle.advance(status, self.now)
            self._keep(news)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._keep(self.cycle.overdue(self.now))

    def step(self) -> Step:
        return self.cycle.step

    def _keep(self, news: list[News]) -> None:
        self.said += [item.kind for item in news]


def test_a_card_is_found_selected_read_and_then_watched() -> None:
    bench = Bench()
    asked = []
    for status in (0x80, 0x9F, 0x90, 0x90, 0x90):
        asked.append(bench.cycle.command)
        bench.answer(status)
    assert asked == [Command.FIND, Command.FIND, Command.SELECT, Command.READ, Command.CHIP_NUMBER]
    assert bench.said == []


def test_nothing_waits_between_find_select_and_read() -> None:
    bench = Bench()
    for status in (0x9F, 0x90):
        bench.answer(status)
        assert bench.pause == 0


def test_one_lost_contact_does_not_read_a_resting_card_again() -> None:
    bench = Bench()
    bench.answer(0x9F, 0x90, 0x90, 0x41, 0x90, 0x41, 0x90)
    assert bench.step() is Step.WATCH
    bench.answer(0x41, 0x41)
    assert bench.step() is Step.FIND


@pytest.mark.parametrize("found", [0x9F, None])
def test_a_module_without_the_chip_number_is_watched_by_find(found: int | None) -> None:
    bench = Bench()
    bench.answer(0x9F, 0x90, 0x90, Status.COMMAND_WRONG)
    assert (bench.step(), bench.cycle.command) == (Step.WATCH, Command.FIND)
    bench.answer(found)
    assert bench.step() is Step.WATCH
    bench.answer(0x80, 0x80)
    assert bench.step() is Step.FIND


@pytest.mark.parametrize("status", [0x31, 0x32, 0x33, 0x40])
@pytest.mark.parametrize("before", [(0x9F,), (0x9F, 0x90)])
def test_a_refused_card_is_asked_for_again_at_once_and_only_once(before: tuple[int, ...], status: int) -> None:
    bench = Bench()
    bench.answer(*before, status)
    assert bench.said == [AGAIN]
    bench.answer(*before, status)
    bench.wait(10)
    assert bench.said == [AGAIN]


def test_three_failed_reads_ask_for_the_card_again() -> None:
    bench = Bench()
    bench.answer(0x9F, 0x90, 0x41, 0x9F, 0x90, 0x41)
    assert bench.said == []
    bench.answer(0x9F, 0x90, 0x41)
    assert bench.said == [AGAIN]


def test_a_card_that_reads_slowly_is_asked_for_in_time_and_still_read() -> None:
    bench = Bench()
    bench.answer(0x9F, 0x90)
    bench.wait(PATIENCE - 0.1)
    assert bench.said == []
    bench.wait(0.1)
    assert bench.said == [AGAIN]
    bench.answer(0x90)
    assert bench.step() is Step.WATCH
    bench.wait(10)
    assert bench.said == [AGAIN]


def test_a_card_that_is_gone_too_early_is_asked_for_again() -> None:
    bench = Bench()
    bench.answer(0x9F, 0x90, 0x41, 0x80)
    assert bench.said == []
    bench.answer(0x80)
    assert bench.said == [AGAIN]
    bench.wait(10)
    bench.answer(0x80, 0x80)
    assert bench.said == [AGAIN]


def test_a_card_held_at_the_edge_of_the_field_is_answered_in_time() -> None:
    bench = Bench()
    for _ in range(6):
        bench.answer(0x9F, 0x81, 0x80)
        bench.wait(0.5)
    assert bench.said == [AGAIN]


def test_everybody_is_asked_anew() -> None:
    bench = Bench()
    for _ in range(3):
        bench.answer(0x9F, 0x40, 0x80)
    assert bench.said == [AGAIN] * 3


def test_status_that_nobody_knows_is_tried_again() -> None:
    bench = Bench()
    bench.answer(0x9F, 0xC7)
    assert bench.step() is Step.FIND
    bench.wait(PATIENCE)
    assert bench.said == [AGAIN]


@pytest.mark.parametrize("status", [0x21, 0x23, 0x24, 0x60, 0x66])
def test_service_is_called_once_then_tried_slowly_until_it_works(status: int) -> None:
    bench = Bench()
    bench.answer(status)
    assert bench.said == [NoticeKind.READER_UNSERVICEABLE]
    assert bench.cycle.command is Command.SAM_RESET
    assert bench.pause == 0
    bench.answer(0x90, status)
    assert bench.pause == 5
    bench.answer(0x90, status, 0x90, status)
    assert bench.said == [NoticeKind.READER_UNSERVICEABLE]
    bench.answer(0x90, 0x80)
    assert bench.said == [NoticeKind.READER_UNSERVICEABLE, NoticeKind.ONLINE]


def test_whoever_comes_while_the_reader_needs_service_is_told() -> None:
    bench = Bench()
    bench.answer(0x24, 0x90, 0x9F, 0x24)
    assert bench.said == [NoticeKind.READER_UNSERVICEABLE] * 2
    bench.wait(10)
    assert len(bench.said) == 2


def test_a_reader_that_starts_in_need_of_service_is_reset_first() -> None:
    bench = Bench(serviceable=False)
    assert bench.cycle.command is Command.SAM_RESET
    bench.answer(0x66)
    assert (bench.cycle.command, bench.pause) == (Command.SAM_RESET, 5)


@pytest.mark.parametrize("status", [0x31, 0x40])
def test_a_thing_that_find_refuses_is_answered_once_while_it_lies_there(status: int) -> None:
    bench = Bench()
    bench.answer(*[status] * 40)
    bench.wait(10)
    assert bench.said == [AGAIN]
    bench.answer(0x80, status)
    assert bench.said == [AGAIN] * 2


def test_a_thing_that_find_cannot_make_out_is_answered_in_time() -> None:
    bench = Bench()
    bench.answer(0x81, 0xC7)
    bench.wait(PATIENCE)
    assert bench.said == [AGAIN]


def test_a_module_that_never_answers_find_needs_service() -> None:
    bench = Bench()
    bench.answer(None, None)
    assert bench.said == []
    bench.answer(None)
    assert bench.said == [NoticeKind.READER_UNSERVICEABLE]
    bench.answer(0x90, None)
    assert (bench.cycle.command, bench.pause) == (Command.SAM_RESET, 5)
    bench.answer(0x90, 0x80)
    assert bench.said == [NoticeKind.READER_UNSERVICEABLE, NoticeKind.ONLINE]


@pytest.mark.parametrize("before", [(0x9F,), (0x9F, 0x90)])
def test_a_module_that_is_silent_about_a_card_is_reset(before: tuple[int, ...]) -> None:
    bench = Bench()
    bench.answer(*before, None)
    assert (bench.cycle.command, bench.pause) == (Command.SAM_RESET, 0)
    bench.answer(0x90)
    assert (bench.cycle.command, bench.said) == (Command.FIND, [])
    bench.wait(PATIENCE)
    assert bench.said == [AGAIN]


def test_the_table_knows_every_answer_in_every_step() -> None:
    for step, result in itertools.product(Step, (*Advice, None)):
        following, _ = TABLE[step][result]
        assert following in Step
