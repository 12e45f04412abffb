"""The last lines of this run's log, in memory, for whoever asks from afar; none of them about one person."""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gate.app.doctor.words import Words

KEPT: Final = 200
LONGEST: Final = 400
"""Characters of a line."""
OF_ONE_PERSON: Final = ("presentation", "passage")
"""When somebody was refused, and why, is nobody else's business even without a name."""


class LogTail(logging.Handler):
    """Keeps what is logged as long as there is room; what is about one person it never keeps."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: deque[tuple[float, str]] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one; called with the handler's lock, by any thread."""
        said = record.getMessage()
        if said.partition(" ")[0] not in OF_ONE_PERSON:
            self._kept.append((record.created, f"{record.levelname} {record.name} {said}"[:LONGEST]))

    def lines(self, words: Words) -> list[str]:
        """The newest first, less everything that is not of these words: a library may have said anything."""
        self.acquire()
        try:
            kept = list(self._kept)
        finally:
            self.release()
        words = words.and_those_of(logging.getLevelNamesMapping())
        return [f"{_when(at)} {words.only(' '.join(said.split()))}" for at, said in reversed(kept)]


def _when(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


TAIL: Final = LogTail()
"""That of this process; ``gate.app.logs.configure`` has it listen."""
