"""Permits (通行证) from the list that staff import: a ``StatusSource`` that a slow or damaged disk can't hold up.

Two threads: one asks the list, the other looks now and then whether there is a new one and goes through it whole before
the first takes it. Whatever keeps the list from answering is no "no permit": permits are then not known, and everything
else about the person is judged as ever.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Literal

from gate.errors import StatusUnavailable
from gate.model import Records
from gate.status.permit_store import PermitListReader
from gate.status.questions import Questions
from gate.status.source import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gate.model import PermitRecord
    from gate.pseudonym import PseudonymKey
    from gate.status.permit_store import ListInfo

LOOK_S: Final = 2.0
"""How often a new list is looked for."""

_Mark = tuple[int, int, int, int]


class PermitList:
    """Asked from the event loop.

    Args:
        path: the list, or where it will be.
        key: of the pseudonyms.
        limit_s: how long a person waits for it at most.
        on_change: told from a thread about each list that is taken, or why there is none to ask.
    """

    def __init__(
        self, path: Path, key: PseudonymKey, limit_s: float, on_change: Callable[[ListInfo | Exception], None]
    ) -> None:
        self._path = path
        self._key = key
        self._on_change = on_change
        self._questions = Questions("permits", self._ask, limit_s)
        self._newest: PermitListReader | Exception = StatusUnavailable(f"{path}: not looked for yet")
        self._lock = threading.Lock()
        """Held while the list is asked or exchanged."""
        self._looked = threading.Event()
        self._closing = threading.Event()
        self._looking = threading.Thread(target=self._look, name="permits-look", daemon=True)

    def open(self) -> None:
        """Begin; returns once it was looked for a list."""
        self._questions.open()
        self._looking.start()
        self._looked.wait()

    def close(self) -> None:
        """Stop asking it."""
        self._closing.set()
        self._questions.close()
        self._looking.join()
        _close(self._newest)

    async def find(self, holders: Sequence[bytes]) -> Found:
        """The person's permits; nobody becomes known by having none."""
        try:
            permits = await self._questions.ask(holders)
        except StatusUnavailable:
            return Found(holders[0], None, permits_known=False)
        return Found(holders[0], Records(permits=permits) if permits else None, in_part=bool(permits))

    def _ask(self, holders: tuple[bytes, ...]) -> tuple[PermitRecord, ...]:
        with self._lock:
            match self._newest:
                case PermitListReader() as found:
                    return found.permits(holders)
                case StatusUnavailable() as why:
                    raise StatusUnavailable(str(why))
                case bug:
                    raise bug

    def _look(self) -> None:
        seen: _Mark | Literal["nothing"] | None = None
        while True:
            mark = self._mark()
            if mark != seen:
                seen = mark
                self._take()
            self._looked.set()
            if self._closing.wait(LOOK_S):
                return

    def _take(self) -> None:
        """Go through the new list whole, then let it serve; a bad one replaces the good one all the same.

        Whoever was struck off must not get in by the list that was replaced.
        """
        found: PermitListReader | Exception
        try:
            found = PermitListReader(self._path, self._key)
        except Exception as fault:  # noqa: BLE001 - nothing may die unseen in a thread; a bug is raised where somebody asks
            found = fault
        with self._lock:
            before, self._newest = self._newest, found
        _close(before)
        self._on_change(found.info if isinstance(found, PermitListReader) else found)

    def _mark(self) -> _Mark | Literal["nothing"]:
        """What changes when the file does."""
        try:
            found = self._path.stat()
        except OSError:
            return "nothing"
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def _close(one: PermitListReader | Exception) -> None:
    if isinstance(one, PermitListReader):
        one.close()
