from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from presented import CARD, HERE, MOMENT, NOW, Shown, ago, moment, shown

from gate.model import (
    CodeRecord,
    Colour,
    Direction,
    ExemptionRecord,
    Fact,
    FactState,
    Holder,
    Moment,
    Past,
    PopUpRecord,
    Records,
    Temperature,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
    Validity,
)
from gate.model.records import ArrivalRecord, ArrivalRisk, ExemptionGround, PermitRecord
from gate.rules.derive import Companion, Inputs, Limits, derive

NEGATIVE = TestRecord("lab", ago(minutes=1), TestResult.NEGATIVE, ago(hours=30), ago(hours=20))
EVERYTHING = Records(
    codes=(CodeRecord("city", ago(hours=1), Colour.GREEN),),
    pop_ups=(PopUpRecord("city", ago(hours=1), active=False),),
    tests=(NEGATIVE,),
    vaccinations=(VaccinationRecord("clinic", ago(days=9), 3, ago(days=9)),),
    travel=(TravelRecord("city", ago(hours=1), risk_area=False),),
    arrivals=(ArrivalRecord("city", ago(hours=1), ago(days=2), ArrivalRisk.LOW),),
    exemptions=(ExemptionRecord("city", ago(hours=1), ExemptionGround.MOBILITY, None),),
    permits=(PermitRecord("site", ago(hours=1), frozenset({"public"}), ago(days=1), ago(days=-1)),),
)
FROM_RECORDS = ("code", "pop_up", "test", "sample", "vaccination", "travel", "arrival", "exemption", "permit")


# --- the gate itself and what was presented ------------------------------------------------------------


def test_the_payload_holds_what_rules_may_ask_about_the_place() -> None:
    yellow = replace(HERE, site_class="hospital", zone="ward", lane="yellow", direction=Direction.OUT, attended=False)
    assert shown(checkpoint=yellow)["checkpoint"] == {
        "state": "known",
        "age": 0,
        "site_class": "hospital",
        "zone": "ward",
        "lane": "yellow",
        "direction": "out",
        "attended": False,
    }


def test_the_clock_and_the_retries_are_always_known() -> None:
    assert shown()["clock"] == {"state": "known", "age": 0, "trusted": True}
    assert shown(moment=moment(2021, 6, 20, trusted=False))["clock"]["trusted"] is False
    assert shown()["attempts"] == {"state": "known", "age": 0, "retries": 0}
    assert shown(retries=3)["attempts"]["retries"] == 3


@pytest.mark.parametrize(
    ("past", "presence"),
    [
        (Past(), {"inside": False}),
        (Past(Direction.IN, ago(hours=12)), {"inside": True, "since_last": 43_200}),
        (Past(Direction.OUT, ago(seconds=1)), {"inside": False, "since_last": 1}),
        (Past(Direction.OUT, None), {"inside": False}),
        (Past(Direction.IN, ago(seconds=-300)), {"inside": True, "since_last": 0}),
    ],
)
def test_on_which_side_of_the_gate_somebody_is(past: Past, presence: Shown) -> None:
    assert shown(past=past)["presence"] == {"state": "known", "age": 0, **presence}


@pytest.mark.parametrize(
    ("past", "at"),
    [
        (None, MOMENT),
        (Past(Direction.IN, None), MOMENT),  # inside, but since when?
        (Past(Direction.IN, ago(seconds=-301)), MOMENT),
        (Past(Direction.OUT, ago(hours=1)), replace(MOMENT, trusted=False)),
    ],
)
def test_a_presence_that_nobody_can_be_sure_of(past: Past | None, at: Moment) -> None:
    assert shown(past=past, moment=at)["presence"] == {"state": "unknown", "age": None}


