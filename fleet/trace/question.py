"""What is asked, and within which bounds. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from fleet.errors import FleetError

if TYPE_CHECKING:
    from datetime import datetime

MOST_HOURS: Final = 24
_CASE: Final = (3, 64)
_PURPOSE: Final = (10, 300)
_DOCUMENT: Final = re.compile(r"(?:\d[ -]?){14,}[\dXx]")
"""What is asked goes on record for good; nobody's number may."""


@dataclass(frozen=True, slots=True)
class Question:
    """Who passed a site, from one moment to before another."""

    site: str
    begins: datetime
    ends: datetime
    case: str
    purpose: str

    def __str__(self) -> str:
        return f"case {self.case}: {self.purpose}; {self.begins.isoformat()} to {self.ends.isoformat()}"


def check(asked: Question) -> None:
    """Refuse what is out of bounds.

    Raises:
        FleetError: that is so; the message says why, and repeats nothing of what was typed.
    """
    if asked.begins.tzinfo is None or asked.ends.tzinfo is None:
        raise FleetError("a moment needs its time zone, e.g. 2026-12-01T14:00+08:00")
    if asked.begins >= asked.ends:
        raise FleetError("it has to end after it begins")
    if asked.ends - asked.begins > timedelta(hours=MOST_HOURS):
        raise FleetError(f"at most {MOST_HOURS} hours can be asked for")
    for what, text, (least, most) in (("number of the case", asked.case, _CASE), ("purpose", asked.purpose, _PURPOSE)):
        if not (least <= len(text.strip()) and len(text) <= most and text.isprintable()):
            raise FleetError(f"the {what} has {least} to {most} characters, on one line")
    if not any(letter.isdigit() for letter in asked.case):
        raise FleetError("there is no number in the number of the case")
    if any(_DOCUMENT.search(text) for text in (asked.case, asked.purpose, asked.site)):
        raise FleetError("what is asked goes on record for good: it may not hold the number of a document")
