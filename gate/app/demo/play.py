"""Plays steps of the shift one after the other and prints a line about each."""

from __future__ import annotations

import asyncio
import unicodedata
from typing import TYPE_CHECKING, Final

from gate.app.demo_panel import PanelItem

if TYPE_CHECKING:
    from gate.app.demo.daemon import Reported
    from gate.app.demo.shift import Step
    from gate.app.demo.stage import Stage
    from gate.model import Outcome
    from voice.phrases import Catalogue

LANGUAGE: Final = "zh-CN"
_HEAD: Final = ("", "reader", "presented", "credential", "outcome", "spoken", "decision", "commit", "sound", "reasons")
_WIDTHS: Final = (2, 9, 52, 12, 7, 24, 8, 7, 7, 0)
_PAUSE_S: Final = 0.35
"""Between two people, so that whoever watches can follow; the gate does not need it."""


class Player:
    """Presents, waits for the daemon's report, compares, prints."""

    def __init__(
        self,
        steps: tuple[Step, ...],
        stage: Stage,
        catalogue: Catalogue,
    ) -> None:
        self._steps = {step.key: step for step in steps}
        self._stage = stage
        self._daemon = stage.daemon
        self._devices = stage.devices
        self._catalogue = catalogue
        self._last: dict[str, Outcome] = {}
        self._turn = asyncio.Lock()
        self._count = 0

    def introduce(self) -> None:
        """Say what is about to happen."""
        print(
            f"Screen 屏幕: {self._stage.screen}   {len(self._steps)} presentations; {self._stage.certificates.source}."
        )
        how = (
            "the sound card"
            if self._stage.sound is None
            else "no sound card here: a simulated one takes what aplay plays"
        )
        print(f"Sound 声音: {how}. Milliseconds count from the last byte.\n")
        print(_row(*_HEAD))

    def invite(self) -> None:
        """After the shift."""
        print(
            f"\nThe gate stays open: {self._stage.screen} (its panel presents anybody again). Ctrl-C ends it.",
            flush=True,
        )

    async def play(self) -> bool:
        """The whole shift; True where every outcome was the expected one."""
        await asyncio.gather(*(self._daemon.online(reader) for reader in {s.reader for s in self._steps.values()}))
        wrong = [step.key for step in self._steps.values() if not await self._step(step)]
        print(f"\n{len(self._steps) - len(wrong)} of {len(self._steps)} as expected.", flush=True)
        if wrong:
            print(f"Not as expected: {', '.join(wrong)}", flush=True)
        return not wrong

    def items(self) -> list[PanelItem]:
        """What the panel offers."""
        return [
            PanelItem(step.key, step.names, step.reader, step.expected[0], self._last.get(step.key))
            for step in self._steps.values()
        ]

    async def again(self, key: str) -> None:
        """Present one of the shift again."""
        await self._step(self._steps[key])

    async def show_picture(self, picture: bytes) -> None:
        """Hold a picture of one's own to the camera."""
        async with self._turn:
            self._daemon.forget_answers()
            await self._devices.show_picture(picture)
            report = await self._daemon.answer()
            self._print("a picture of your own", report, await self._heard(report), expected=True)

    async def _step(self, step: Step) -> bool:
        async with self._turn:
            self._daemon.forget_answers()
            await step.present(self._devices)
            report = await self._daemon.answer()
            heard = await self._heard(report)
            self._devices.clear()
            self._last[step.key] = report.outcome
            expected = (report.outcome, report.reasons[0]) == step.expected and report.reader == step.reader
            self._print(" ".join(step.names.values()), report, heard, expected=expected)
            await asyncio.sleep(_PAUSE_S)
            return expected

    async def _heard(self, report: Reported) -> float | None:
        """Milliseconds from the last byte to the first sample: as the simulated card saw it, else as reported."""
        sound = self._stage.sound
        if sound is None:
            return report.sound_ms
        at = await asyncio.to_thread(sound.first_sample_after, report.received, 2.0)
        return None if at is None else (at - report.received) * 1000

    def _print(self, presented: str, report: Reported, heard: float | None, *, expected: bool) -> None:
        self._count += 1
        spoken = self._catalogue.texts(report.announced)[LANGUAGE].voice
        print(
            _row(
                str(self._count),
                report.reader,
                presented,
                report.credential or "-",
                report.outcome.value,
                spoken,
                _ms(report.decision_ms),
                _ms(report.commit_ms),
                _ms(heard),
                ",".join(report.reasons) + ("" if expected else "  <- NOT AS EXPECTED"),
            ),
            flush=True,
        )


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _row(*cells: str) -> str:
    return "  ".join(_pad(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _pad(text: str, width: int) -> str:
    """Chinese characters take two columns on a terminal."""
    columns = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * max(0, width - columns)
