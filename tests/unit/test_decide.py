from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from vectors import ROOT

from gate.model import Advisory, Decision, Fact, Facts, FactState, Moment, Outcome, Reason
from gate.rules import certlogic, ruleset
from gate.rules.decide import REFUSALS, decide, refuse
from gate.rules.orders import Order, OrderKind
from gate.rules.rule import Advice

if TYPE_CHECKING:
    from gate.rules.profiles import Profile
    from gate.rules.rule import Rule

STATION = ruleset.load((ROOT / "config/rules/station-48h.json").read_bytes())
MOMENT = Moment(datetime(2021, 6, 18, tzinfo=UTC), trusted=True)


def known(**values: int | str | bool) -> Fact:
    return Fact(FactState.KNOWN, "city", 60, values)


GOOD = {
    "clock": known(trusted=True),
    "checkpoint": known(site_class="station", lane="1", direction="in", attended=False),
    "credential": known(kind="resident_id", assurance=4),
    "document": known(valid="valid"),
    "holder": known(),
    "code": known(colour="green"),
    "pop_up": known(active=False),
    "test": known(result="negative", since_sample=90_000, since_report=80_000),
    "vaccination": known(doses=3),
    "travel": known(risk_area=False),
}


CERTIFICATE = known(kind="hcert", assurance=2)


def judged(moment: Moment = MOMENT, **changes: Fact) -> Decision:
    return judged_with(changes, moment)


def judged_with(changes: dict[str, Fact], moment: Moment = MOMENT) -> Decision:
    return decide(Facts({**GOOD, **changes}), STATION, moment)


def test_everything_in_order_is_a_pass_with_its_provenance() -> None:
    decision = judged()
    assert (decision.outcome, decision.reasons) == (Outcome.PASS, (Reason.GREEN_CODE,))
    assert decision.rule_set == "station-48h@3"
    assert decision.profile == "station"
    assert {(fact.name, fact.state, fact.age) for fact in decision.facts} >= {("code", FactState.KNOWN, 60)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": known(colour="yellow")}, Reason.CODE_NOT_GREEN),
        ({"code": known(colour="unknown")}, Reason.CODE_NOT_GREEN),
        ({"code": Fact(FactState.UNKNOWN)}, Reason.CODE_UNKNOWN),
        ({"code": Fact(FactState.STALE, "city", 90_000)}, Reason.DATA_STALE),
        ({"pop_up": known(active=True)}, Reason.POP_UP),
        ({"pop_up": Fact(FactState.UNKNOWN)}, Reason.POP_UP_UNKNOWN),
        ({"test": known(result="positive", since_sample=1, since_report=1)}, Reason.TEST_POSITIVE),
        ({"test": known(result="pending", since_sample=1)}, Reason.TEST_PENDING),
        ({"test": known(result="inconclusive", since_sample=1, since_report=1)}, Reason.TEST_INCONCLUSIVE),
        ({"test": known(result="negative", since_sample=1, since_report=172_801)}, Reason.TEST_EXPIRED),
        ({"test": known(result="negative", since_sample=1)}, Reason.RULE_NOT_EVALUATED),
        ({"test": Fact(FactState.ABSENT)}, Reason.TEST_NONE),
        ({"test": Fact(FactState.UNKNOWN)}, Reason.TEST_UNKNOWN),
        ({"vaccination": known(doses=1)}, Reason.VACCINATION_INCOMPLETE),
        ({"vaccination": Fact(FactState.ABSENT)}, Reason.VACCINATION_INCOMPLETE),
        ({"vaccination": Fact(FactState.UNKNOWN)}, Reason.VACCINATION_UNKNOWN),
        ({"travel": known(risk_area=True)}, Reason.RISK_AREA),
        ({"travel": Fact(FactState.UNKNOWN)}, Reason.TRAVEL_UNKNOWN),
        ({"document": known(valid="expired")}, Reason.DOCUMENT_EXPIRED),
        ({"document": known(valid="not_yet_valid")}, Reason.DOCUMENT_NOT_YET_VALID),
        ({"holder": Fact(FactState.UNKNOWN)}, Reason.HOLDER_UNKNOWN),
        ({"clock": known(trusted=False)}, Reason.CLOCK_UNTRUSTED),
        ({"clock": Fact(FactState.UNKNOWN)}, Reason.CLOCK_UNTRUSTED),
        ({"document": Fact(FactState.UNKNOWN)}, Reason.CLOCK_UNTRUSTED),
    ],
)
def test_one_thing_out_of_order_is_referred_for_that_reason(change: dict[str, Fact], reason: Reason) -> None:
    decision = judged_with(change)
    assert decision.outcome is Outcome.REFER
    assert decision.reasons[0] is reason
    assert len(decision.failed_rules) >= 1


