"""New settings on their way into force: offered with a bundle, tried, taken at a quiet moment, watched, given up."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from gate.app.aside import aside
from gate.app.logs import line
from gate.app.settings.kept import Note
from gate.app.settings.trial import attempt
from gate.config_file import told
from gate.errors import ConfigError, GateError
from gate.trust import settings
from gate.trust.bundle import CONFIG
from gate.wire.heartbeat import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.app.settings.kept import Kept
    from gate.app.settings.start import Started
    from gate.trust.bundle import Bundle

FLEET: Final = "the fleet"
"""Among what has to work again, beside the names of devices."""
MOST_BASE: Final = 64 * 1024
"""Characters."""

log = logging.getLogger("gate.settings")


class Lives(Protocol):
    """How the gate is."""

    @property
    def quiet_s(self) -> float:
        """For how long nobody was served."""
        ...

    @property
    def works(self) -> frozenset[str]:
        """The names of the devices that work."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is waited for, in seconds."""

    quiet: float = 20.0
    """Nobody came, before the gate starts anew."""
    settles: float = 60.0
    """At work with new settings, before they count as good."""
    gives_up: float = 300.0
    """For everything to work again that worked before."""
    looks: float = 1.0
    """From one look to the next."""


USUAL: Final = Patience()


class SettingsSlot:
    """What the fleet has set for this gate.

    Args:
        started: where the gate stands.
        kept: its folder.
        patience: how long what is waited for.
    """

    def __init__(self, started: Started, kept: Kept, patience: Patience = USUAL) -> None:
        self._started = started
        self._kept = kept
        self._patience = patience
        self._note = started.note
        self._offered: Bundle | None = None
        self._ready: str | None = None
        """Digest of those that passed the trial, and wait for a quiet moment."""
        self._due = self._again = False
        """Whether what is offered has to be looked at, and whether what was refused is tried again."""
        self._heard = False
        """The fleet has answered this process."""

    @property
    def base(self) -> str | None:
        """JSON of what was set by hand; None: it is too much to be told."""
        try:
            text = msgspec.json.encode(told(self._started.file, self._started.state)).decode()
        except ConfigError:
            return None
        return text if len(text) <= MOST_BASE else None

    @property
    def told(self) -> Settings:
        """For the heartbeat."""
        note = self._note
        return Settings(note.holds, note.refused or None, note.why or None)

    def heard(self) -> None:
        """The fleet has answered."""
        self._heard = True

    def ask(self) -> None:
        """Somebody wants what was refused to be tried again."""
        self._due = self._again = True

    def offer(self, found: Bundle) -> None:
        """Take a bundle that the gate believes; in whatever thread that happens. ``run`` looks at it.

        At a start nobody waits for it: a trial may ask servers that do not answer.
        """
        read = {role: files for role, files in found.others.items() if role == CONFIG}
        self._offered = dataclasses.replace(found, files={}, others=read)
        self._due = True

    def look(self) -> None:
        """Try what is offered, where it is news. Blocking, for a thread of its own."""
        again, self._again, self._due = self._again, False, False
        try:
            if self._offered is not None:
                self._weigh(self._offered, again=again)
        except (GateError, OSError) as fault:
            log.error(line("settings-not-kept", why=str(fault)))

    def _weigh(self, offered: Bundle, *, again: bool) -> None:
        said = settings.own(offered, self._kept.device)
        if said is None:  # a copy from before this gate was in a fleet
            return
        digest = settings.digest(said)
        if self._note.trial or digest == self._ready:
            return
        self._ready = None
        if digest == self._note.holds:
            if self._note.refused:  # taken back at the desk
                self._stand(Note(self._note.holds))
        elif digest != self._note.refused or again:
            self._try(offered, said, digest)

    def _try(self, offered: Bundle, said: Mapping[str, Any], digest: str) -> None:
        try:
            attempt(self._started.config, said, self._started.file, self._started.state)
        except (ConfigError, OSError) as fault:
            log.error(line("settings-refused", refused=digest, holds=self._note.holds, why=str(fault)))
            self._stand(self._note.without(digest, str(fault)))
            return
        self._kept.put(offered, digest)
        log.info(line("settings-ready", settings=sorted(said), waits="for a quiet moment"))
        self._ready = digest

    async def run(self, gate: Lives, restart: Callable[[], None]) -> None:
        """Take what is ready when nobody is at the gate, and watch what is on trial; until cancelled, or to start anew.

        Args:
            gate: how it is.
            restart: the process ends, and systemd starts it again.
        """
        begun = time.monotonic()
        while True:
            await asyncio.sleep(self._patience.looks)
            if self._due:
                await aside(self.look, "settings")
            try:
                moved = self._judge(gate, time.monotonic() - begun) if self._note.trial else self._take(gate)
            except OSError as fault:
                log.error(line("settings-not-noted", why=fault.strerror or str(fault)))
                continue
            if moved:
                restart()
                return

    def _take(self, gate: Lives) -> bool:
        """Switch, where something is ready and nobody is here; gives whether that was done."""
        digest = self._ready
        if digest is None or gate.quiet_s < self._patience.quiet:
            return False
        needs = (*sorted(gate.works), *([FLEET] if self._heard else []))
        log.info(line("settings-taken", settings=digest, before=self._note.holds, needs=needs))
        self._stand(Note(digest, self._note.holds, trial=True, needs=needs))
        return True

    def _judge(self, gate: Lives, up_s: float) -> bool:
        """Look whether all is as it was before; gives whether the gate has gone back."""
        works = gate.works | ({FLEET} if self._heard else frozenset())
        gone = [one for one in self._note.needs if one not in works]
        if not gone and up_s >= self._patience.settles:
            log.info(line("settings-good", settings=self._note.holds))
            self._stand(Note(self._note.holds))
            self._kept.tidy(self._note.holds)
            self._due = True  # something newer may have come meanwhile
        elif gone and up_s >= self._patience.gives_up:
            why = f"with it the gate had to do without: {', '.join(gone)}"
            log.error(line("settings-back", refused=self._note.holds, holds=self._note.before, why=why))
            self._stand(self._note.back(why))
            return True
        return False

    def _stand(self, note: Note) -> None:
        """Note it, on disk first.

        Raises:
            OSError: it can't be written.
        """
        self._kept.write(note)
        self._note = note
