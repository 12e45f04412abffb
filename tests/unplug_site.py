"""The daemon as a process with every simulated device on its wires, and what it says about them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from unplug_parts import Barrier, Part, Thermometer
from unplug_readers import Camera, CardReader, Gun, IdReader, SerialGun

from gate.app.demo.certificates import own
from gate.app.demo.daemon import Daemon
from gate.app.demo.people import people
from gate.app.demo.stage import CONFIG, fill, install
from gate.app.logs import parse
from gate.config_file import load
from gate.model import Outcome
from voice.simulated import SimulatedSoundCard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from gate.app.demo.certificates import Certificates
    from gate.app.demo.people import Person

LATE_S: Final = 30.0
"""Far longer than anything takes, but for a gate that has stopped working."""
ANSWER_MS: Final = 3000
"""DESIGN invariant 2."""
BEGINS, ENDS = ("lost", "unsteady"), ("back",)
MORE: Final = """
[kiosk]
port = 0
[barrier]
driver = "lcus"
port = "barrier"
entry = { relay = 1, pulse_ms = 200, gap_ms = 100 }
within_ms = 500
[thermometer]
driver = "gy-mcu90614"
port = "thermometer"
[[readers]]
name = "serial-gun"
driver = "barcode-serial"
port = "serial-gun"
engine = "newland"
gap_ms = 500
repeat_ms = 0
"""
CARD: Final = """
[[readers]]
name = "card"
driver = "smartcard"
reader = "Virtual PCD"
"""


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the log."""

    event: str
    values: Mapping[str, Any]


class Watched(Daemon):
    """The daemon; every line of its log is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Happened] = []
        self._news = asyncio.Event()

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that shows in the log."""
        try:
            async with asyncio.timeout(LATE_S):
                while not condition():
                    assert self.process.returncode is None, self.explain("the daemon has died")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(self.explain(f"waited in vain: {what}")) from None

    def _take(self, event: str = "", values: str = "") -> None:
        super()._take(event, values)
        self.log.append(Happened(event, parse(values)))
        self._news.set()


