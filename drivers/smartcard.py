"""Smart-card reader through PC/SC, by contact or without: plays a dialogue with each card and emits what it answered.

Which dialogue is the gate's business and is injected. The answers are emitted as they came, whatever they are; a card
that could not be talked to, or takes long, is asked for again.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drivers.card_slots import CardSlots, Found, Read, Unreadable, Watching
from gate.model import Notice, NoticeKind, PayloadKind, Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers import Emit
    from drivers.card_slots import Report, Script

PATIENCE: Final = 2.5
"""Seconds from finding a card to asking for it again; leaves half a second of DESIGN invariant 2 to say it."""


class SmartCardReader:
    """Driver of one card reader, with all its slots."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """What an installer sets."""

        reader: str = ""
        """Part of the reader's name as ``pcsc_scan -r`` shows it; empty: every reader that is plugged in."""

    def __init__(self, name: str, settings: Settings, begin: Callable[[], Script]) -> None:
        self._name = name
        self._settings = settings
        self._begin = begin

    @property
    def name(self) -> str:
        return self._name

    async def run(self, emit: Emit) -> None:
        """Serve the reader until it is lost; see ``drivers.Driver``.

        Raises:
            DeviceLost: pcscd does not run or was stopped, or the reader is not there any more.
        """
        loop = asyncio.get_running_loop()
        reports: asyncio.Queue[Report] = asyncio.Queue()

        def post(report: Report) -> None:
            loop.call_soon_threadsafe(reports.put_nowait, report)

        slots = CardSlots(self._settings.reader, self._begin, post)
        try:
            await self._serve(reports, emit)
        finally:
            slots.stop()

    async def _serve(self, reports: asyncio.Queue[Report], emit: Emit) -> None:
        due: float | None = None  # when a card that is being read has to be asked for again
        while True:
            try:
                async with asyncio.timeout_at(due):
                    report = await reports.get()
            except TimeoutError:
                due = None
                emit(
                    self._notice(NoticeKind.PRESENT_AGAIN, f"a card is not read within {PATIENCE} s", time.monotonic())
                )
                continue
            match report:
                case Watching(slots):
                    emit(self._notice(NoticeKind.ONLINE, f"{len(slots)} slots", time.monotonic()))
                case Found(at):
                    due = at + PATIENCE
                case Read(recorded, at):
                    due = None
                    emit(Reading(self._name, PayloadKind.CARD_EXCHANGE, recorded, at))
                case Unreadable(why, at):
                    if due is not None:  # else its holder has been asked already
                        emit(self._notice(NoticeKind.PRESENT_AGAIN, why, at))
                    due = None
                case BaseException():
                    if due is not None:  # whoever's card was being read still gets an answer
                        detail = "the reader was lost while a card was read"
                        emit(self._notice(NoticeKind.PRESENT_AGAIN, detail, time.monotonic()))
                    raise report

    def _notice(self, kind: NoticeKind, detail: str, at: float) -> Notice:
        return Notice(self._name, kind, detail, at)
