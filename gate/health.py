"""What the gate tells systemd: that it is ready, that it stops, and that its lane still turns.

The protocol is ``sd_notify(3)``: datagrams of ``KEY=value`` lines to the Unix socket that ``NOTIFY_SOCKET`` names, and
``WATCHDOG=1`` more often than every ``WATCHDOG_USEC`` microseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

FEEDS_A_PERIOD: Final = 3
"""One feed that comes late, or is lost, is not the end."""

log = logging.getLogger("gate.health")


class Turns(Protocol):
    """Something that serves people, and can show that it does."""

    async def turn(self) -> None:
        """Come back once an empty event went the way of all that is presented; never, where that way is blocked."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """The service manager's end; without one, nothing is told to anybody."""

    address: str | None = None
    """Path of the socket; an abstract one begins with ``@``."""
    feed_every_s: float | None = None
    """None: nobody watches."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], pid: int) -> Health:
        """As systemd set it up, for the process ``pid`` and none of its children.

        A watchdog period that is no positive number counts as none.
        """
        address = environment.get("NOTIFY_SOCKET", "")
        period = environment.get("WATCHDOG_USEC", "")
        meant = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        watched = meant and period.isascii() and period.isdigit() and int(period) > 0
        return cls(
            address if address.startswith(("/", "@")) else None,
            int(period) / 1e6 / FEEDS_A_PERIOD if watched else None,
        )

    def ready(self) -> None:
        """Everything is open, people may come."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """The end was asked for."""
        self._tell("STOPPING=1")

    async def watch(self, lane: Turns) -> None:
        """Feed the watchdog for as long as the lane turns, until cancelled.

        There is no second way to feed it: a loop that hangs does not come here, and a lane that hangs does not come
        back from its turn. Either way systemd ends the process and starts it again.
        """
        if self.feed_every_s is None:
            return
        while True:
            await lane.turn()
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self.feed_every_s)

    def _tell(self, text: str) -> None:
        if self.address is None:
            return
        name = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)) as teller:
            teller.settimeout(0)
            try:
                teller.sendto(text.encode(), name)
            except OSError as fault:  # not told is as good as hung, and systemd acts on that
                log.warning('not-told why="%s"', fault.strerror)