def test_every_fact_names_where_it_comes_from() -> None:
    inputs = Inputs(
        credential=replace(CARD, holder=Holder("甲", birth_date=date(1990, 1, 1))),
        records=EVERYTHING,
        moment=MOMENT,
        checkpoint=replace(HERE, thermometer=True),
        companion=Companion(EVERYTHING),
        temperature=Temperature(366, 1),
        past=Past(),
    )
    sources = {name: fact.source for name, fact in derive(inputs, Limits()).by_name.items()}
    assert sources == {
        "clock": "gate",
        "checkpoint": "gate",
        "credential": "reader",
        "document": "chip",
        "person": "reader",
        "holder": "status",
        "temperature": "thermometer",
        "attempts": "gate",
        "presence": "journal",
        "code": "city",
        "pop_up": "city",
        "test": "lab",
        "sample": "lab",
        "vaccination": "clinic",
        "travel": "city",
        "arrival": "city",
        "exemption": "city",
        "permit": "site",
        "companion": "reader",
        "companion_code": "city",
        "companion_test": "lab",
    }
    nothing_said = derive(replace(inputs, records=Records()), Limits()).by_name
    assert nothing_said["exemption"].source == "status", "whoever knows the holder says that there is none"


@pytest.mark.parametrize(
    ("at", "valid"),
    [
        ((2009, 12, 31, 15, 59, 59), "not_yet_valid"),
        ((2009, 12, 31, 16, 0), "valid"),  # midnight in Shanghai
        ((2021, 6, 20, 15, 59, 59), "valid"),  # the last day counts
        ((2021, 6, 20, 16, 0), "expired"),
    ],
)
def test_a_card_lives_by_local_days_both_ends_included(at: tuple[int, ...], valid: str) -> None:
    assert shown(moment=moment(*at))["document"] == {"state": "known", "age": 0, "valid": valid}


def test_a_card_without_an_end_and_a_credential_without_dates() -> None:
    no_end = replace(CARD, validity=Validity(date(2010, 1, 1), None))
    assert shown(moment=moment(9998, 1, 1), credential=no_end)["document"]["valid"] == "valid"
    assert shown(credential=replace(CARD, validity=None))["document"]["state"] == "absent"


def test_a_thermometer_that_is_not_there_and_one_that_says_nothing() -> None:
    fitted = replace(HERE, thermometer=True)
    assert shown()["temperature"]["state"] == "absent"
    assert shown(temperature=Temperature(366, 1))["temperature"]["state"] == "absent"
    assert shown(checkpoint=fitted)["temperature"]["state"] == "unknown"
    assert shown(checkpoint=fitted, temperature=Temperature(373, 2))["temperature"] == {
        "state": "known",
        "age": 0,
        "tenths": 373,
        "measurement": 2,
    }


# --- who is known, and to whom -----------------------------------------------------------------------------


def test_silence_about_a_test_is_an_answer_and_silence_about_a_colour_is_none() -> None:
    said = shown(Records())
    assert said["holder"] == {"state": "known", "age": 0}
    assert {said[name]["state"] for name in ("test", "sample", "vaccination", "arrival", "permit")} == {"absent"}
    assert {said[name]["state"] for name in ("code", "pop_up", "travel")} == {"unknown"}
    assert said["exemption"]["state"] == "known"


def test_where_only_the_credential_speaks_its_silence_says_nothing() -> None:
    permit = PermitRecord("site", ago(hours=1), frozenset({"public"}), ago(days=1), ago(days=-1))
    said = shown(Records(permits=(permit,)), holder_known=False)
    assert said["permit"]["in_force"] is True
    assert {said[name]["state"] for name in ("holder", "test", "sample", "vaccination", "arrival", "exemption")} == {
        "unknown"
    }
    assert shown(Records(), holder_known=False)["permit"]["state"] == "unknown"


def test_somebody_not_found_under_this_number_is_unknown_and_never_absent() -> None:
    # The holder of a residence permit may be known under an earlier number.
    nobody = shown(None)
    assert {nobody[name]["state"] for name in ("holder", *FROM_RECORDS)} == {"unknown"}


def test_on_an_untrusted_clock_nothing_that_lives_in_time_is_known() -> None:
    blind = shown(EVERYTHING, moment=replace(MOMENT, trusted=False), companion=Companion(EVERYTHING))
    assert blind["holder"]["state"] == "known"
    timed = (*FROM_RECORDS, "document", "person", "companion_code", "companion_test")
    assert {blind[name]["state"] for name in timed} == {"unknown"}
    assert all(blind[name]["age"] is None and len(blind[name]) == 2 for name in timed)
    assert shown(Records(), moment=replace(MOMENT, trusted=False))["exemption"]["state"] == "unknown"


