"""Times as providers write them, in a code or in an answer: of a closed list of forms, none by a file's own pattern.

A time that does not say its zone is in that of whoever wrote it; where nobody knows which that is, it is no time.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Final

_MOST_CHARACTERS: Final = 40
_YEARS: Final = range(2000, 2200)
"""Nothing that a gate asks about lies outside; inside no zone leaves the calendar."""
_MILLISECONDS: Final = 1000
_LOCAL_DIGITS: Final = 14


class TimeForm(StrEnum):
    """How a time is written."""

    SECONDS = "s"
    """Whole seconds since 1970, as a number or as its digits."""
    MILLISECONDS = "ms"
    LOCAL = "local"
    """``2022-04-05 08:00:00``, also with ``T``, with ``/``, with a zone behind it, or the day alone: its midnight."""
    DIGITS = "digits"
    """``20220405080000``."""


def read_time(value: object, form: TimeForm, zone: tzinfo | None) -> datetime | None:
    """A time in UTC.

    Args:
        value: what stands there.
        form: how times are written there.
        zone: where the clock hangs that wrote it; None where nobody knows.

    Returns:
        None where it is no such time: of another form, without a zone, or in a year that can't be meant.
    """
    try:
        at = _instant(value, form) if form in _SINCE_1970 else _wall_clock(value, form)
    except (ValueError, OverflowError, OSError):
        return None
    if at is None or at.year not in _YEARS:
        return None
    if at.tzinfo is None:
        if zone is None:
            return None
        at = at.replace(tzinfo=zone)
    return at.astimezone(UTC)


_SINCE_1970: Final = (TimeForm.SECONDS, TimeForm.MILLISECONDS)


def _instant(value: object, form: TimeForm) -> datetime | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_CHARACTERS:
        value = int(value)
    if type(value) is not int:
        return None
    return datetime.fromtimestamp(value // (_MILLISECONDS if form is TimeForm.MILLISECONDS else 1), UTC)


def _wall_clock(value: object, form: TimeForm) -> datetime | None:
    if not isinstance(value, str) or not value.isascii() or len(value) > _MOST_CHARACTERS:
        return None
    if form is TimeForm.LOCAL:
        return datetime.fromisoformat(value.strip().replace("/", "-"))
    if len(value) != _LOCAL_DIGITS or not value.isdigit():
        return None
    return datetime.fromisoformat(f"{value[:8]}T{value[8:]}")
