"""A code that stays in front of a reader is one presentation, however often the reader reads it."""

from __future__ import annotations

MOST_REMEMBERED = 16


class RepeatFilter:
    """Tells a new code from one that is still being held up.

    Args:
        window: seconds without the code after which it is new again. Reading it again starts the window anew: whoever
            holds a telephone before the reader for ten seconds has presented it once.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._seen: dict[bytes, float] = {}

    def is_new(self, code: bytes, at: float) -> bool:
        """Whether ``code``, read at ``at`` (monotonic seconds), opens a presentation; remembers that it was read."""
        self._seen = {known: seen for known, seen in self._seen.items() if at - seen < self._window}
        new = self._seen.pop(code, None) is None
        self._seen[code] = at
        if len(self._seen) > MOST_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return new