def test_the_48th_hour_is_included() -> None:
    assert judged(test=known(result="negative", since_sample=180_000, since_report=172_800)).outcome is Outcome.PASS


def test_a_copyable_code_where_nobody_watches_asks_for_the_card() -> None:
    decision = judged(credential=CERTIFICATE)
    assert (decision.outcome, decision.reasons) == (Outcome.RETRY, (Reason.CARD_REQUIRED,))
    watched = known(site_class="station", lane="1", direction="in", attended=True)
    admitted = judged(credential=CERTIFICATE, checkpoint=watched)
    assert (admitted.outcome, admitted.reasons) == (Outcome.PASS, (Reason.CERTIFICATE_VALID,))
    assert admitted.profile == "certificate"


def test_refer_beats_retry_and_is_the_one_that_is_spoken() -> None:
    decision = judged(credential=known(kind="resident_id", assurance=2), travel=known(risk_area=True))
    assert decision.outcome is Outcome.REFER
    assert decision.reasons == (Reason.RISK_AREA, Reason.CARD_REQUIRED), "the retry is recorded, but not spoken"


def test_every_failed_rule_is_recorded_in_the_profiles_order() -> None:
    decision = judged(code=known(colour="red"), travel=known(risk_area=True), pop_up=known(active=True))
    assert decision.reasons == (Reason.CODE_NOT_GREEN, Reason.POP_UP, Reason.RISK_AREA)
    assert len(decision.failed_rules) == 3


def test_no_rules_are_no_pass() -> None:
    nobody = decide(Facts(GOOD), None, MOMENT)
    assert nobody == Decision(Outcome.REFER, (Reason.NO_RULE_SET,))
    assert judged(moment=Moment(datetime(2020, 1, 1, tzinfo=UTC), trusted=True)).reasons == (Reason.NO_RULE_SET,)
    assert judged(moment=Moment(datetime(2100, 1, 1, tzinfo=UTC), trusted=True)).reasons == (Reason.NO_RULE_SET,)


def test_old_rules_are_marked_and_expired_ones_do_what_they_say() -> None:
    late = Moment(STATION.refresh_by, trusted=True)
    assert judged(moment=late).marks == ("rules-past-refresh",)
    short = replace(STATION, expires=datetime(2021, 6, 1, tzinfo=UTC), refresh_by=datetime(2021, 5, 1, tzinfo=UTC))
    kept = decide(Facts(GOOD), short, MOMENT)
    assert (kept.outcome, kept.marks) == (Outcome.PASS, ("rules-past-refresh", "rules-expired"))
    strict = decide(Facts(GOOD), replace(short, when_expired="refer"), MOMENT)
    assert strict == Decision(Outcome.REFER, (Reason.NO_RULE_SET,))


def test_a_document_without_dates_asks_for_the_card() -> None:
    decision = judged(document=Fact(FactState.ABSENT))
    assert (decision.outcome, decision.reasons) == (Outcome.RETRY, (Reason.CARD_REQUIRED,))


def test_a_refusal_before_any_rule_is_never_a_pass() -> None:
    assert {refuse(reason).outcome for reason in Reason} == {Outcome.RETRY, Outcome.REFER}
    assert Outcome.PASS not in REFUSALS.values()


# --- retries, what is said instead, advice -----------------------------------------------------------------

PROFILE = STATION.profiles["station"]


def with_profile(profile: Profile, orders: tuple[Order, ...] = (), **changes: Fact) -> Decision:
    held = replace(STATION, profiles={**STATION.profiles, "station": profile})
    return decide(Facts({**GOOD, **changes}), held, MOMENT, orders)


@pytest.mark.parametrize(("limit", "default"), [(3, True), (1, False), (0, False)])
def test_who_has_tried_often_enough_is_helped(limit: int, default: bool) -> None:
    parameters = dict(PROFILE.parameters)
    del parameters["retry_limit"]
    profile = replace(PROFILE, parameters=parameters if default else {**parameters, "retry_limit": limit})
    for retries in range(limit + 2):
        decision = with_profile(
            profile, credential=known(kind="resident_id", assurance=2), attempts=known(retries=retries)
        )
        if retries < limit:
            assert (decision.outcome, decision.reasons) == (Outcome.RETRY, (Reason.CARD_REQUIRED,))
        else:
            assert decision.outcome is Outcome.REFER
            assert decision.reasons == (Reason.RETRIES_EXHAUSTED, Reason.CARD_REQUIRED)


