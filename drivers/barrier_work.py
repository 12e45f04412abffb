"""One barrier while it is open: pulses, what its sensors say, and everything off at the end.

Whichever relay carries the pulse, the rest is the same; the relay is handed in.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from drivers.gpio_panel import Lamps
from drivers.passage_watch import Over, PassageWatch, Sign
from gate.errors import DeviceLost
from gate.model import Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drivers import Emit
    from drivers.barrier import BarrierSettings, Way
    from drivers.gpio_pins import Contact, Pins
    from drivers.passage_watch import Happening
    from gate.model import Direction, Outcome, PassageResult

Energise = Callable[[int, bool], None]
"""Switches one relay, by its number; raises ``DeviceLost``."""

_KINDS = {
    Sign.UNRELEASED: NoticeKind.UNRELEASED,
    Sign.JAM: NoticeKind.READER_UNSERVICEABLE,
    Sign.JAM_OVER: NoticeKind.ONLINE,
}


class BarrierWork:
    """To be made on the event loop; ``begin``, then ``close`` whatever happens.

    Args:
        name: of the barrier, for its notices.
        settings: its ways, times and panel.
        energise: switches a relay.
        emit: takes the notices.
    """

    def __init__(self, name: str, settings: BarrierSettings, energise: Energise, emit: Emit) -> None:
        self._name = name
        self._ways = settings.ways
        self._panel = settings.panel
        self._energise = energise
        self._emit = emit
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        """Raises ``DeviceLost`` once it can't go on; cancelled by ``close``."""
        self._closed = False
        self._release: asyncio.Future[PassageResult | None] | None = None
        self._pulse: asyncio.TimerHandle | None = None
        self._result: Over | None = None
        self._due: asyncio.TimerHandle | None = None
        self._lamps: Lamps | None = None
        self._watch = PassageWatch(
            settings.within_ms / 1000, settings.jam_ms / 1000, sensor=settings.panel.passage is not None
        )

    def begin(self, pins: Pins | None) -> None:
        """Lock, open what the panel has, tell that it works and how it stands.

        Args:
            pins: opened; None where the panel is empty.

        Raises:
            DeviceLost: a line of the panel, or a relay, can't be used.
        """
        for way in self._ways.values():
            self._set(way, released=False)
        if pins is not None:
            panel = self._panel
            self._lamps = Lamps(pins, panel, self.lose)
            fitted = (panel.passage, self._passage), (panel.tamper, self._tamper), (panel.fire, self._fire)
            for contact, heard in fitted:
                if contact is not None:
                    self._listen(pins, contact, heard)
        self._tell(NoticeKind.ONLINE, "open, every way locked")

    def release(self, direction: Direction) -> asyncio.Future[PassageResult | None]:
        """See ``drivers.barrier.Barrier``."""
        if self._release is not None:
            raise RuntimeError("one release at a time")
        if self.lost.done():
            self.lost.result()
        way = self._ways[direction]
        self._set(way, released=True)
        self._release = self._loop.create_future()
        self._pulse = self._loop.call_later(way.pulse_ms / 1000, self._pulse_over, way)
        self._watch.release(self._loop.time())
        self._look_again()
        return self._release

    def signal(self, outcome: Outcome) -> None:
        """See ``drivers.barrier.Barrier``."""
        if self._lamps is not None:
            self._lamps.signal(outcome)

    def lose(self, lost: DeviceLost) -> None:
        """It can't go on."""
        if not self.lost.done():
            self.lost.set_exception(lost)

    def close(self) -> None:
        """Every output off, every timer gone; nobody knows what becomes of a release that was under way."""
        self._closed = True
        for timer in (self._pulse, self._due):
            if timer is not None:
                timer.cancel()
        if self._lamps is not None:
            self._lamps.stop()
        for way in self._ways.values():
            with contextlib.suppress(DeviceLost):
                self._energise(way.relay, False)  # noqa: FBT003 - a switch
        if self._release is not None:
            self._release.set_result(None)
            self._release = None
        if self.lost.done() and not self.lost.cancelled():
            self.lost.exception()  # taken note of
        self.lost.cancel()

    def _set(self, way: Way, *, released: bool) -> None:
        self._energise(way.relay, way.energised(released=released))

    def _pulse_over(self, way: Way) -> None:
        try:
            self._set(way, released=False)
        except DeviceLost as lost:
            self.lose(lost)
            return
        self._pulse = self._loop.call_later(way.gap_ms / 1000, self._gap_over)

    def _gap_over(self) -> None:
        self._pulse = None
        self._finish()

    def _finish(self) -> None:
        """The release is over once its outcome is known and the relay is ready for the next."""
        if self._release is not None and self._result is not None and self._pulse is None:
            release, self._release = self._release, None
            result, self._result = self._result.result, None
            release.set_result(result)

    def _listen(self, pins: Pins, contact: Contact, heard: Callable[[bool], None]) -> None:
        def changed(active: bool) -> None:  # noqa: FBT001 - what a contact says
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody listens any more
                self._loop.call_soon_threadsafe(self._hear, heard, active)

        heard(pins.watch(contact, changed))

    def _hear(self, heard: Callable[[bool], None], active: bool) -> None:  # noqa: FBT001 - what a contact says
        if not self._closed:
            heard(active)

    def _passage(self, blocked: bool) -> None:  # noqa: FBT001 - what a contact says
        self._happened(self._watch.sensed(self._loop.time(), blocked=blocked))

    def _fire(self, active: bool) -> None:  # noqa: FBT001 - what a contact says
        self._tell(NoticeKind.FIRE_RELEASE if active else NoticeKind.FIRE_OVER, "as its contact says")
        self._happened(self._watch.fire(self._loop.time(), active=active))

    def _tamper(self, opened: bool) -> None:  # noqa: FBT001 - what a contact says
        self._tell(NoticeKind.TAMPERED if opened else NoticeKind.TAMPER_OVER, "as its contact says")

    def _look_again(self) -> None:
        self._happened(self._watch.tick(self._loop.time()))

    def _happened(self, happened: Iterable[Happening]) -> None:
        for what in happened:
            if isinstance(what, Over):
                self._result = what
            else:
                self._tell(_KINDS[what], what.value)
        self._finish()
        if self._due is not None:
            self._due.cancel()
        due = self._watch.deadline
        self._due = None if due is None else self._loop.call_at(due, self._look_again)

    def _tell(self, kind: NoticeKind, detail: str) -> None:
        self._emit(Notice(self._name, kind, detail, self._loop.time()))
