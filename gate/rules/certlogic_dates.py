"""Date-times of CertLogic: parsing, and adding years, months, days and hours as JavaScript's ``Date`` does.

Everything is UTC with milliseconds; a time without a zone counts as UTC. Where JavaScript would go on with a date
that does not exist (30 February, or ``Invalid Date``), this raises, because such a rule must not hold by accident.
Source: CertLogic specification 1.3.3, "plusTime" and "dccDateOfBirth"; ECMA-262 "MakeDay".
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Final

from gate.rules.certlogic_values import CertLogicError, kind

MAX_TEXT: Final = 64
"""Longest date-time read; the longest meaningful one has 29 characters."""

_DATE_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]+))?"
    r"(?:Z|\+00:00|([+-])([0-9]{1,2}?)(?::?([0-9]{2}))?)?"
)
_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_FULL_DATE_LENGTH: Final = 10
_MONTHS: Final = 12

Shift = Callable[[datetime], datetime]


@dataclass(frozen=True, slots=True)
class Instant:
    """A date-time inside an expression; data can't contain one, so it can't be mistaken for data."""

    utc: datetime
    """Naive, in UTC, whole milliseconds."""


def parse(value: Any) -> datetime:
    """Read a date, partial date or date-time in the forms that ``plusTime`` allows.

    Raises:
        CertLogicError: not such a string, or a date or time that does not exist.
    """
    text = _text(value)
    try:
        if len(text) <= _FULL_DATE_LENGTH:
            return _parse_date(text)
        return _parse_date_time(text)
    except (ValueError, OverflowError):
        raise CertLogicError("no such date or time; give one that exists") from None


def parse_date_of_birth(value: Any) -> datetime:
    """Read YYYY, YYYY-MM or YYYY-MM-DD as the last day that fits it, at midnight UTC.

    Raises:
        CertLogicError: not such a string, or a day that does not exist.
    """
    try:
        return _parse_date(_text(value))
    except ValueError:
        raise CertLogicError("no such date; give one that exists") from None


def shift_by(amount: int, unit: str) -> Shift:
    """A function that adds ``amount`` of ``UNITS[unit]``; it raises ``CertLogicError`` outside years 1 to 9999."""
    if amount == 0:
        return _unchanged
    return partial(_guarded, partial(UNITS[unit], amount))


def _text(value: Any) -> str:
    if type(value) is not str:
        raise CertLogicError(f"a date-time must be a string, not {kind(value)}")
    if len(value) > MAX_TEXT:
        raise CertLogicError(f"a date-time has at most {MAX_TEXT} characters")
    return value


def _parse_date(text: str) -> datetime:
    # Most dates are whole; with dashes in both places fromisoformat can't take it for an ISO week.
    if len(text) == _FULL_DATE_LENGTH and text[4] == "-" == text[7] and text.isascii():
        return datetime.fromisoformat(text)
    if (match := _DATE.fullmatch(text)) is None:
        raise CertLogicError("not a date; write YYYY, YYYY-MM or YYYY-MM-DD")
    year, month = int(match[1]), int(match[2] or _MONTHS)
    if not 1 <= month <= _MONTHS:
        raise ValueError("month")
    return datetime(year, month, int(match[3] or monthrange(year, month)[1]))  # noqa: DTZ001 - naive means UTC here


@lru_cache(maxsize=16)  # every rule about a certificate asks for the same moment again
def _parse_date_time(text: str) -> datetime:
    if (match := _DATE_TIME.fullmatch(text)) is None:
        raise CertLogicError("not a date-time; write YYYY-MM-DDThh:mm:ssZ")
    base, fraction, sign, hours, minutes = match.groups()
    at = datetime.fromisoformat(base)
    if fraction:
        at = at.replace(microsecond=int(fraction[:3].ljust(3, "0")) * 1000)
    return at - _offset(sign, hours, minutes) if sign else at


def _offset(sign: str, hours: str, minutes: str | None) -> timedelta:
    span = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if int(minutes or 0) >= 60 or span >= timedelta(days=1):  # noqa: PLR2004 - minutes of an hour
        raise ValueError("offset")
    return span if sign == "+" else -span


def _unchanged(at: datetime) -> datetime:
    return at


def _guarded(shift: Shift, at: datetime) -> datetime:
    try:
        return shift(at)
    except (ValueError, OverflowError):
        raise CertLogicError("the date-time falls outside the years 1 to 9999") from None


def _hours(amount: int, at: datetime) -> datetime:
    return at + timedelta(hours=amount)


def _days(amount: int, at: datetime) -> datetime:
    return at + timedelta(days=amount)


def _months(amount: int, at: datetime) -> datetime:
    year, month = divmod(at.year * _MONTHS + at.month - 1 + amount, _MONTHS)
    # A day that the month doesn't have runs over into the next one: 31 January + 1 month is 2 or 3 March.
    return at.replace(year=year, month=month + 1, day=1) + timedelta(days=at.day - 1)


def _years(amount: int, at: datetime) -> datetime:
    return _months(amount * _MONTHS, at)


UNITS: Final[Mapping[str, Callable[[int, datetime], datetime]]] = {
    "year": _years,
    "month": _months,
    "day": _days,
    "hour": _hours,
}
