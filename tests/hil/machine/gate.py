"""The gate in a machine, as somebody notices it who stands before it: log, screen, journal, sound."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from hil.machine.feed import Feed
from hil.machine.guest import Guest

from gate.app.logs import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hil.machine.console import Shell

LATE_S: Final = 120.0
"""Far longer than anything takes on an emulated processor, but for a gate that has stopped working."""
START_S: Final = 900.0
"""From its start to its serving: ten seconds on two idle cores."""
_GLANCE_S: Final = 0.1
_LEVELS: Final = ("INFO", "WARNING", "ERROR", "CRITICAL")
_JOURNAL: Final = "/var/lib/gate/journal.sqlite"
_ROWS: Final = (
    "SELECT seq, id, at, clock_trusted, reader, credential, outcome, reasons, marks, withdrawn, passage "
    "FROM passages ORDER BY seq"
)


class LateError(AssertionError):
    """Waited in vain; the message holds what the machine said."""


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the gate's log."""

    event: str
    values: Mapping[str, Any]


class Machine(Protocol):
    """Where a gate is, as far as one has to know."""

    folder: Path
    """In it, ``log`` and ``screen`` grow: what the gate logs, and the stream of its screen."""
    started_at: float

    @property
    def console(self) -> Shell: ...
    def require_alive(self) -> None: ...


class Gate:
    """``gate.service`` of one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.log: list[Said] = []
        """Every line so far, of this start of the machine; ``look`` brings more."""
        self._ready_after_s = 0.0
        self.screens: list[dict[str, Any]] = []
        """What the screen showed so far; ``shown`` brings more."""
        self._log_feed = Feed(machine.folder / "log")
        self._screen_feed = Feed(machine.folder / "screen")
        self._tail: list[str] = []

    @property
    def guest(self) -> Guest:
        """The emulated machine that it is in, for tests that plug something in."""
        assert isinstance(self.machine, Guest)
        return self.machine

    def start(self) -> None:
        """Start the service and wait until it serves."""
        self.machine.console.check("systemctl start gate.service", START_S)

    def restart(self) -> None:
        """Start it anew, with whatever configuration there is now."""
        self.machine.console.check("systemctl restart gate.service", START_S)

    def is_active(self) -> bool:
        return self._property("ActiveState") == "active"

    def process(self) -> int:
        """Its main process; 0 where there is none."""
        return int(self._property("MainPID"))

    def restarts(self) -> int:
        """How often systemd started it again by itself."""
        return int(self._property("NRestarts"))

    def wait_active(self, seconds: float = START_S) -> None:
        """Wait until it serves."""
        self.until(self.is_active, "the gate serves", seconds)

    def ready_after_s(self) -> float:
        """Seconds from power to the first "ready"; 0 before that."""
        return self._ready_after_s

    # ---- log -------------------------------------------------------------------------------------------------

    def look(self) -> list[Said]:
        """Take what was logged since the last look; gives that."""
        lines = self._log_feed.lines()
        self._tail = (self._tail + lines)[-25:]
        fresh = [said for said in map(_said, lines) if said is not None]
        self.log += fresh
        if not self._ready_after_s and any(said.event == "ready" for said in fresh):
            self._ready_after_s = time.monotonic() - self.machine.started_at
        return fresh

    def lines(self, event: str, **values: Any) -> list[Said]:
        """Lines of the log so far with this event and these values."""
        return [line for line in self.log if line.event == event and values.items() <= line.values.items()]

    def logged(self, event: str, count: int = 1, seconds: float = LATE_S, **values: Any) -> Said:
        """Wait until so many such lines were logged, counted from the machine's start; gives the last one."""

        def there() -> bool:
            self.look()
            return len(self.lines(event, **values)) >= count

        self.until(there, f"{count} × {event} {values}", seconds)
        return self.lines(event, **values)[count - 1]

    def answers(self, reader: str) -> int:
        """How many presentations at a reader were answered so far."""
        self.look()
        return len(self.lines("presentation", reader=reader))

    def answered(self, reader: str, before: int) -> Said:
        """Wait for the first answer at a reader after ``before`` others."""
        return self.logged("presentation", before + 1, reader=reader)

    def online(self, reader: str) -> None:
        """Wait until it serves a reader, as its newest word about it."""
        comes, goes = ("reader-online", "reader-back"), ("reader-lost", "reader-unsteady")

        def serves() -> bool:
            self.look()
            words = [line.event for line in self.log if line.values.get("reader") == reader]
            words = [word for word in words if word in comes + goes]
            return bool(words) and words[-1] in comes

        self.until(serves, f"{reader} is online")

    # ---- screen, journal ---------------------------------------------------------------------------------------

    def screen(self) -> dict[str, Any]:
        """What the screen shows now, asked for."""
        shown: dict[str, Any] = json.loads(
            self.machine.console.check("curl --silent --fail --max-time 20 http://127.0.0.1:8765/state")
        )
        return shown

    def look_at_screen(self) -> None:
        """Take what the screen showed since the last look."""
        data = (line.removeprefix("data: ") for line in self._screen_feed.lines() if line.startswith("data: {"))
        self.screens += map(json.loads, data)

    def shown(self, kind: str, since: int = 0, seconds: float = LATE_S) -> dict[str, Any]:
        """Wait until the screen was of a kind (``gate.kiosk.state.ScreenKind``), after ``since`` others; gives it."""
        found: list[dict[str, Any]] = []

        def was_shown() -> bool:
            self.look_at_screen()
            found.extend(screen for screen in self.screens[since:] if screen["kind"] == kind)
            return bool(found)

        self.until(was_shown, f"the screen shows {kind}", seconds)
        return found[0]

    def rows(self) -> list[dict[str, Any]]:
        """The journal, oldest first; blobs are left out."""
        text = self.machine.console.check(f"sqlite3 -readonly -json {_JOURNAL} '{_ROWS}'")
        rows: list[dict[str, Any]] = json.loads(text or "[]")
        for row in rows:
            row["reasons"], row["marks"] = json.loads(row["reasons"]), json.loads(row["marks"])
        return rows

    def journal_is_sound(self) -> bool:
        return self.machine.console.check(f"sqlite3 -readonly {_JOURNAL} 'PRAGMA integrity_check'", LATE_S) == "ok"

    # ---- waiting -----------------------------------------------------------------------------------------------

    def until(self, condition: Callable[[], bool], what: str, seconds: float = LATE_S) -> None:
        """Wait for something.

        Raises:
            LateError: it did not happen in that time.
        """
        end = time.monotonic() + seconds
        while not condition():
            self.machine.require_alive()
            time.sleep(_GLANCE_S)
            if time.monotonic() > end:
                raise LateError(
                    "\n  ".join([f"waited in vain for {seconds:.0f} s: {what}; the last lines:", *self._last()])
                )

    def _last(self) -> list[str]:
        self.look()
        return self._tail

    def _property(self, name: str) -> str:
        return self.machine.console.check(f"systemctl show --property={name} --value gate.service").strip()


def _said(text: str) -> Said | None:
    level, _, rest = text.partition(" ")
    if level not in _LEVELS:
        return None  # of a traceback
    _, event, values = f"{rest}  ".split(" ", 2)
    return Said(event, parse(values))