class Site:
    """A gate at work."""

    def __init__(self, state: Path, daemon: Watched, parts: tuple[Part, ...], screen: str) -> None:
        self.state = state
        self.daemon = daemon
        self.parts = {part.name: part for part in parts}
        self.screen = screen

    def lines(self, part: Part, *events: str) -> int:
        """How many lines say so of a device."""
        names = {f"{part.what}-{event}" for event in events}
        return sum(line.event in names and line.values[part.what] == part.name for line in self.daemon.log)

    def presentations(self) -> list[Mapping[str, Any]]:
        return [line.values for line in self.daemon.log if line.event == "presentation"]

    def answers(self) -> Counter[str]:
        """How many were answered, by reader; those who were turned away are as well."""
        return Counter(
            line.values["reader"] for line in self.daemon.log if line.event in {"presentation", "turned-away"}
        )

    async def out(self, part: Part, before: int) -> None:
        """Wait until an outage of it has begun."""
        await self.daemon.until(lambda: self.lines(part, *BEGINS) > before, f"{part.name} is lost")

    async def back(self, part: Part) -> None:
        """Wait until every outage of it is over."""
        await self.daemon.until(lambda: self.lines(part, *BEGINS) == self.lines(part, *ENDS), f"{part.name} is back")

    async def served(self, part: Part) -> None:
        """Wait until a device that was there from the start works."""
        await self.daemon.until(lambda: self.lines(part, "online") > 0, f"{part.name} works")

    async def answered(self, reader: str, count: int) -> None:
        """Wait until so many were answered there."""
        await self.daemon.until(lambda: self.answers()[reader] >= count, f"{count} answers at {reader}")

    async def flagged(self, flag: str, *, on: bool) -> None:
        """Wait until the screen shows a flag, or does so no longer."""
        async with asyncio.timeout(LATE_S):
            while (flag in (await self.shown())["flags"]) is not on:  # noqa: ASYNC110 - as a page would look
                await asyncio.sleep(0.02)

    async def shown(self) -> dict[str, Any]:
        """What the screen shows."""
        return await asyncio.to_thread(self._shown)

    async def closed(self) -> None:
        """Wait until nobody is being let through any more."""
        passes = {values["id"] for values in self.presentations() if values["outcome"] == Outcome.PASS}
        await self.daemon.until(lambda: passes <= self.let_through(), "every pass is over")

    def let_through(self) -> set[str]:
        return {line.values["id"] for line in self.daemon.log if line.event == "passage"}

    def held(self) -> tuple[int, int]:
        """Files and threads of the daemon."""
        folder = Path("/proc", str(self.daemon.process.pid))
        return len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir()))

    async def holds(self, wanted: tuple[int, int]) -> None:
        """Wait until it holds no more than that; what ends does so in its own time."""
        async with asyncio.timeout(LATE_S):
            while any(now > then for now, then in zip(self.held(), wanted, strict=True)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    def rows(self) -> dict[str, tuple[str, str | None]]:
        """Presentation -> outcome and why it was withdrawn, of every row; none is there twice."""
        with contextlib.closing(sqlite3.connect(self.state / "journal.sqlite")) as db:
            found = db.execute("SELECT id, outcome, withdrawn FROM passages").fetchall()
        assert len({row[0] for row in found}) == len(found)
        return {name: (outcome, withdrawn) for name, outcome, withdrawn in found}

    def _shown(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.screen}state", timeout=LATE_S) as answer:  # noqa: S310 - loopback
            found: dict[str, Any] = json.load(answer)
            return found


@contextlib.asynccontextmanager
async def at_work(folder: Path, *, absent: str = "") -> AsyncIterator[Site]:
    """A gate with everything plugged in, but for one device; all is gone again afterwards.

    Devices that can't be had on this machine (a pcscd) are left out.
    """
    state = folder / "state"
    state.mkdir()
    (state / "sound").mkdir()
    config_file = folder / "demo.toml"
    text = CONFIG.read_text(encoding="utf-8").replace("rules/", f"{CONFIG.parent}/rules/")
    for device in ('folder = "camera"', 'device = "gun"'):
        text = text.replace(device, f"{device}\nrepeat_ms = 0")
    async with contextlib.AsyncExitStack() as stack:
        card = CardReader(state / "card")
        stack.push_async_callback(card.pull)
        with contextlib.suppress(pytest.skip.Exception):
            await card.plug()
            text += CARD
        config_file.write_text(text + MORE, encoding="utf-8")
        installed = install(config_file, state)
        config = load(installed, state)
        assert config.demo is not None
        everybody, certificates = people(config.demo.clock), own(config.demo.clock)
        fill(config, everybody, certificates)
        parts = (*_parts(state, everybody, certificates), *([card] if card.up else []))
        for part in parts:
            stack.push_async_callback(part.pull)
            await (part.pull() if part.name == absent else part.plug())
        sound = stack.enter_context(SimulatedSoundCard(state / "sound"))
        daemon = Watched()
        stack.push_async_callback(daemon.stop)
        screen = await daemon.start(installed, state, {**os.environ, **sound.environment})
        yield Site(state, daemon, parts, screen)


def _parts(state: Path, everybody: Mapping[str, Person], certificates: Certificates) -> tuple[Part, ...]:
    expected = {True: Outcome.PASS, False: Outcome.REFER}
    codes = {
        good: next(code.text for code in certificates.codes if code.expected[0] is outcome)
        for good, outcome in expected.items()
    }
    return (
        IdReader(state / "id-reader", {True: everybody["citizen"].block, False: everybody["red"].block}),
        Gun(state / "gun", codes),
        SerialGun(state / "serial-gun", codes),
        Camera(state / "camera", codes),
        Barrier(state / "barrier"),
        Thermometer(state / "thermometer"),
    )
