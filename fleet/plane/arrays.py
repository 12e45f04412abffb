"""Columns of many rows as PostgreSQL reads arrays.

psycopg makes them of lists by looking at each value by itself: half of what an upload costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def plain(values: Iterable[object]) -> str:
    """Numbers, UUIDs, times in ISO 8601: whatever has no quote, comma, brace or blank when it is written."""
    return f"{{{','.join(map(str, values))}}}"


def texts(values: Iterable[str | None]) -> str:
    """Any text, or none."""
    return f"{{{','.join('NULL' if value is None else _quoted(value) for value in values)}}}"


def binaries(values: Iterable[bytes]) -> str:
    """Any bytes."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
