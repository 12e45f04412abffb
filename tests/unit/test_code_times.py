"""Times as providers write them: the same instant in every form, and nothing that could be meant otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gate.credentials.code_times import TimeForm, read_time

SHANGHAI = ZoneInfo("Asia/Shanghai")
EIGHT = datetime(2022, 4, 5, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (1649116800, TimeForm.SECONDS),
        ("1649116800", TimeForm.SECONDS),
        (1649116800999, TimeForm.MILLISECONDS),
        ("2022-04-05 08:00:00", TimeForm.LOCAL),
        ("2022/04/05 08:00:00", TimeForm.LOCAL),
        ("2022-04-05T08:00", TimeForm.LOCAL),
        ("2022-04-05T00:00:00Z", TimeForm.LOCAL),
        ("2022-04-05T02:00:00+02:00", TimeForm.LOCAL),
        ("20220405080000", TimeForm.DIGITS),
    ],
)
def test_every_form_gives_the_same_instant(value: object, form: TimeForm) -> None:
    assert read_time(value, form, SHANGHAI) == EIGHT


def test_a_day_alone_is_its_midnight_where_the_provider_is() -> None:
    assert read_time("2022-04-05", TimeForm.LOCAL, SHANGHAI) == datetime(2022, 4, 4, 16, tzinfo=UTC)


def test_a_time_without_a_zone_is_no_time_where_nobody_knows_the_zone() -> None:
    assert read_time("2022-04-05 08:00:00", TimeForm.LOCAL, None) is None
    assert read_time("20220405080000", TimeForm.DIGITS, None) is None
    assert read_time("2022-04-05T08:00:00+08:00", TimeForm.LOCAL, None) == EIGHT
    assert read_time(1649116800, TimeForm.SECONDS, None) == EIGHT


@pytest.mark.parametrize("form", list(TimeForm))
@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 1.5, "", " ", "x", "-1", "１６４９１１６８００", "9" * 40, 10**30, -(10**30), 0, [], {}),
        *(
            "1999-12-31 23:59:59",
            "2200-01-01",
            "2022-13-01",
            "20221301000000",
            "202204050800",
            "0001-01-01T00:00+23:59",
        ),
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_what_is_no_time_of_this_century_or_the_next_is_none(value: object, form: TimeForm) -> None:
    assert read_time(value, form, SHANGHAI) is None
