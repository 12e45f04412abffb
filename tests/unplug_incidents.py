"""Pulls devices out of a gate at every moment, and holds what becomes of people, rows and log lines to what must be."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from unplug_parts import Amid, Barrier
from unplug_readers import IdReader
from unplug_site import ANSWER_MS, BEGINS, ENDS

from gate.app.supervise import STEADY_S
from gate.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from random import Random

    from unplug_parts import Part
    from unplug_site import Site

FLAPS: Final = 20


class Moment(StrEnum):
    """When a device is pulled out."""

    IDLE = "nobody there"
    FOUND = "found, not read"
    MIDWAY = "in the middle of a read"
    DECIDING = "while it is decided"
    SPEAKING = "while the voice speaks"
    ANOTHER = "something else in its place"
    FLAPPING = f"{FLAPS} times in a row"


class Incidents:
    """What happens to one gate.

    Args:
        site: everything is plugged in, or comes later.
        random: what is not said is up to it.
    """

    def __init__(self, site: Site, random: Random) -> None:
        self.site = site
        self.pulls: Counter[tuple[str, Moment]] = Counter()
        self.all_at_once = 0
        self._random = random
        self._due: Counter[str] = Counter()
        """Reader -> how many have to be answered so far."""
        self._perhaps = 0
        """How many more may be: what had arrived at a reader may be gone with it."""
        self._returned: dict[str, float] = {}

    async def serve(self, part: Part, *, good: bool) -> Outcome:
        """Somebody presents and is answered in time; gives the outcome."""
        site = self.site
        await site.closed()
        self._due[part.name] += 1
        await part.present(good=good)
        return await self._answer(part)

    async def strike(self, part: Part, moment: Moment) -> None:
        """Pull one device out at that moment; somebody at another reader is served; put it back."""
        site = self.site
        self.pulls[part.name, moment] += 1
        await self._steady(part)
        await site.closed()
        begun, ended = site.lines(part, *BEGINS), site.lines(part, *ENDS)
        await PULLS[moment](self, part)
        await site.out(part, begun)
        itself = moment is Moment.MIDWAY and part.name == "camera"  # only the process died that reads its pictures
        if not itself:
            await site.flagged(_flag(part), on=True)
        await self._another_is_served(part)
        if self._perhaps and site.answers()[part.name] > self._due[part.name]:
            self._due[part.name] += 1
        self._perhaps = 0
        if moment is Moment.ANOTHER:
            await part.pull()
        await part.plug()
        await site.back(part)
        self._returned[part.name] = time.monotonic()
        await site.flagged(_flag(part), on=False)
        if moment is Moment.FLAPPING:
            assert site.lines(part, *BEGINS) <= begun + 2, f"{part.name}: a plain outage, and an unsteady one"
        else:
            assert (site.lines(part, *BEGINS), site.lines(part, *ENDS)) == (begun + 1, ended + 1), part.name
        served = part if part.reads else self._other(part)
        assert await self.serve(served, good=True) is Outcome.PASS, f"{served.name} is served again"

    async def everything_at_once(self) -> None:
        """All out, all back."""
        site = self.site
        self.all_at_once += 1
        for part in site.parts.values():
            await self._steady(part)
        await site.closed()
        begun = {name: site.lines(part, *BEGINS) for name, part in site.parts.items()}
        await asyncio.gather(*(part.pull() for part in site.parts.values()))
        for name, part in site.parts.items():
            await site.out(part, begun[name])
            await site.flagged(_flag(part), on=True)
        await asyncio.gather(*(part.plug() for part in site.parts.values()))
        for name, part in site.parts.items():
            await site.back(part)
            assert site.lines(part, *BEGINS) == begun[name] + 1, name
            self._returned[name] = time.monotonic()
        for part in site.parts.values():
            await site.flagged(_flag(part), on=False)

    async def everything_flaps(self, times: int) -> None:
        """All out and in again, so many times, each as it comes; nothing of it stays in the process."""
        site = self.site
        await site.closed()
        begun = {name: site.lines(part, *BEGINS) for name, part in site.parts.items()}
        before = site.held()
        await asyncio.gather(*(self._flapping(part, times) for part in site.parts.values()))
        await asyncio.gather(*(part.plug() for part in site.parts.values()))
        for name, part in site.parts.items():
            await site.back(part)
            assert site.lines(part, *BEGINS) <= begun[name] + 2, f"{name}: a plain outage, and an unsteady one"
            self._returned[name] = time.monotonic()
        await site.holds(before)

    async def comes_later(self, part: Part) -> None:
        """One that was not there when the gate began."""
        site = self.site
        await site.out(part, 0)
        await site.flagged(_flag(part), on=True)
        await self._another_is_served(part)
        await part.plug()
        await site.back(part)
        self._returned[part.name] = time.monotonic()
        await site.flagged(_flag(part), on=False)
        assert (site.lines(part, "online"), site.lines(part, *BEGINS)) == (0, 1), part.name

    async def check(self) -> None:
        """Everybody was answered once, every row is there once, nobody was let through who was not to be."""
        site = self.site
        await site.closed()
        assert site.answers() == self._due, "everybody was answered once"
        rows, shown = site.rows(), site.presentations()
        reports = {values["id"]: values for values in shown if values["credential"] is not None}
        assert len({values["id"] for values in shown}) == len(shown)
        assert rows.keys() == reports.keys(), "a row for everybody who was decided about"
        passes = {name for name, values in reports.items() if values["outcome"] == Outcome.PASS}
        assert passes == {name for name, row in rows.items() if row == (Outcome.PASS, None)}
        assert passes == site.let_through()
        barrier = site.parts["barrier"]
        assert isinstance(barrier, Barrier)
        assert sum(bool(frame.state) for frame in barrier.board.commands) <= len(passes), "no pulse without a pass"
        assert not barrier.board.on
        for part in site.parts.values():
            assert site.lines(part, *BEGINS) == site.lines(part, *ENDS), part.name

    async def _answer(self, part: Part) -> Outcome:
        """The person who has presented there is answered, and goes."""
        await self.site.answered(part.name, self._due[part.name])
        await part.leave()
        report = [values for values in self.site.presentations() if values["reader"] == part.name][-1]
        assert report["decision_ms"] < ANSWER_MS
        return Outcome(report["outcome"])

    async def _another_is_served(self, part: Part) -> None:
        good = self._random.random() < 0.7
        outcome = await self.serve(self._other(part), good=good)
        assert (outcome is Outcome.PASS) is (good and part.name != "barrier"), outcome

    def _other(self, part: Part) -> Part:
        others = [other for other in self.site.parts.values() if other.reads and other is not part]
        return self._random.choice(others)

    async def _steady(self, part: Part) -> None:
        """What is lost soon after it came back is unsteady, which is told otherwise."""
        since = time.monotonic() - self._returned.get(part.name, 0.0)
        await asyncio.sleep(max(0.0, STEADY_S + 0.5 - since))

    async def _idle(self, part: Part) -> None:
        await part.pull()

    async def _amid(self, part: Part, amid: Amid) -> None:
        if amid in part.surely:
            self._due[part.name] += 1
        else:
            self._perhaps = 1
        beside = self._other(part)
        if at_once := self._random.random() < 0.3:
            self._due[beside.name] += 1
            await beside.present(good=True)
        await part.pull_amid(amid, self._random)
        await self.site.answered(part.name, self._due[part.name])
        if at_once:
            assert await self._answer(beside) is Outcome.PASS

    async def _deciding(self, part: Part) -> None:
        reader = part if part.reads and self._random.random() < 0.5 else self._other(part)
        self._due[reader.name] += 1
        await reader.present(good=True)
        while self.site.answers()[reader.name] < self._due[reader.name]:
            if (await self.site.shown())["kind"] == "deciding":
                break
        await part.pull()
        outcome = await self._answer(reader)
        assert outcome is Outcome.PASS or part.name == "barrier", "what was read whole is judged as ever"

    async def _speaking(self, part: Part) -> None:
        reader = part if part.reads and self._random.random() < 0.5 else self._other(part)
        assert await self.serve(reader, good=True) is Outcome.PASS
        await part.pull()

    async def _another(self, part: Part) -> None:
        await part.replace()
        if isinstance(part, IdReader):  # the gate says aloud that it can't be used
            self._due[part.name] += 1
            await self.site.answered(part.name, self._due[part.name])

    async def _flapping(self, part: Part, times: int = FLAPS) -> None:
        for _ in range(times):
            await part.pull()
            await asyncio.sleep(self._random.uniform(0, 0.3))
            await part.plug()
            await asyncio.sleep(self._random.uniform(0, 0.3))
        await part.pull()


PULLS: Final[Mapping[Moment, Callable[[Incidents, Part], Awaitable[None]]]] = {
    Moment.IDLE: Incidents._idle,
    Moment.FOUND: lambda incidents, part: incidents._amid(part, Amid.FOUND),
    Moment.MIDWAY: lambda incidents, part: incidents._amid(part, Amid.MIDWAY),
    Moment.DECIDING: Incidents._deciding,
    Moment.SPEAKING: Incidents._speaking,
    Moment.ANOTHER: Incidents._another,
    Moment.FLAPPING: Incidents._flapping,
}


def possible(part: Part, moment: Moment) -> bool:
    """Whether this can happen to it."""
    if moment in {Moment.FOUND, Moment.MIDWAY}:
        return part.reads
    return moment is not Moment.ANOTHER or part.name != "card"


def _flag(part: Part) -> str:
    return "barrier" if part.name == "barrier" else "reader_offline"
