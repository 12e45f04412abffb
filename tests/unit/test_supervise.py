"""What is told of a device that is lost and comes back, by which rules it is tried again, and what a bug does."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gate.app.supervise import FIRST_WAIT_S, LONGEST_WAIT_S, STEADY_S, supervise
from gate.errors import DeviceLost
from gate.model import Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from drivers import Emit
    from gate.model import ReaderEvent

Life = Callable[["Emit"], "Coroutine[Any, Any, None]"]
"""What a device does from being opened to its end."""


class Driver:
    """A device with several lives, one after the other; after the last one it works for ever."""

    name = "gun"

    def __init__(self, *lives: Life) -> None:
        self.opened: list[float] = []
        self._lives = iter(lives)

    async def run(self, emit: Emit) -> None:
        self.opened.append(asyncio.get_running_loop().time())
        await next(self._lives, works_for_ever)(emit)


def works(seconds: float) -> Life:
    async def life(emit: Emit) -> None:
        emit(Notice("gun", NoticeKind.ONLINE, "it works", 0.0))
        await asyncio.sleep(seconds)
        raise DeviceLost("pulled out")

    return life


async def absent(_: Emit) -> None:
    raise DeviceLost("not there")


async def works_for_ever(emit: Emit) -> None:
    emit(Notice("gun", NoticeKind.ONLINE, "it works", 0.0))
    await asyncio.Event().wait()


class Clock(asyncio.SelectorEventLoop):
    """A loop whose time passes at once when there is nothing else to do: hours of outages in no time."""

    def __init__(self) -> None:
        super().__init__()
        self._passed = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def at_once(timeout: float | None) -> Any:
            self._passed += timeout or 0.0
            return select(0 if timeout is not None else None)

        self._selector.select = at_once  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._passed


@pytest.fixture
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: asyncio.get_running_loop().time())


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture, _clock: None) -> Callable[[], list[str]]:
    caplog.set_level(logging.INFO, "gate.devices")
    return lambda: [record.message.split()[0].removeprefix("reader-") for record in caplog.records]


def over(driver: Driver, seconds: float = 1000.0) -> list[NoticeKind]:
    """Supervise it for so long; gives what those who use it were told."""
    events: list[ReaderEvent] = []

    async def main() -> None:
        task = asyncio.create_task(supervise(driver, events.append))
        await asyncio.wait({task}, timeout=seconds)
        task.cancel()
        await asyncio.wait({task})

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())
    return [event.kind for event in events if isinstance(event, Notice)]


LONG = works(100.0)
SHORT = works(0.1)
ON, OFF = NoticeKind.ONLINE, NoticeKind.OFFLINE


@pytest.mark.parametrize(
    ("lives", "lines"),
    [
        ([], ["online"]),
        ([absent] * 20, ["lost", "back"]),
        ([LONG, *[absent] * 20], ["online", "lost", "back"]),
        ([LONG, LONG, LONG], ["online", *["lost", "back"] * 3]),
        ([LONG, SHORT], ["online", "lost", "back", "unsteady", "back"]),
        ([LONG, *[SHORT] * 20], ["online", "lost", "back", "unsteady", "back"]),
        ([LONG, *[SHORT, absent] * 20, LONG], ["online", "lost", "back", "unsteady", "back", "lost", "back"]),
        ([SHORT] * 20, ["online", "lost", "back", "unsteady", "back"]),
        ([LONG, absent, SHORT, works(STEADY_S + 1)], ["online", "lost", "back", "unsteady", "back", "lost", "back"]),
    ],
)
def test_an_outage_has_a_line_when_it_begins_and_one_when_it_is_over(
    told: Callable[[], list[str]], lives: Sequence[Life], lines: list[str]
) -> None:
    over(Driver(*lives))
    assert told() == lines


@pytest.mark.usefixtures("told")
def test_those_who_use_a_device_are_told_of_every_change() -> None:
    assert over(Driver(LONG, *[absent] * 3, *[SHORT] * 3, absent)) == [ON, OFF, *[ON, OFF] * 3, ON]
    assert over(Driver(*[absent] * 3)) == [OFF, ON], "one that is not there at the start is lost once"


def test_a_device_that_stays_away_while_it_is_unsteady_is_told_of_no_more(told: Callable[[], list[str]]) -> None:
    over(Driver(LONG, SHORT, SHORT, *[absent] * 100_000))
    assert told() == ["online", "lost", "back", "unsteady"]


@pytest.mark.usefixtures("told")
def test_tries_get_rarer_but_a_device_is_found_within_five_seconds() -> None:
    driver = Driver(*[absent] * 1000)
    over(driver)
    pauses = [later - earlier for earlier, later in zip(driver.opened, driver.opened[1:], strict=False)]
    assert FIRST_WAIT_S / 2 <= pauses[0] <= FIRST_WAIT_S
    assert all(LONGEST_WAIT_S / 2 - 0.1 <= pause <= LONGEST_WAIT_S + 0.1 for pause in pauses[5:])
    assert len({round(pause, 3) for pause in pauses[5:]}) > 20, "not all in the same instant"


@pytest.mark.usefixtures("told")
def test_a_device_that_comes_and_goes_is_tried_less_often_until_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", max)  # the longest that it may be
    driver = Driver(LONG, *[SHORT] * 10, works(STEADY_S + 1), absent)
    over(driver)
    pauses = [later - earlier for earlier, later in zip(driver.opened, driver.opened[1:], strict=False)]
    again = [round(pause - 0.1, 1) for pause in pauses[1:11]]
    assert again == [0.2, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0]
    assert pauses[11] - STEADY_S - 1 == pytest.approx(FIRST_WAIT_S, abs=0.05), "it had stayed: all is forgotten"


def raises(error: BaseException) -> Life:
    async def life(_: Emit) -> None:
        raise error

    return life


async def ends(_: Emit) -> None:
    """A driver may not."""


async def cancels_itself(_: Emit) -> None:
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    never.cancel()
    await never


@pytest.mark.parametrize("bug", [raises(ValueError("a bug")), raises(OSError(5, "io")), ends, cancels_itself])
def test_any_other_end_of_a_driver_is_a_bug_and_ends_the_rest(bug: Life) -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(supervise(Driver(absent, bug), lambda _: None))
            group.create_task(asyncio.Event().wait())

    with pytest.raises(ExceptionGroup) as ended, asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main())
    assert len(ended.value.exceptions) == 1


def test_a_supervised_driver_that_is_cancelled_is_just_cancelled() -> None:
    assert over(Driver(), seconds=1.0) == [ON]
