"""Credentials, ages, exemptions and permits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any

import pytest
from presented import CARD, HERE, MOMENT, NOW, Shown, ago, moment, shown

from gate.model import (
    Assurance,
    Certificate,
    Credential,
    CredentialKind,
    ExemptionGround,
    ExemptionRecord,
    Holder,
    Moment,
    Past,
    PermitRecord,
    Records,
)
from gate.rules.derive import Inputs, Limits, permit_used

# --- credentials --------------------------------------------------------------------------------------


def code(issued: datetime | None) -> Credential:
    certificate = Certificate("CN", "00", issued, None, {})
    return Credential(CredentialKind.HCERT, Assurance.STATIC_CODE, certificate=certificate)


def test_what_was_presented_and_how_hard_it_is_to_copy() -> None:
    assert shown()["credential"] == {"state": "known", "age": 0, "kind": "resident_id", "assurance": 4}
    typed = Credential(CredentialKind.BARE_NUMBER, Assurance.TYPED)
    assert shown(credential=typed)["credential"] == {"state": "known", "age": 0, "kind": "bare_number", "assurance": 1}


def test_a_code_that_carries_its_issue_shows_how_old_it_is() -> None:
    assert shown(credential=code(ago(seconds=91)))["credential"]["since_issue"] == 91
    assert "since_issue" not in shown(credential=code(None))["credential"]
    assert (
        "since_issue"
        not in shown(credential=code(ago(seconds=91)), moment=replace(MOMENT, trusted=False))["credential"]
    )


@pytest.mark.parametrize(("ahead", "shows"), [(300, True), (301, False)])
def test_a_code_issued_in_the_future_is_not_taken_for_a_fresh_one(ahead: int, *, shows: bool) -> None:
    fact = shown(credential=code(NOW + timedelta(seconds=ahead)))["credential"]
    assert fact.get("since_issue") == (0 if shows else None)
    assert fact["state"] == "known"


# --- ages -----------------------------------------------------------------------------------------------


def age(birth: date | None, at: Moment = MOMENT) -> Shown:
    return shown(credential=replace(CARD, holder=Holder("甲", birth_date=birth)), moment=at)["person"]


@pytest.mark.parametrize(
    ("at", "years"),
    [
        ((2021, 6, 19, 15, 59, 59), 2),  # a second before midnight in Shanghai
        ((2021, 6, 19, 16, 0, 0), 3),
        ((2022, 6, 19, 15, 59, 59), 3),
    ],
)
def test_an_age_turns_at_local_midnight(at: tuple[int, ...], years: int) -> None:
    assert age(date(2018, 6, 20), moment(*at)) == {"state": "known", "age": 0, "age_years": years}


@pytest.mark.parametrize(
    ("local_noon", "years"),
    [
        (date(2021, 2, 28), 0),
        (date(2021, 3, 1), 1),  # 2021 has no 29 February
        (date(2024, 2, 28), 3),
        (date(2024, 2, 29), 4),
        (date(2100, 2, 28), 79),
        (date(2100, 3, 1), 80),
    ],
)
def test_whoever_was_born_on_29_february_turns_on_1_march_of_a_common_year(local_noon: date, years: int) -> None:
    at = Moment(datetime(local_noon.year, local_noon.month, local_noon.day, 4, tzinfo=UTC), trusted=True)
    assert age(date(2020, 2, 29), at)["age_years"] == years


def test_the_day_of_birth_is_year_0_and_the_day_before_is_none() -> None:
    assert age(date(2021, 6, 20))["age_years"] == 0
    assert age(date(2021, 6, 21))["state"] == "unknown"
    assert age(date(1, 1, 1), moment(9999, 12, 31))["age_years"] == 9998


def test_an_age_that_nobody_can_tell() -> None:
    assert age(None)["state"] == "unknown"
    assert shown()["person"] == {"state": "unknown", "age": None}, "a credential that names nobody"
    assert age(date(1990, 1, 1), replace(MOMENT, trusted=False))["state"] == "unknown"


# --- exemptions ---------------------------------------------------------------------------------------------


def exempt(*records: ExemptionRecord) -> Shown:
    facts = [shown(Records(exemptions=mixed))["exemption"] for mixed in permutations(records)]
    assert all(fact == facts[0] for fact in facts)
    return facts[0]


def exemption(ground: str, left: float | None = None, **others: Any) -> ExemptionRecord:
    """An exemption that ends in so many seconds."""
    ends = None if left is None else NOW + timedelta(seconds=left)
    return ExemptionRecord(
        **{"source": "city", "as_of": ago(hours=1), "ground": ExemptionGround(ground), "expires_at": ends, **others}
    )


def test_no_exemption_is_an_answer_where_the_holder_is_known() -> None:
    none = {"not_fit_for_vaccination": False, "mobility": False, "swab_deferred": False}
    assert exempt() == {"state": "known", "age": 0, **none}
    assert shown(None)["exemption"] == {"state": "unknown", "age": None}


@pytest.mark.parametrize("ground", list(ExemptionGround))
def test_an_exemption_stands_for_its_own_ground(ground: ExemptionGround) -> None:
    fact = exempt(exemption(ground.value))
    assert {other.value: fact[other.value] for other in ExemptionGround} == {
        other.value: other is ground for other in ExemptionGround
    }
    assert fact["age"] == 3600


@pytest.mark.parametrize(("left", "stands"), [(1, True), (0, False), (-1, False)])
def test_an_exemption_ends_to_the_second(left: int, *, stands: bool) -> None:
    assert exempt(exemption("mobility", left))["mobility"] is stands


def test_several_exemptions_stand_side_by_side() -> None:
    fact = exempt(
        exemption("mobility", -1, as_of=ago(seconds=30)),
        exemption("mobility", 9, source="town"),
        exemption("swab_deferred", as_of=ago(seconds=90)),
    )
    assert fact == {
        "state": "known",
        "age": 30,  # of the newest record
        "not_fit_for_vaccination": False,
        "mobility": True,
        "swab_deferred": True,
    }


def test_an_exemption_from_the_future_is_a_fault_of_its_source() -> None:
    assert exempt(exemption("mobility"), exemption("mobility", as_of=ago(seconds=-301)))["state"] == "unknown"


# --- permits ---------------------------------------------------------------------------------------------------

HOME, WARD = frozenset({"public"}), frozenset({"ward"})


def permit(**changes: Any) -> PermitRecord:
    usual = PermitRecord("site", ago(hours=1), HOME, ago(days=1), NOW + timedelta(days=1))
    return replace(usual, **changes)


def permitted(*records: PermitRecord, **others: Any) -> Shown:
    facts = [shown(Records(permits=mixed), **others)["permit"] for mixed in permutations(records)]
    assert all(fact == facts[0] for fact in facts)
    return facts[0]


def test_a_permit_that_fits() -> None:
    fits = {"state": "known", "age": 3600, "zone": True, "in_force": True, "in_hours": True}
    assert permitted(permit()) == fits
    assert permitted(permit(entries_left=2)) == {**fits, "entries_left": 2}
    assert permitted() == {"state": "absent", "age": None}


def test_a_permit_for_another_zone() -> None:
    assert permitted(permit(zones=WARD))["zone"] is False
    assert permitted(permit(zones=WARD), checkpoint=replace(HERE, zone="ward"))["zone"] is True
    assert permitted(permit(zones=HOME | WARD))["zone"] is True


@pytest.mark.parametrize(
    ("begins", "ends", "in_force"),
    [
        (-1, 1, True),
        (0, 1, True),
        (1, 2, False),
        (-2, 0, False),
        (-2, -1, False),
        (0, 0, False),  # a permit of no length
        (1, -1, False),  # one that ends before it begins
    ],
)
def test_a_permit_holds_from_its_first_second_up_to_its_end(begins: int, ends: int, *, in_force: bool) -> None:
    record = permit(valid_from=NOW + timedelta(seconds=begins), valid_to=NOW + timedelta(seconds=ends))
    assert permitted(record)["in_force"] is in_force


@pytest.mark.parametrize(
    ("hours", "minute", "inside"),
    [
        (None, 0, True),
        ((0, 1440), 1439, True),
        ((480, 1080), 479, False),
        ((480, 1080), 480, True),
        ((480, 1080), 1079, True),
        ((480, 1080), 1080, False),
        ((1320, 360), 1319, False),  # 22:00 to 06:00
        ((1320, 360), 1320, True),
        ((1320, 360), 0, True),
        ((1320, 360), 359, True),
        ((1320, 360), 360, False),
        ((480, 480), 480, False),  # of no length
        ((1439, 1440), 1439, True),
        ((1440, 1), 0, True),
        ((1440, 1), 1439, False),
    ],
)
def test_hours_of_a_permit(hours: tuple[int, int] | None, minute: int, *, inside: bool) -> None:
    midnight = datetime(2021, 6, 19, 16, 0, 30, tzinfo=UTC)  # in Shanghai; seconds within the minute change nothing
    at = Moment(midnight + timedelta(minutes=minute), trusted=True)
    record = permit(hours=hours, valid_to=NOW + timedelta(days=9), as_of=ago(days=1))
    assert permitted(record, moment=at)["in_hours"] is inside


def test_the_permit_that_helps_most_counts() -> None:
    other_zone = permit(zones=WARD, source="z")
    over = permit(valid_to=ago(days=0), source="z")
    by_night = permit(hours=(1320, 360), source="z")
    used_up = permit(entries_left=0, source="z", as_of=NOW)
    few, many, endless = permit(entries_left=1), permit(entries_left=9, source="z"), permit(source="a")
    ladder = [other_zone, over, by_night, used_up, few, many, endless]
    for worse, better in pairwise(ladder):
        assert permitted(worse, better) == permitted(better)
    assert permitted(other_zone, over, by_night, used_up)["entries_left"] == 0
    assert permitted(few, many)["entries_left"] == 9
    assert "entries_left" not in permitted(many, endless)


def test_entries_used_at_this_gate_are_taken_off() -> None:
    three = permit(entries_left=3, id="P-1")
    for used, left in ((0, 3), (2, 1), (3, 0), (9, 0)):
        assert permitted(three, past=Past(entries={"P-1": used, "P-2": 7}))["entries_left"] == left
    few, more = permit(entries_left=9, id="P-1"), permit(entries_left=2, id="P-2")
    assert permitted(few, more, past=Past(entries={"P-1": 8}))["entries_left"] == 2


def test_a_permit_is_unknown_where_nobody_can_tell_how_many_entries_were_used() -> None:
    limited, endless = permit(entries_left=3, id="P-1"), permit(id="P-2")
    assert permitted(limited, past=None) == {"state": "unknown", "age": None}
    assert "entries_left" not in permitted(limited, endless, past=None)
    assert permitted(permit(entries_left=3), past=None)["entries_left"] == 3, "without an id only its source can count"


def test_the_permit_that_somebody_is_let_through_on() -> None:
    def used(*records: PermitRecord | None, retired: str = "", **others: Any) -> str | None:
        permits = Records(permits=tuple(record for record in records if record is not None))
        given = {"credential": CARD, "records": permits, "moment": MOMENT, "checkpoint": HERE, "past": Past(), **others}
        found = permit_used(Inputs(**given), Limits({}, frozenset({retired})))
        return None if found is None else found.id

    good, other_zone = permit(id="P-1"), permit(id="P-2", zones=WARD)
    assert used(good, other_zone) == "P-1"
    assert (
        used(permit(id="P-3", entries_left=2), permit(id="P-4", entries_left=2), past=Past(entries={"P-3": 1})) == "P-4"
    )
    assert used(good, retired="site") is None
    assert used(good, moment=replace(MOMENT, trusted=False)) is None
    assert used(good, records=None) is None
    for useless in (None, other_zone, permit(valid_to=NOW), permit(hours=(0, 1))):
        assert used(useless) is None


def test_of_permits_that_help_alike_the_newer_word_counts() -> None:
    assert permitted(permit(), permit(as_of=ago(minutes=5), source="a"))["age"] == 300


def test_a_permit_is_unknown_from_the_future_and_on_an_untrusted_clock() -> None:
    assert permitted(permit(), permit(as_of=ago(seconds=-301)))["state"] == "unknown"
    assert permitted(permit(as_of=ago(seconds=-300)))["state"] == "known"
    assert permitted(permit(), moment=replace(MOMENT, trusted=False))["state"] == "unknown"
