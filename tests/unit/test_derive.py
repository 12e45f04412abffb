from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gate.model import (
    Assurance,
    Checkpoint,
    CodeRecord,
    Colour,
    Credential,
    CredentialKind,
    Direction,
    FactState,
    Moment,
    PopUpRecord,
    Records,
    TestRecord,
    TestResult,
    VaccinationRecord,
    Validity,
)
from gate.rules.derive import Inputs, Limits, derive

NOW = datetime(2021, 6, 20, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai
MOMENT = Moment(NOW, trusted=True)
HERE = Checkpoint("c", "station", "1", Direction.IN, attended=True)
CARD = Credential(CredentialKind.RESIDENT_ID, Assurance.CHIP, validity=Validity(date(2010, 1, 1), date(2021, 6, 20)))


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def facts(
    records: Records | None, moment: Moment = MOMENT, card: Credential = CARD, **limits: int
) -> dict[str, dict[str, int | str | bool | None]]:
    inputs = Inputs(credential=card, records=records, moment=moment, checkpoint=HERE)
    return derive(inputs, Limits(limits)).to_payload()


def lab_fact(*records: TestRecord) -> dict[str, int | str | bool | None]:
    return facts(Records(tests=records))["test"]


def lab(result: TestResult, hours: float, *, pending: bool = False) -> TestRecord:
    return TestRecord("lab", ago(minutes=1), result, ago(hours=hours), None if pending else ago(hours=hours - 1))


def test_ages_are_whole_seconds_rounded_down() -> None:
    code = facts(Records(codes=(CodeRecord("city", ago(seconds=59, milliseconds=999), Colour.GREEN),)))["code"]
    assert code == {"state": "known", "age": 59, "colour": "green"}


@pytest.mark.parametrize(("age", "state"), [(3599, "known"), (3600, "known"), (3601, "stale")])
def test_a_fact_past_its_own_limit_is_stale_and_shows_no_value(age: int, state: str) -> None:
    code = facts(Records(codes=(CodeRecord("city", ago(seconds=age), Colour.GREEN),)), code=3600)["code"]
    assert code["state"] == state
    assert ("colour" in code) == (state == "known")


def test_the_newest_record_wins_and_on_the_same_instant_the_adverse_one() -> None:
    old, new = CodeRecord("a", ago(hours=2), Colour.RED), CodeRecord("b", ago(hours=1), Colour.GREEN)
    assert facts(Records(codes=(old, new)))["code"]["colour"] == "green"
    assert facts(Records(codes=(new, old)))["code"]["colour"] == "green"
    together = replace(old, as_of=new.as_of)
    assert facts(Records(codes=(new, together)))["code"]["colour"] == "red"


def test_silence_about_a_test_is_an_answer_and_silence_about_a_colour_is_none() -> None:
    said = facts(Records())
    assert (said["test"]["state"], said["vaccination"]["state"]) == ("absent", "absent")
    assert (said["code"]["state"], said["pop_up"]["state"], said["travel"]["state"]) == ("unknown",) * 3


def test_somebody_whom_nobody_knows_has_no_facts() -> None:
    nobody = facts(None)
    assert {nobody[name]["state"] for name in ("holder", "code", "pop_up", "test", "vaccination", "travel")} == {
        "unknown"
    }


def test_a_pending_test_does_not_undo_a_concluded_one() -> None:
    assert lab_fact(lab(TestResult.NEGATIVE, 30), lab(TestResult.PENDING, 2, pending=True))["result"] == "negative"
    pending = lab_fact(lab(TestResult.PENDING, 2, pending=True))
    assert (pending["result"], pending["since_sample"]) == ("pending", 7200)
    assert "since_report" not in pending


def test_the_newest_sample_decides() -> None:
    assert lab_fact(lab(TestResult.POSITIVE, 3), lab(TestResult.NEGATIVE, 30))["result"] == "positive"
    assert lab_fact(lab(TestResult.POSITIVE, 30), lab(TestResult.NEGATIVE, 3))["since_report"] == 7200


@pytest.mark.parametrize(("ahead", "state"), [(300, "known"), (301, "unknown")])
def test_a_time_in_the_future_is_a_fault_of_its_source(ahead: int, state: str) -> None:
    code = facts(Records(codes=(CodeRecord("city", ago(seconds=-ahead), Colour.GREEN),)))["code"]
    assert code["state"] == state
    assert code["age"] in (0, None)
    sampled = TestRecord("lab", NOW, TestResult.NEGATIVE, ago(seconds=-ahead), NOW)
    assert lab_fact(sampled)["state"] == state


def test_on_an_untrusted_clock_nothing_that_lives_in_time_is_known() -> None:
    records = Records(
        codes=(CodeRecord("city", ago(hours=1), Colour.GREEN),),
        pop_ups=(PopUpRecord("city", ago(hours=1), active=False),),
        tests=(lab(TestResult.NEGATIVE, 2),),
        vaccinations=(VaccinationRecord("clinic", ago(days=9), 3),),
    )
    blind = facts(records, replace(MOMENT, trusted=False))
    assert blind["clock"]["trusted"] is False
    assert {blind[name]["state"] for name in ("code", "pop_up", "test", "vaccination", "travel", "document")} == {
        "unknown"
    }


@pytest.mark.parametrize(
    ("at", "valid"),
    [
        (datetime(2009, 12, 31, 15, 59, 59, tzinfo=UTC), "not_yet_valid"),
        (datetime(2009, 12, 31, 16, 0, tzinfo=UTC), "valid"),  # midnight in Shanghai
        (datetime(2021, 6, 20, 15, 59, 59, tzinfo=UTC), "valid"),  # the last day counts
        (datetime(2021, 6, 20, 16, 0, tzinfo=UTC), "expired"),
    ],
)
def test_a_card_lives_by_local_days_both_ends_included(at: datetime, valid: str) -> None:
    assert facts(None, Moment(at, trusted=True))["document"]["valid"] == valid


def test_a_card_without_an_end_and_a_credential_without_dates() -> None:
    no_end = replace(CARD, validity=Validity(date(2010, 1, 1), None))
    assert facts(None, Moment(datetime(9998, 1, 1, tzinfo=UTC), trusted=True), no_end)["document"]["valid"] == "valid"
    assert facts(None, card=replace(CARD, validity=None))["document"]["state"] == FactState.ABSENT.value


def test_the_payload_holds_what_rules_may_ask_about_the_place() -> None:
    place = facts(None)["checkpoint"]
    assert place == {
        "state": "known",
        "age": 0,
        "site_class": "station",
        "zone": "public",
        "lane": "1",
        "direction": "in",
        "attended": True,
    }
