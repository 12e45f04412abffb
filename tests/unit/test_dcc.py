from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from signed_certificates import content

from gate.credentials import dcc
from gate.errors import CredentialFault
from gate.model import Reason


def refused(payload: object) -> bool:
    try:
        dcc.check(payload)
    except CredentialFault as fault:
        return fault.reason is Reason.CERTIFICATE_UNACCEPTABLE
    return False


@pytest.mark.parametrize("group", ["v", "t", "r"])
def test_each_group_is_accepted_and_given_on_as_signed(group: str) -> None:
    checked = dcc.check(content(group))
    assert checked.group == group
    assert checked.payload == content(group)
    assert checked.name == "Grete Öl Musterfrau"
    assert checked.birth_date == date(1990, 1, 1)


def test_members_that_the_schema_does_not_name_are_left_out() -> None:
    checked = dcc.check(content("v", extra={1: b"bytes", (2,): float("nan")}) | {"more": object()})
    assert checked.payload == content("v")


def test_a_name_is_composed_and_falls_back_to_its_transliteration() -> None:
    decomposed = dcc.check(content() | {"nam": {"fn": "O\u0308l", "fnt": "OEL"}})
    assert decomposed.name == "Öl"
    bare = dcc.check(content() | {"nam": {"fnt": "VAN<DER<MEER", "gnt": "ANNA<MARIA"}})
    assert bare.name == "ANNA MARIA VAN DER MEER"


@pytest.mark.parametrize("dob", ["", "1950", "1950-08", "1950-00", "1950-08-00", "1950-00-00"])
def test_people_whose_day_of_birth_nobody_knows_are_served(dob: str) -> None:
    assert dcc.check(content() | {"dob": dob}).birth_date is None


@pytest.mark.parametrize(
    "dob",
    ["1950-13", "1950-02-30", "1950-08-32", "1815-08-24", "1950-8-1", "1950-08-01T00:00:00", "\u0661950", None, 0],
)
def test_days_of_birth_that_do_not_exist_are_refused(dob: object) -> None:
    assert refused(content() | {"dob": dob})


@pytest.mark.parametrize(
    "day",
    [
        "2021-09-99",
        "2021-13-01",
        "2021-02-29",
        "0000-01-01",
        "9999-01-01",
        "2021-W01-1",
        "20210909",
        "",
        "x",
        20210909,
        "2021-09-09T25:00:00Z",
        "2021-09-09T10:00:60Z",
        "2021-09-09T10:00:00+99:00",
        "2021-09-09 10:00:00Z",
        None,
    ],
)
def test_days_that_do_not_exist_are_refused_before_any_rule_sees_them(day: object) -> None:
    assert refused(content("v", dt=day))
    assert refused(content("t", sc=day))
    for name in ("fr", "df", "du"):
        assert refused(content("r", **{name: day}))


@pytest.mark.parametrize("zone", ["Z", "+02:00", "+0200", "+02", "-11:30"])
def test_samples_have_a_time_with_its_zone(zone: str) -> None:
    assert not refused(content("t", sc=f"2022-02-28T10:30:00{zone}"))
    assert not refused(content("t", sc=f"2022-02-28T10:30:00.123{zone}"))
    assert refused(content("t", sc="2022-02-28T10:30:00"))
    assert refused(content("t", sc="2022-02-28"))


@pytest.mark.parametrize("count", [0, -1, True, 1.0, 1.5, "1", None, float("nan")])
def test_doses_are_counted_from_one(count: object) -> None:
    assert refused(content("v", dn=count))
    assert refused(content("v", sd=count))


def _without(payload: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in names}


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        {},
        {1: 2},
        _without(content(), "v"),
        _without(content(), "ver"),
        _without(content(), "nam"),
        _without(content(), "dob"),
        content("v") | content("t"),
        content("v") | {"t": []},
        content("v") | {"t": None},
        content() | {"v": []},
        content() | {"v": content()["v"] * 2},
        content() | {"v": content("t")["t"]},
        content() | {"v": content()["v"][0]},
        content() | {"ver": "2.0.0"},
        content() | {"ver": "1.3"},
        content() | {"ver": "1.3.0\n"},
        content() | {"nam": {}},
        content() | {"nam": {"fnt": "lower"}},
        content() | {"nam": {"fnt": "OK", "fn": "x" * 81}},
        content() | {"nam": {"fnt": "OK", "gn": 1}},
        content("v", co=""),
        content("v", co="xx"),
        content("v", co="XX\n"),
        content("v", ci="x" * 81),
        content("v", mp=["a"]),
    ],
)
def test_content_against_the_schema_is_unacceptable(payload: object) -> None:
    assert refused(payload)
