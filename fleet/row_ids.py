"""Ids of rows are UUIDs of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then chance."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime


def first_id(moment: datetime) -> UUID:
    """Below all that are made from a moment on (aware), and above all from before it."""
    return UUID(int=min(max(0, int(moment.timestamp() * 1000)), (1 << 48) - 1) << 80)
