"""The daemon as the demonstration sees it: a child process whose log lines say what happened."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gate.app.logs import parse
from gate.errors import GateError
from gate.model import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

READY_S: Final = 20.0
"""A Raspberry Pi with a slow card takes its time for the first start."""
ANSWER_S: Final = 15.0
"""An answer that takes longer than this is a fault of the demonstration; the promise is 3 s."""
STOP_S: Final = 5.0
_KEPT_LINES: Final = 12
_COMES: Final = frozenset({"reader-online", "reader-back"})
_GOES: Final = frozenset({"reader-lost", "reader-unsteady"})


@dataclass(frozen=True, slots=True)
class Reported:
    """One presentation as the daemon reported it; times in milliseconds after the last byte."""

    reader: str
    credential: str | None
    outcome: Outcome
    reasons: tuple[Reason, ...]
    announced: Reason
    """What was said and shown."""
    received: float
    """``CLOCK_MONOTONIC``, the same for every process of this machine."""
    decision_ms: float
    commit_ms: float | None
    sound_ms: float | None


class Daemon:
    """``gate run`` as a child."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._listener: asyncio.Task[None] | None = None
        self._presentations: asyncio.Queue[Reported] = asyncio.Queue()
        self._online: dict[str, asyncio.Event] = {}
        self._offline: dict[str, asyncio.Event] = {}
        self._ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)

    async def start(self, config: Path, state: Path, environment: Mapping[str, str]) -> str:
        """Start it; gives the screen's address once it serves.

        Raises:
            GateError: it did not come up; the message holds its last lines.
        """
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "gate", "run", "--config", str(config), "--state", str(state)),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environment),
        )
        self._listener = asyncio.create_task(self._listen(self._process))
        try:
            async with asyncio.timeout(READY_S):
                return await self._ready
        except TimeoutError:
            raise GateError(self.explain(f"the daemon was not ready after {READY_S:.0f} s")) from None

    async def stop(self) -> None:
        """Ask it to stop, and make it."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        if self._listener is not None:
            await self._listener

    @property
    def lines(self) -> tuple[str, ...]:
        """The newest lines of its log."""
        return tuple(self._lines)

    def kill(self, number: int) -> None:
        """Send it a signal, e.g. to see what survives SIGKILL."""
        if self._process is not None:
            self._process.send_signal(number)

    async def answer(self) -> Reported:
        """The next presentation that it reports.

        Raises:
            GateError: nothing came in time, or it ended.
        """
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._presentations.get()
        except TimeoutError:
            raise GateError(self.explain(f"no answer within {ANSWER_S:.0f} s")) from None

    def forget_answers(self) -> None:
        """Drop what was reported and not asked for."""
        while not self._presentations.empty():
            self._presentations.get_nowait()

    async def online(self, reader: str) -> None:
        """Wait until it serves a reader (again)."""
        await self._wait(self._online, reader)

    async def offline(self, reader: str) -> None:
        """Wait until it has noticed that a reader is gone."""
        await self._wait(self._offline, reader)

    def explain(self, what: str) -> str:
        """A message with the daemon's last lines under it."""
        return "\n  ".join([what + "; its last lines:", *self._lines])

    async def _wait(self, events: dict[str, asyncio.Event], reader: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                await events.setdefault(reader, asyncio.Event()).wait()
        except TimeoutError:
            raise GateError(self.explain(f"{reader}: no change within {ANSWER_S:.0f} s")) from None

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        if process.stderr is None:
            return
        async for raw in process.stderr:
            text = raw.decode("utf-8", "replace").rstrip()
            self._lines.append(text)
            self._take(*text.split(" ", 3)[2:])
        await process.wait()
        if not self._ready.done():
            self._ready.set_exception(GateError(self.explain("the daemon ended")))

    def _take(self, event: str = "", values: str = "") -> None:
        if event == "ready":
            self._ready.set_result(parse(values)["screen"])
        elif event == "presentation":
            self._presentations.put_nowait(_reported(parse(values)))
        elif event in _COMES | _GOES:
            self._change(parse(values)["reader"], online=event in _COMES)

    def _change(self, reader: str, *, online: bool) -> None:
        comes = self._online.setdefault(reader, asyncio.Event())
        goes = self._offline.setdefault(reader, asyncio.Event())
        (comes if online else goes).set()
        (goes if online else comes).clear()


def _reported(values: Mapping[str, Any]) -> Reported:
    return Reported(
        reader=values["reader"],
        credential=values["credential"],
        outcome=Outcome(values["outcome"]),
        reasons=tuple(Reason(reason) for reason in values["reasons"]),
        announced=Reason(values["announced"]),
        received=values["received"],
        decision_ms=values["decision_ms"],
        commit_ms=values["commit_ms"],
        sound_ms=values["sound_ms"],
    )
