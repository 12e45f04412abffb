"""A kiosk server that really runs: in a loop and a thread of its own, on a free loopback port."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from gate.kiosk.server import KioskServer, KioskSettings
from gate.model import Announcement, Outcome, Reason, Texts
from voice import phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.kiosk.state import StatusFlag

DEADLINE_S = 20
LANGUAGES = ("zh-CN", "en")
CATALOGUE = phrases.load(LANGUAGES)
LONG = KioskSettings(port=0, pass_hold_s=300, refer_hold_s=300)
"""Nothing goes by itself while a test looks at it."""


def announcement(outcome: Outcome, reason: Reason, receipt: str = "K7M-2P4") -> Announcement:
    """As the gate makes them, in the real words."""
    return Announcement("01890000-0000-7000-8000-000000000001", outcome, reason, CATALOGUE.texts(reason), receipt)


def in_words(outcome: Outcome, screen: str, next_step: str = "往前走") -> Announcement:
    """An announcement in words of the test's own, the same in both languages."""
    texts = Texts(voice="V-SECRET", screen=screen, next_step=next_step, guard="G-SECRET")
    return replace(announcement(outcome, Reason.TEST_POSITIVE), texts=dict.fromkeys(LANGUAGES, texts))


class Rig:
    """``with Rig(settings) as kiosk``: ``kiosk.url`` is open; ``kiosk.call(f)`` runs ``f`` on the loop's thread."""

    def __init__(self, settings: KioskSettings = LONG, ui: Mapping[str, Mapping[str, str]] = CATALOGUE.ui) -> None:
        self.server = KioskServer(settings, ui)
        self._ready: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self.server.run())
        started = asyncio.create_task(self.server.started())
        await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done() and (error := self._task.exception()):
            started.cancel()
            self._ready.set_exception(error)
            return
        self._ready.set_result(await started)
        await asyncio.wait({self._task})

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = self._ready.result(DEADLINE_S)
        self.port = int(self.url.rstrip("/").rpartition(":")[2])
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def call(self, work: Callable[..., Any], *args: object) -> Any:
        async def on_loop() -> Any:
            return work(*args)

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result(DEADLINE_S)

    def show(self, shown: Announcement) -> None:
        self.call(self.server.show, shown)

    def sign(self, flag: StatusFlag, *, on: bool) -> None:
        self.call(lambda: self.server.set_status(flag, on=on))

    def hang(self) -> threading.Event:
        """Block the loop, as a bug would, until the event that is returned is set."""
        go_on = threading.Event()
        self._loop.call_soon_threadsafe(go_on.wait, DEADLINE_S)
        return go_on

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(DEADLINE_S)
            assert not self._thread.is_alive(), "the server did not end"
