"""Looks after the clock while the gate works: asks who knows, tells guards when it is not believed, keeps the floor."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gate import clock_file, clock_sources
from gate.app.aside import aside
from gate.app.logs import line
from gate.clock import BUILT_AT, WatchedClock
from gate.clock_trust import ClockTrust, Keeper
from gate.errors import ClockFileFault, NetworkFault
from gate.kiosk.state import StatusFlag

if TYPE_CHECKING:
    from pathlib import Path

    from gate.app.recorder import HasLamps
    from gate.clock_trust import Doubt
    from gate.net.client import Client

LOOK_S: Final = 2.0
"""How often guards' sign follows the clock."""
ASK_S: Final = 6.0
"""How often it is asked who knows, while the clock is not believed, or a witness speaks against it."""
ASK_AGAIN_S: Final = 600.0
"""The same, while it is."""
KEEP_STEP: Final = timedelta(hours=1)
"""The floor on disk is behind by so much at most: a card bears only so many writes."""
_DEADLINE_S: Final = 10.0
_MOST_BYTES: Final = 64 * 1024

log = logging.getLogger("gate.clock")


def watched(state: Path) -> WatchedClock:
    """The machine's clock, with what is known of it from before the restart."""
    try:
        trust = clock_file.read(state / clock_file.NAME, BUILT_AT, clock_sources.boot_id())
    except ClockFileFault as fault:
        log.error(line("clock-file-lost", why=str(fault)))
        trust = ClockTrust(BUILT_AT)
    return WatchedClock(trust)


class ClockWatch:
    """One clock's task.

    Args:
        clock: the one that the gate goes by.
        state: the state directory.
        screen: shows guards that the time is not known.
        server: a server that proves who it is, and its name as a witness; None: nobody is asked.
    """

    def __init__(self, clock: WatchedClock, state: Path, screen: HasLamps, server: tuple[str, Client] | None) -> None:
        self._clock = clock
        self._file = state / clock_file.NAME
        self._screen = screen
        self._server = server
        self._boot = clock_sources.boot_id()
        self._kept: ClockTrust | None = None
        """What is on disk."""
        self._told: Doubt | None = None

    async def run(self) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()
        asked_at = -ASK_AGAIN_S
        while True:
            in_doubt = self.tell() is not None or self._clock.trust.disagreeing > 0
            if loop.time() - asked_at >= (ASK_S if in_doubt else ASK_AGAIN_S):
                asked_at = loop.time()
                await aside(self.ask, "clock")
                self.tell()
                await aside(self.keep, "clock")
            await asyncio.sleep(LOOK_S)

    def tell(self) -> Doubt | None:
        """Show whether the clock is believed, and log it where that has changed."""
        doubt = self._clock.doubt()
        self._screen.set_status(StatusFlag.TIME_UNTRUSTED, on=doubt is not None)
        if doubt != self._told:
            self._told = doubt
            level = logging.INFO if doubt is None else logging.WARNING
            log.log(level, line("clock-believed" if doubt is None else "clock-doubted", why=doubt))
        return doubt

    def ask(self) -> None:
        """Ask this machine and the server; blocks for seconds where they are slow."""
        if self._clock.trust.keeper in {None, Keeper.BATTERY} and (keeper := clock_sources.keeper()) is not None:
            self._clock.kept(keeper)
        if self._server is None:
            return
        name, client = self._server
        try:
            answer = client.request("GET", "/", deadline_s=_DEADLINE_S, most_bytes=_MOST_BYTES)
        except NetworkFault as fault:
            log.debug(line("clock-witness-lost", why=str(fault)))
            return
        if answer.date is not None:
            self._clock.heard(name, answer.date)

    def keep(self) -> None:
        """Put what is known on disk, where it is worth it."""
        trust, kept = self._clock.trust, self._kept
        if kept is not None and trust.keeper is kept.keeper and trust.floor - kept.floor < KEEP_STEP:
            return
        try:
            clock_file.write(self._file, trust, self._boot)
        except OSError as fault:
            log.warning(line("clock-not-kept", why=str(fault)))
        else:
            self._kept = trust