def test_tries_mean_nothing_to_who_passes_or_is_referred_anyway() -> None:
    often = known(retries=99)
    assert judged(attempts=often).outcome is Outcome.PASS
    assert judged(attempts=often, code=known(colour="red")).reasons == (Reason.CODE_NOT_GREEN,)


def test_a_profile_may_have_something_else_said_and_staff_called() -> None:
    spoken = {"code_not_green": Reason.CODE_UNKNOWN, "*": Reason.STAFF_CALLED}
    profile = replace(PROFILE, spoken=spoken, calls_staff=True)
    red = with_profile(profile, code=known(colour="red"), travel=known(risk_area=True))
    assert (red.outcome, red.announced, red.calls_staff) == (Outcome.REFER, Reason.CODE_UNKNOWN, True)
    assert red.reasons == (Reason.CODE_NOT_GREEN, Reason.RISK_AREA), "what is recorded stays the truth"
    travelled = with_profile(profile, travel=known(risk_area=True))
    assert travelled.announced is Reason.STAFF_CALLED
    fine = with_profile(profile)
    assert (fine.announced, fine.spoken, fine.calls_staff) == (Reason.GREEN_CODE, None, False)
    only_one = replace(PROFILE, spoken={"pop_up": Reason.STAFF_CALLED})
    assert with_profile(only_one, code=known(colour="red")).announced is Reason.CODE_NOT_GREEN


ADVISE = replace(
    STATION.rules["CN-STATION-0010"],
    identifier="CN-STATION-0020",
    reason=Reason.TEST_DUE,
    outcome=Outcome.PASS,
    advice=Advice("test", "since_report", "test_max_age_s"),
    logic=certlogic.compile({"<=": [{"var": "payload.test.since_report"}, 86_400]}),
)
ADVISING = replace(PROFILE, rules=(*PROFILE.rules, ADVISE))


@pytest.mark.parametrize("since_report", [86_399, 86_400, 86_401, 172_799, 172_800])
def test_a_pass_carries_advice_with_its_deadline(since_report: int) -> None:
    test = known(result="negative", since_sample=since_report, since_report=since_report)
    decision = with_profile(ADVISING, test=test)
    assert (decision.outcome, decision.reasons) == (Outcome.PASS, (Reason.GREEN_CODE,))
    deadline = MOMENT.at + timedelta(seconds=172_800 - since_report)
    assert decision.advisories == ((Advisory(Reason.TEST_DUE, deadline),) if since_report > 86_400 else ())
    assert decision.failed_rules == (), "an advice is no failure"


@pytest.mark.parametrize(
    "test",
    [
        Fact(FactState.UNKNOWN),
        Fact(FactState.STALE, "city", 5, {"since_report": 90_000}),
        known(result="negative", since_report="soon"),
        known(result="negative", since_report=True),
        known(result="negative"),
    ],
)
def test_advice_without_a_known_age_is_left_out_and_never_refuses(test: Fact) -> None:
    decision = with_profile(replace(PROFILE, rules=(ADVISE,)), test=test)
    assert (decision.outcome, decision.advisories) == (Outcome.PASS, ())


def test_a_deadline_beyond_the_calendar_is_left_out() -> None:
    far = replace(PROFILE, rules=(ADVISE,), parameters={**PROFILE.parameters, "test_max_age_s": 2**53 - 1})
    test = known(result="negative", since_report=90_000)
    assert with_profile(far, test=test).advisories == ()


def test_who_is_refused_gets_no_advice() -> None:
    test = known(result="negative", since_sample=90_000, since_report=90_000)
    assert with_profile(ADVISING, test=test, code=known(colour="red")).advisories == ()


# --- orders ------------------------------------------------------------------------------------------------


def order(kind: OrderKind, **parameters: int) -> Order:
    return Order(
        id="X",
        kind=kind,
        issued_at=MOMENT.at,
        valid_from=MOMENT.at,
        valid_to=MOMENT.at + timedelta(hours=1),
        profiles=frozenset({"station"}),
        parameters=parameters,
        description={},
    )


def test_a_grace_order_lets_in_who_keeps_what_it_asks_and_marks_everybody() -> None:
    grace = (order(OrderKind.GRACE, test_max_age_s=259_200),)
    for since_report, outcome in ((259_200, Outcome.PASS), (259_201, Outcome.REFER)):
        test = known(result="negative", since_sample=since_report, since_report=since_report)
        decision = with_profile(PROFILE, grace, test=test)
        assert (decision.outcome, decision.marks) == (outcome, ("grace:X",))