def test_the_records_of_a_retired_source_are_as_if_never_sent() -> None:
    red = CodeRecord("old-app", ago(minutes=1), Colour.RED)
    both = replace(EVERYTHING, codes=(*EVERYTHING.codes, red))
    assert shown(both)["code"]["colour"] == "red"
    assert shown(both, retired=("old-app",))["code"]["colour"] == "green"
    assert shown(both, retired=("lab",))["test"]["state"] == "absent"
    everywhere = ("city", "lab", "clinic", "site", "old-app")
    only_retired = shown(both, retired=everywhere)
    assert {only_retired[name]["state"] for name in ("holder", *FROM_RECORDS)} == {"unknown"}
    assert shown(Records(), retired=everywhere)["holder"]["state"] == "known"
    assert shown(None, retired=everywhere)["holder"]["state"] == "unknown"


def test_a_companion_is_judged_by_their_own_records() -> None:
    alone = shown(EVERYTHING)
    assert alone["companion"] == {"state": "absent", "age": None}
    assert {alone[name]["state"] for name in ("companion_code", "companion_test")} == {"unknown"}
    parent = Records(codes=(CodeRecord("city", ago(minutes=2), Colour.YELLOW),))
    together = shown(EVERYTHING, companion=Companion(parent))
    assert together["code"]["colour"] == "green"
    assert together["companion"] == {"state": "known", "age": 0}
    assert together["companion_code"] == {"state": "known", "age": 120, "colour": "yellow"}
    assert together["companion_test"]["state"] == "absent"
    assert shown(None, companion=Companion(EVERYTHING))["companion_test"]["result"] == "negative"


def test_a_companion_whom_no_believed_source_knows() -> None:
    for records, retired in ((None, ()), (Records(tests=(NEGATIVE,)), ("lab",))):
        facts = shown(EVERYTHING, companion=Companion(records), retired=retired)
        assert facts["companion"]["state"] == "known"
        assert {facts[name]["state"] for name in ("companion_code", "companion_test")} == {"unknown"}


# --- which record counts ------------------------------------------------------------------------------------


def test_ages_are_whole_seconds_rounded_down() -> None:
    code = shown(Records(codes=(CodeRecord("city", ago(seconds=59, milliseconds=999), Colour.GREEN),)))["code"]
    assert code == {"state": "known", "age": 59, "colour": "green"}


@pytest.mark.parametrize(("age", "state"), [(3599, "known"), (3600, "known"), (3601, "stale")])
def test_a_fact_past_its_own_limit_is_stale_and_shows_no_value(age: int, state: str) -> None:
    records = Records(codes=(CodeRecord("city", ago(seconds=age), Colour.GREEN),))
    facts = derive(
        Inputs(credential=CARD, records=records, moment=MOMENT, checkpoint=HERE), Limits({"code": 3600})
    ).by_name
    assert facts["code"].state == state
    assert (facts["code"].source, facts["code"].age) == ("city", age), "its record says how old it was"
    assert bool(facts["code"].values) == (state == "known")


def test_every_fact_has_a_limit_of_its_own() -> None:
    records = Records(
        codes=(CodeRecord("city", ago(hours=30), Colour.GREEN),), tests=(replace(NEGATIVE, as_of=ago(hours=36)),)
    )
    limits = {"code": 24 * 3600, "test": 48 * 3600}
    facts = shown(records, limits=limits)
    assert (facts["code"]["state"], facts["test"]["state"]) == ("stale", "known")
    assert shown(records)["code"]["state"] == "known", "without a limit nothing is stale"
    absent = shown(Records(), limits={"test": 0, "code": 0})
    assert (absent["test"]["state"], absent["code"]["state"]) == ("absent", "unknown"), "nothing there can't be stale"


def test_the_newest_record_wins_and_on_the_same_instant_the_adverse_one() -> None:
    old, new = CodeRecord("a", ago(hours=2), Colour.RED), CodeRecord("b", ago(hours=1), Colour.GREEN)
    assert shown(Records(codes=(old, new)))["code"]["colour"] == "green"
    assert shown(Records(codes=(new, old)))["code"]["colour"] == "green"
    together = replace(old, as_of=new.as_of)
    assert shown(Records(codes=(new, together)))["code"]["colour"] == "red"


