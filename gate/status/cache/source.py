"""A list while it serves: a ``StatusSource`` that a slow or damaged disk can't hold up.

One thread asks the list; another looks for new files, opens them and lets them take over, lays changes over each other
while they serve, and has a process of its own make lists from parcels and heads. Whatever keeps the list from answering
is no answer: neither good nor bad.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from gate.errors import StatusUnavailable
from gate.status.cache import prepare
from gate.status.cache.folder import ListFolder
from gate.status.cache.meaning import fresh, meant
from gate.status.questions import Questions
from gate.status.source import Found

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gate.model import Moment
    from gate.status.cache.crypto import ListKey
    from gate.status.cache.generation import Generation
    from gate.status.cache.layout import Header, Kind

LOOK_S: Final = 0.5
"""How often new files are looked for."""


@dataclass(frozen=True, slots=True)
class News:
    """What serves now, and what was passed over."""

    kind: Kind
    header: Header | None
    """Of the newest change, or of the whole list; None: there is none to ask."""
    fresh: bool
    """False: it is past its end or from the future, or nobody knows what time it is; it has no good news."""
    notes: tuple[str, ...]


class CachedList:
    """Asked from the event loop.

    Args:
        folder: of the list.
        kind: which.
        key: of lists.
        signers: raw public keys of whoever may sign lists, as of now.
        moment: what time it is.
        limit_s: how long a person waits for it at most.
        on_change: told from a thread whenever another list serves, one becomes too old, or something was passed over.
    """

    def __init__(  # noqa: PLR0913 - each is another thing that it is put together from
        self,
        folder: Path,
        kind: Kind,
        key: ListKey,
        *,
        signers: Callable[[], frozenset[bytes]],
        moment: Callable[[], Moment],
        limit_s: float,
        on_change: Callable[[News], None],
    ) -> None:
        self._lists = ListFolder(folder, kind, key)
        self._folder, self._kind, self._key = folder, kind, key
        self._signers, self._moment = signers, moment
        self._on_change = on_change
        self._newest: Generation | Exception = StatusUnavailable(f"{folder}: not looked for yet")
        self._lock = threading.Lock()
        """Held while the list is asked or exchanged."""
        self._questions = Questions(kind, self._ask, limit_s)
        self._looked, self._closing = threading.Event(), threading.Event()
        self._notes: tuple[str, ...] = ()
        self._told: News | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._looking = threading.Thread(target=self._look, name=f"{kind}-look", daemon=True)

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
        if self._process is not None:
            self._process.kill()  # what it was making is made again
            self._process.communicate()

    async def find(self, holders: Sequence[bytes]) -> Found:
        """What the list says about a person, see ``meaning``."""
        try:
            return await self._questions.ask(holders)
        except StatusUnavailable:
            return Found(holders[0], None)

    def _ask(self, holders: tuple[bytes, ...]) -> Found:
        places = [self._key.hash(holder) for holder in holders]
        with self._lock:
            match self._newest:
                case StatusUnavailable() as why:
                    raise StatusUnavailable(str(why))
                case Exception() as bug:
                    raise bug
                case generation:
                    said = [generation.find(place) for place in places]
        return meant(generation, said, holders, self._moment())

    def _look(self) -> None:
        seen: object = None
        prepared: object = None
        while True:
            signers = self._signers()
            mark = (self._lists.mark(), signers)
            if mark != seen:
                seen = mark
                self._take(partial(self._lists.look, signers))
                self._tell()
                self._looked.set()
                self._take(self._lists.lay)
            if self._process is None and mark != prepared:  # what failed is tried again when something is brought
                prepared = mark
                self._prepare(signers)
            self._hear_of_process()
            self._tell()
            if self._closing.wait(LOOK_S):
                return

    def _take(self, found_by: Callable[[], Generation | None]) -> None:
        """Open what is there now, then let it serve; None: what serves is that already."""
        found: Generation | Exception | None
        try:
            found = found_by()
        except Exception as fault:  # noqa: BLE001 - nothing may die unseen in a thread; a bug is raised where somebody asks
            found = fault
        if found is not None:
            with self._lock:
                self._newest = found
        self._notes = self._lists.notes

    def _prepare(self, signers: frozenset[bytes]) -> None:
        made = 0 if isinstance(self._newest, Exception) else self._newest.whole.number
        if prepare.wanted(self._folder, made):
            self._process = prepare.start(self._folder, self._kind, self._key, signers)

    def _hear_of_process(self) -> None:
        if self._process is None or self._process.poll() is None:
            return
        said, _ = self._process.communicate()
        self._process = None
        if notes := tuple(said.decode("utf-8", "replace").splitlines()):
            self._notes = notes

    def _tell(self) -> None:
        header = None if isinstance(self._newest, Exception) else self._newest.newest
        is_fresh = header is not None and fresh(header, self._moment())
        if (news := News(self._kind, header, is_fresh, self._notes)) != self._told:
            self._told = news
            self._on_change(news)
