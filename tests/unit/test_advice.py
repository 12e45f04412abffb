"""A deadline reads as the clock on the wall beside the gate, in the words of each language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gate.app.advice import advice_texts
from gate.model import Reason, Texts
from voice import phrases

CATALOGUE = phrases.load(("zh-CN", "en"))
BEIJING = timezone(timedelta(hours=8))


def bare(*languages: str) -> dict[str, Texts]:
    return dict.fromkeys(languages, Texts(voice="v", screen="{deadline}", next_step="n", guard="g"))


def test_an_advice_says_what_and_until_when() -> None:
    deadline = datetime(2022, 6, 30, 10, tzinfo=BEIJING)
    assert advice_texts(CATALOGUE.texts(Reason.SECOND_TEST_DUE), deadline, "Asia/Shanghai") == {
        "zh-CN": "请于6月30日10点前完成第二次核酸",
        "en": "Take the second test by 30 June, 10:00",
    }


@pytest.mark.parametrize(
    ("clock", "zh", "en"),
    [
        ((2022, 6, 30, 10, 30), "6月30日10点30分", "30 June, 10:30"),
        ((2022, 6, 30, 9, 5), "6月30日9点05分", "30 June, 09:05"),
        ((2022, 6, 30, 23, 59, 59), "6月30日23点59分", "30 June, 23:59"),
        ((2022, 7, 1, 0, 30), "7月1日0点30分", "1 July, 00:30"),
    ],
)
def test_minutes_are_said_where_there_are_some(clock: tuple[int, int, int, int, int], zh: str, en: str) -> None:
    deadline = datetime(*clock, tzinfo=BEIJING)
    assert advice_texts(bare("zh-CN", "en"), deadline, "Asia/Shanghai") == {"zh-CN": zh, "en": en}


@pytest.mark.parametrize(
    ("day", "zh", "en"),
    [
        ((2022, 6, 30), "6月29日24点", "29 June, 24:00"),
        ((2022, 7, 1), "6月30日24点", "30 June, 24:00"),
        ((2023, 1, 1), "12月31日24点", "31 December, 24:00"),
    ],
)
def test_midnight_is_the_end_of_the_day_before(day: tuple[int, int, int], zh: str, en: str) -> None:
    deadline = datetime(*day, tzinfo=BEIJING)
    assert advice_texts(bare("zh-CN", "en"), deadline, "Asia/Shanghai") == {"zh-CN": zh, "en": en}


@pytest.mark.parametrize(
    ("time_zone", "zh", "en"),
    [
        ("Asia/Shanghai", "6月30日10点", "30 June, 10:00"),
        ("Asia/Urumqi", "6月30日8点", "30 June, 08:00"),
        ("Asia/Kolkata", "6月30日7点30分", "30 June, 07:30"),
        ("Europe/Berlin", "6月30日4点", "30 June, 04:00"),
        ("America/Los_Angeles", "6月29日19点", "29 June, 19:00"),
        ("UTC", "6月30日2点", "30 June, 02:00"),
    ],
)
def test_the_time_is_that_of_the_gate(time_zone: str, zh: str, en: str) -> None:
    deadline = datetime(2022, 6, 30, 2, tzinfo=UTC)
    assert advice_texts(bare("zh-CN", "en"), deadline, time_zone) == {"zh-CN": zh, "en": en}


def test_a_language_without_a_form_of_its_own_gets_one_that_nobody_misreads() -> None:
    assert advice_texts(bare("ug"), datetime(2022, 6, 30, 2, 5, tzinfo=UTC), "UTC") == {"ug": "2022-06-30 02:05"}


def test_other_braces_in_a_text_stay_what_they_are() -> None:
    texts = {"en": Texts(voice="v", screen="{0.__class__} {deadline}", next_step="n", guard="g")}
    shown = advice_texts(texts, datetime(2022, 6, 30, 10, tzinfo=UTC), "UTC")
    assert shown == {"en": "{0.__class__} 30 June, 10:00"}
