"""The gate's voice at run time: says the newest reason, cuts off the one before, never holds anybody up.

Without a sound card what would have been heard is written to a file, which is said once in the log; the card is tried
again with growing pauses: by a short silence, so that the sound is back before the next person comes, or, where people
come so often that there is no pause between them, by what the next one has to be told.
"""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice.player import COMMAND, Playback, SoundFault
from voice.wav import encode, silence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gate.model import Reason
    from voice.pack import Pack

LAST_ANNOUNCEMENT = "last-announcement.wav"
RETRY_SECONDS = (1.0, 30.0)
"""First and longest pause between attempts to use a card that failed."""

_GAP_SECONDS = 0.25
_PROBE_SECONDS = 0.5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the gate speaks."""

    languages: tuple[str, ...] = ("zh-CN",)
    """Spoken one after the other."""
    lead_in_ms: int = 0
    """Silence before each announcement: HDMI sinks swallow the first syllable while they wake up."""


@dataclass(slots=True)
class _Request:
    reasons: tuple[Reason, ...]
    taken: asyncio.Future[float | None]


class Speaker:
    """Speaks reasons through the sound card; ``run`` must be running for anything to be heard."""

    def __init__(
        self,
        pack: Pack,
        settings: Settings,
        spill: Path,
        *,
        on_fault: Callable[[str | None], None] = lambda _: None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Nothing is opened yet.

        Args:
            pack: the clips; holds every language of ``settings``.
            settings: how to speak.
            spill: existing folder for ``last-announcement.wav`` where there is no sound; best in memory.
            on_fault: told what is wrong when the sound fails, and None when it is back.
            environment: of the player's process (``PATH``, ``ALSA_CONFIG_PATH``).
        """
        self._pack = pack
        self._settings = settings
        self._spill_path = spill / LAST_ANNOUNCEMENT
        self._on_fault = on_fault
        self._environment = environment
        self._waiting: _Request | None = None
        self._wake = asyncio.Event()
        self._playback: Playback | None = None
        self._try_at: float | None = None
        """When a card that failed is to be tried again, by the loop's clock; None while it works."""
        self._pause = RETRY_SECONDS[0]

    def say(self, reason: Reason, advice: Reason | None = None) -> asyncio.Future[float | None]:
        """Announce ``reason`` now, and an advice after it, and cut off whatever is being said; returns at once.

        Returns:
            A future: ``time.monotonic()`` when the player took the first bytes, None where nothing was heard
            (no sound card, or overtaken by a newer announcement first).
        """
        request = _Request(
            (reason,) if advice is None else (reason, advice), asyncio.get_running_loop().create_future()
        )
        if self._waiting is not None:
            _settle(self._waiting.taken)
        self._waiting = request
        if self._playback is not None:
            self._playback.cut()
        self._wake.set()
        return request.taken

    async def run(self) -> None:
        """Speak until cancelled; the sound stops and the player is gone when this returns."""
        try:
            while True:
                request = await self._next()
                if request is None:
                    await self._probe()
                else:
                    await self._speak(request)
        finally:
            if self._playback is not None:
                await self._playback.close()
            if self._waiting is not None:
                _settle(self._waiting.taken)

    async def _next(self) -> _Request | None:
        """The newest request; None when it is time to try a failed card again."""
        try:
            async with asyncio.timeout_at(self._try_at):
                await self._wake.wait()
        except TimeoutError:
            return None
        self._wake.clear()
        request, self._waiting = self._waiting, None
        return request

    async def _speak(self, request: _Request) -> None:
        pcm = self._sound(request.reasons)
        if self._try_at is not None and asyncio.get_running_loop().time() < self._try_at:
            self._spill(pcm)
        else:
            try:
                await self._play(pcm, request.taken)
            except SoundFault as fault:
                self._spill(pcm)
                self._failed(str(fault))
        _settle(request.taken)

    async def _probe(self) -> None:
        try:
            await self._play(silence(_PROBE_SECONDS), asyncio.get_running_loop().create_future())
        except SoundFault as fault:
            self._failed(str(fault))

    async def _play(self, pcm: bytes, taken: asyncio.Future[float | None]) -> None:
        if self._waiting is not None:
            return  # overtaken already
        self._playback = Playback(COMMAND, self._environment, pcm, taken)
        whole = await self._playback.finished()
        self._playback = None
        if whole or taken.done():
            self._works()

    def _sound(self, reasons: tuple[Reason, ...]) -> bytes:
        """Everything in one language, then everything in the next."""
        languages = self._settings.languages
        clips = [self._pack.clip(reason, language).pcm for language in languages for reason in reasons]
        return silence(self._settings.lead_in_ms / 1000) + silence(_GAP_SECONDS).join(clips)

    def _works(self) -> None:
        if self._try_at is not None:
            self._try_at = None
            _log.info("sound: the card works again")
            self._on_fault(None)

    def _failed(self, detail: str) -> None:
        newly = self._try_at is None
        self._pause = RETRY_SECONDS[0] if newly else min(2 * self._pause, RETRY_SECONDS[1])
        self._try_at = asyncio.get_running_loop().time() + self._pause
        if newly:
            _log.warning(
                "sound: nothing can be heard (%s); what is said is written to %s until the card works again",
                detail,
                self._spill_path,
            )
            self._on_fault(detail)

    def _spill(self, pcm: bytes) -> None:
        """Keep the newest announcement only; a folder that can't be written to is no reason to stop."""
        part = self._spill_path.with_suffix(".part")
        try:
            part.write_bytes(encode(pcm))
            part.replace(self._spill_path)
        except OSError as error:
            _log.debug("sound: %s not written: %s", self._spill_path, error.strerror)


def _settle(taken: asyncio.Future[float | None]) -> None:
    if not taken.done():
        taken.set_result(None)
