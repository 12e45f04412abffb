"""How many flags in an hour are unusual, measured by what the same agency, or the same account, did before. Pure."""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

WINDOW: Final = timedelta(hours=1)
LOOKS_BACK: Final = timedelta(days=28)
LEAST: Final = 10
"""People in an hour that nobody minds, whatever was usual."""
TIMES: Final = 3


def limit(hours: Collection[int]) -> int:
    """How many people an hour may have.

    Args:
        hours: people in each hour of the time before in which there was anybody. The one in the middle counts: a single
            large hour that was accepted makes no other one usual.
    """
    return max(LEAST, int(TIMES * median(hours))) if hours else LEAST
