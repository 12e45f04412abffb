"""How long an end waits after a failure: longer each time, and each gate another time.

After an outage a whole city's gates would otherwise come back in the same second (DESIGN section 7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_S: Final = 2.0
LONGEST_S: Final = 300.0
LONGEST_ASKED_S: Final = 3600.0
"""A server may ask for more by ``Retry-After``, but not for so long that it was a mistake."""
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


def asked_for(retry_after: str | None) -> float:
    """Seconds that a server asks for by ``Retry-After``; 0 where it asks for nothing, or names a time of day.

    A time of day is of no use where nobody knows whose clock is right.
    """
    text = (retry_after or "").strip()
    return min(float(text), LONGEST_ASKED_S) if _SECONDS.fullmatch(text) else 0.0


class Pace:
    """The waits of one task.

    Args:
        draw: gives a number from 0 up to 1, another one each time.
    """

    def __init__(self, draw: Callable[[], float]) -> None:
        self._draw = draw
        self._longest = FIRST_S

    def failed(self, asked_s: float = 0.0) -> float:
        """Seconds to wait: what was asked for, and anything up to a limit that doubles each time (full jitter)."""
        longest, self._longest = self._longest, min(self._longest * 2, LONGEST_S)
        return asked_s + self._draw() * longest

    def worked(self) -> None:
        """Begin anew."""
        self._longest = FIRST_S