def test_colours_from_the_harmless_to_the_worst() -> None:
    ranks = [Colour.GREEN, Colour.UNKNOWN, Colour.GREY, Colour.YELLOW, Colour.ORANGE, Colour.RED]
    for better, worse in pairwise(ranks):
        # A source's name never decides over the colour.
        codes = (CodeRecord("z", ago(hours=1), better), CodeRecord("a", ago(hours=1), worse))
        assert shown(Records(codes=codes))["code"]["colour"] == worse.value
        assert shown(Records(codes=codes[::-1]))["code"]["colour"] == worse.value


def test_one_instant_in_two_zones_is_one_instant() -> None:
    there = ago(hours=1).astimezone(timezone(timedelta(hours=-11)))
    codes = (CodeRecord("a", there, Colour.RED), CodeRecord("b", ago(hours=1), Colour.GREEN))
    assert shown(Records(codes=codes))["code"] == {"state": "known", "age": 3600, "colour": "red"}


def test_travel_of_one_instant_counts_as_the_risk() -> None:
    said = (TravelRecord("z", ago(hours=1), risk_area=False), TravelRecord("a", ago(hours=1), risk_area=True))
    assert shown(Records(travel=said))["travel"] == {"state": "known", "age": 3600, "risk_area": True}
    newer = (*said, TravelRecord("a", ago(minutes=59), risk_area=False))
    assert shown(Records(travel=newer))["travel"]["risk_area"] is False


@pytest.mark.parametrize(("ahead", "state", "age"), [(0, "known", 0), (300, "known", 0), (301, "unknown", None)])
def test_a_time_in_the_future_is_a_fault_of_its_source(ahead: int, state: str, age: int | None) -> None:
    then = ago(seconds=-ahead)
    records = Records(
        codes=(CodeRecord("city", then, Colour.GREEN),),
        pop_ups=(PopUpRecord("city", NOW, active=True, raised_at=then),),
        vaccinations=(VaccinationRecord("clinic", NOW, 3, then),),
        tests=(TestRecord("lab", NOW, TestResult.NEGATIVE, then, NOW),),
        travel=(TravelRecord("city", then, risk_area=False),),
        arrivals=(ArrivalRecord("city", NOW, then, ArrivalRisk.LOW),),
        exemptions=(ExemptionRecord("city", then, ExemptionGround.MOBILITY, None),),
        permits=(PermitRecord("site", then, frozenset({"public"}), ago(days=1), ago(days=-1)),),
    )
    facts = shown(records)
    assert {name: facts[name]["state"] for name in FROM_RECORDS} == dict.fromkeys(FROM_RECORDS, state)
    assert {facts[name]["age"] for name in FROM_RECORDS} == {age}


def test_one_source_ahead_of_time_spoils_what_the_others_say() -> None:
    codes = (CodeRecord("city", ago(hours=1), Colour.GREEN), CodeRecord("town", ago(days=-1), Colour.GREEN))
    assert shown(Records(codes=codes))["code"]["state"] == "unknown"


# --- pop-ups and vaccinations ---------------------------------------------------------------------------------


def test_a_pop_up_with_everything_that_is_known_of_it() -> None:
    raised = ago(days=2, hours=1)  # 07:00 in Shanghai
    record = PopUpRecord("city", ago(seconds=60), active=True, level=2, raised_at=raised, cleared=True)
    assert shown(Records(pop_ups=(record,)))["pop_up"] == {
        "state": "known",
        "age": 60,
        "active": True,
        "level": 2,
        "cleared": True,
        "since_raised": 49 * 3600,
        "days_since_raised": 2,
    }
    bare = shown(Records(pop_ups=(PopUpRecord("city", NOW, active=False),)))["pop_up"]
    assert bare == {"state": "known", "age": 0, "active": False, "level": 1, "cleared": False}


@pytest.mark.parametrize(("left", "active"), [(1, True), (0, False), (-1, False)])
def test_a_pop_up_ends_to_the_second(left: int, *, active: bool) -> None:
    record = PopUpRecord("city", ago(days=3), active=True, expires_at=ago(seconds=-left))
    assert shown(Records(pop_ups=(record,)))["pop_up"]["active"] is active


