"""An advice on a pass, put into words: what to do, and until when by the clock on the wall."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from gate.model import Texts

PLACE: Final = "{deadline}"
"""What the deadline is set into, in the ``screen`` text of a reason that advises."""
_MONTHS: Final = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905 - reads better than twelve quoted words
)


def advice_texts(texts: Mapping[str, Texts], deadline: datetime, time_zone: str) -> Mapping[str, str]:
    """The line that the screen shows, by language tag, e.g. ``请于6月30日10点前完成第二次核酸``.

    Midnight is the end of the day before (24:00): nobody takes it for the end of the day that it begins.

    Args:
        texts: of the reason that advises; each ``screen`` has a place for the deadline.
        deadline: timezone-aware; seconds are cut off, so that what is shown is never too late.
        time_zone: of the gate, a name of the IANA database.
    """
    local = deadline.astimezone(ZoneInfo(time_zone))
    day, hour = local.date(), local.hour
    if (hour, local.minute) == (0, 0):
        day, hour = day - timedelta(days=1), 24
    return {
        language: words.screen.replace(PLACE, _FORMS.get(language, _plain)(day, hour, local.minute))
        for language, words in texts.items()
    }


def _chinese(day: date, hour: int, minute: int) -> str:
    return f"{day.month}月{day.day}日{hour}点" + (f"{minute:02}分" if minute else "")


def _english(day: date, hour: int, minute: int) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}, {hour:02}:{minute:02}"


def _plain(day: date, hour: int, minute: int) -> str:
    """For a language that has phrases but no form of its own: ISO 8601."""
    return f"{day.isoformat()} {hour:02}:{minute:02}"


_FORMS: Final[Mapping[str, Callable[[date, int, int], str]]] = {"zh-CN": _chinese, "en": _english}
