"""From the last byte of a credential to the decision, to its commit, to the first audio sample.

The daemon itself in a process of its own, devices on a real pseudo-terminal (115,200 baud) and an evdev event stream,
the journal on this machine's disk, a real ``aplay`` on a simulated sound card. All times are ``CLOCK_MONOTONIC``; the
first sample is stamped where it arrives at the card.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gate.app.demo.stage import Stage, set_stage

if TYPE_CHECKING:
    from gate.app.demo.daemon import Reported

_PEOPLE = ("citizen", "no-end", "yellow", "test-expired")
_BETWEEN_CARDS_S = 0.35


@dataclass(slots=True)
class PathTimes:
    """Milliseconds after the last byte."""

    decision: list[float] = field(default_factory=list)
    commit: list[float] = field(default_factory=list)
    sound: list[float] = field(default_factory=list)


def measure(rounds: int) -> PathTimes:
    """So many people, by turns with a card and with a certificate at the gun, half of them let in."""
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as state:
        return asyncio.run(_measure(Path(state), rounds))


async def _measure(state: Path, rounds: int) -> PathTimes:
    times = PathTimes()
    async with set_stage(state) as stage:
        texts = [code.text for code in stage.certificates.codes if code.text.startswith("HC1:")]
        for reader in ("id-reader", "gun"):
            await stage.daemon.online(reader)
        for number in range(rounds):
            stage.daemon.forget_answers()
            if number % 2:
                await stage.devices.type_code(texts[number // 2 % len(texts)])
            else:
                await stage.devices.lay_card(_PEOPLE[number // 2 % len(_PEOPLE)])
            await _note(times, await stage.daemon.answer(), stage)
            stage.devices.clear()
            await asyncio.sleep(_BETWEEN_CARDS_S)
    return times


async def _note(times: PathTimes, report: Reported, stage: Stage) -> None:
    times.decision.append(report.decision_ms)
    if report.commit_ms is not None:
        times.commit.append(report.commit_ms)
    if stage.sound is None:
        heard = report.sound_ms
    else:
        at = await asyncio.to_thread(stage.sound.first_sample_after, report.received, 2.0)
        heard = None if at is None else (at - report.received) * 1000
    if heard is not None:
        times.sound.append(heard)