def test_of_pop_ups_of_one_instant_the_one_that_stands_and_the_worst_counts() -> None:
    def counted(*records: PopUpRecord) -> dict[str, int | str | bool | None]:
        one, other = (shown(Records(pop_ups=mixed))["pop_up"] for mixed in (records, records[::-1]))
        assert one == other
        return one

    over = PopUpRecord("z", ago(hours=1), active=True, level=9, expires_at=ago(minutes=1))
    mild = PopUpRecord("a", ago(hours=1), active=True)
    assert counted(over, mild)["active"] is True
    assert counted(replace(mild, source="z"), replace(mild, level=2))["level"] == 2
    assert counted(replace(mild, source="z", cleared=True), mild)["cleared"] is False
    assert counted(replace(mild, source="z", active=False, level=9), mild)["active"] is True
    early, late = (replace(mild, raised_at=ago(hours=hours)) for hours in (9, 8))
    assert counted(replace(early, source="z"), late)["since_raised"] == 8 * 3600
    assert "since_raised" not in counted(replace(late, source="z"), mild)


def test_doses_and_the_time_of_the_last_one() -> None:
    given = VaccinationRecord("clinic", ago(days=1), 2, ago(days=14, seconds=1))
    assert shown(Records(vaccinations=(given,)))["vaccination"] == {
        "state": "known",
        "age": 86_400,
        "doses": 2,
        "since_dose": 14 * 86_400 + 1,
        "days_since_dose": 14,
    }
    none = VaccinationRecord("clinic", NOW, 0)
    assert shown(Records(vaccinations=(none,)))["vaccination"] == {"state": "known", "age": 0, "doses": 0}


def test_of_vaccination_records_of_one_instant_the_adverse_counts() -> None:
    def counted(*records: VaccinationRecord) -> dict[str, int | str | bool | None]:
        one, other = (shown(Records(vaccinations=mixed))["vaccination"] for mixed in (records, records[::-1]))
        assert one == other
        return one

    three, two = VaccinationRecord("z", NOW, 3, ago(days=90)), VaccinationRecord("a", NOW, 2, ago(days=200))
    assert counted(three, two)["doses"] == 2
    assert counted(replace(three, source="a"), replace(three, last_dose_at=ago(days=5)))["days_since_dose"] == 5
    assert "since_dose" not in counted(three, replace(three, source="a", last_dose_at=None))


# --- the ends of the calendar -----------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize("at", [(1, 1, 1), (9999, 12, 31, 23, 59, 59)])
def test_the_first_and_the_last_second_of_the_calendar_are_moments_like_others(zone: str, at: tuple[int, ...]) -> None:
    there = replace(HERE, time_zone=zone)
    now = moment(*at)
    for_two_thousand_years = replace(CARD, validity=Validity(date.min, date(2021, 6, 20)))
    records = Records(
        codes=(CodeRecord("city", now.at, Colour.GREEN),),
        tests=(TestRecord("lab", now.at, TestResult.NEGATIVE, now.at, now.at),),
        permits=(PermitRecord("site", now.at, frozenset({"public"}), now.at, now.at, (0, 1440)),),
    )
    facts = shown(records, moment=now, checkpoint=there, credential=for_two_thousand_years)
    assert facts["code"]["age"] == 0
    assert facts["test"]["days_since_sample"] == 0
    assert facts["permit"]["in_hours"] is True
    assert facts["document"]["valid"] == ("valid" if now.at.year == 1 else "expired")


def test_the_whole_calendar_lies_between_two_times() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=ZoneInfo("America/New_York"))
    records = Records(codes=(CodeRecord("city", moment(1, 1, 1).at, Colour.GREEN),))
    assert shown(records, moment=Moment(last, trusted=True))["code"]["age"] == 315_537_897_599, (
        "clipped at the last second"
    )
    first = shown(Records(codes=(CodeRecord("city", last, Colour.GREEN),)), moment=moment(1, 1, 1))
    assert first["code"]["state"] == "unknown"


def test_what_has_no_age_is_never_stale() -> None:
    facts = derive(
        Inputs(credential=CARD, records=Records(), moment=MOMENT, checkpoint=HERE), Limits({"companion": 0, "clock": 0})
    ).by_name
    assert facts["companion"] == Fact(FactState.ABSENT)
    assert facts["clock"].state is FactState.KNOWN