def test_an_emergency_order_lets_everybody_through_and_hides_nothing() -> None:
    orders = (order(OrderKind.EMERGENCY),)
    profile = replace(ADVISING, calls_staff=True, spoken={"*": Reason.STAFF_CALLED})
    decision = with_profile(profile, orders, credential=CERTIFICATE)
    assert (decision.reasons, decision.marks) == ((Reason.CARD_REQUIRED,), ()), "but only where it says so"
    decision = with_profile(profile, orders, code=known(colour="red"), test=Fact(FactState.UNKNOWN))
    assert (decision.outcome, decision.reasons) == (Outcome.PASS, (Reason.EMERGENCY_ORDER,))
    assert decision.marks == ("emergency:X",)
    assert set(decision.failed_rules) >= {"CN-STATION-0005", "CN-STATION-0010"}
    assert ("test", FactState.UNKNOWN) in {(fact.name, fact.state) for fact in decision.facts}
    assert (decision.spoken, decision.calls_staff, decision.advisories) == (None, False, ())
    assert with_profile(profile, orders).reasons == (Reason.EMERGENCY_ORDER,), "also who would have passed"


def test_no_order_stands_in_for_rules() -> None:
    assert decide(Facts(GOOD), None, MOMENT, (order(OrderKind.EMERGENCY),)).reasons == (Reason.NO_RULE_SET,)


# --- facts that are not known ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("person", FactState.UNKNOWN, Reason.AGE_UNKNOWN),
        ("sample", FactState.UNKNOWN, Reason.TEST_UNKNOWN),
        ("sample", FactState.ABSENT, Reason.TEST_NONE),
        ("arrival", FactState.UNKNOWN, Reason.ARRIVAL_UNKNOWN),
        ("exemption", FactState.UNKNOWN, Reason.EXEMPTION_UNKNOWN),
        ("permit", FactState.UNKNOWN, Reason.PERMIT_UNKNOWN),
        ("permit", FactState.ABSENT, Reason.PERMIT_NONE),
        ("permit", FactState.STALE, Reason.DATA_STALE),
        ("temperature", FactState.UNKNOWN, Reason.TEMPERATURE_UNKNOWN),
        ("temperature", FactState.ABSENT, Reason.TEMPERATURE_UNKNOWN),
        ("companion_test", FactState.UNKNOWN, Reason.COMPANION_TEST),
        ("companion_code", FactState.UNKNOWN, Reason.CODE_UNKNOWN),
        ("no_such_fact", FactState.UNKNOWN, Reason.RISK_AREA),
    ],
)
def test_a_fact_that_is_not_known_is_named(name: str, state: FactState, reason: Reason) -> None:
    asks = replace(
        STATION.rules["CN-STATION-0012"],
        affected_fields=(f"{name}.x",),
        logic=certlogic.compile({"===": [{"var": f"payload.{name}.state"}, "known"]}),
    )
    changes = {"companion": known(), name: Fact(state)}
    decision = with_profile(replace(PROFILE, rules=(asks,)), (), **changes)
    mended_alone = name == "temperature"  # by stepping up to the thermometer once more
    assert (decision.outcome, decision.reasons) == (Outcome.RETRY if mended_alone else Outcome.REFER, (reason,))


def test_a_child_alone_is_asked_for_its_companion_and_for_nothing_else_about_them() -> None:
    def asks(name: str, reason: Reason) -> Rule:
        return replace(
            STATION.rules["CN-STATION-0012"],
            identifier=name,
            reason=reason,
            affected_fields=(f"{name}.state",),
            logic=certlogic.compile({"===": [{"var": f"payload.{name}.state"}, "known"]}),
        )

    rules = (asks("companion", Reason.COMPANION_NEEDED), asks("companion_test", Reason.COMPANION_TEST))
    profile = replace(PROFILE, rules=rules)
    unknown = Fact(FactState.UNKNOWN)
    alone = with_profile(profile, companion=Fact(FactState.ABSENT), companion_test=unknown)
    assert (alone.outcome, alone.reasons) == (Outcome.RETRY, (Reason.COMPANION_NEEDED,))
    together = with_profile(profile, companion=known(), companion_test=unknown)
    assert (together.outcome, together.reasons) == (Outcome.REFER, (Reason.COMPANION_TEST,))
