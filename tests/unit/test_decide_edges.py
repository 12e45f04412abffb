"""The first and the last second of a rule set, and several orders or advisories at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rule_set_samples import blob, example, known, rule, rule_set

from gate.model import Fact, Facts, FactState, Moment, Outcome, Reason
from gate.rules import ruleset
from gate.rules.decide import decide, refuse
from gate.rules.orders import Order, OrderKind
from gate.rules.profiles import Assignment
from gate.rules.schedule import in_force

SECOND = timedelta(seconds=1)
HELD = ruleset.load(blob(rule_set(when_expired="keep-judging")))
STRICT = ruleset.load(blob(rule_set(when_expired="refer")))
NOON = datetime(2022, 4, 3, 4, 0, tzinfo=UTC)


def facts(**changes: int | str | bool) -> Facts:
    return Facts(
        {
            "checkpoint": Fact(FactState.KNOWN, "gate", 0, {"site_class": "station"}),
            "credential": Fact(FactState.KNOWN, "reader", 0, {"kind": "resident_id"}),
            "code": Fact(FactState.KNOWN, "city", 60, {"colour": "green", **changes}),
        }
    )


def at(moment: datetime, held: ruleset.RuleSet = HELD) -> tuple[Reason, tuple[str, ...]]:
    decision = decide(facts(), held, Moment(moment, trusted=True))
    return decision.reasons[0], decision.marks


@pytest.mark.parametrize("past", [-1, 0, 1])
def test_a_set_judges_from_its_first_second_up_to_its_last(past: int) -> None:
    off = past * SECOND
    assert at(HELD.valid_from + off)[0] is (Reason.NO_RULE_SET if past < 0 else Reason.GREEN_CODE)
    assert at(HELD.valid_to + off)[0] is (Reason.GREEN_CODE if past < 0 else Reason.NO_RULE_SET)


@pytest.mark.parametrize("past", [-1, 0, 1])
def test_every_record_says_from_which_second_the_rules_were_old(past: int) -> None:
    off = past * SECOND
    stale, over = ("rules-past-refresh",), ("rules-past-refresh", "rules-expired")
    assert at(HELD.refresh_by + off) == (Reason.GREEN_CODE, () if past < 0 else stale)
    assert at(HELD.expires + off) == (Reason.GREEN_CODE, stale if past < 0 else over)
    assert at(STRICT.expires + off, STRICT)[0] is (Reason.GREEN_CODE if past < 0 else Reason.NO_RULE_SET)


def test_a_decision_says_where_each_fact_came_from() -> None:
    decision = decide(facts(), HELD, Moment(NOON, trusted=True))
    assert [(used.name, used.source, used.age) for used in decision.facts] == [
        ("checkpoint", "gate", 0),
        ("credential", "reader", 0),
        ("code", "city", 60),
    ]


def test_without_a_rule_set_or_a_profile_nobody_is_let_in() -> None:
    assert decide(facts(), None, Moment(NOON, trusted=True)).reasons == (Reason.NO_RULE_SET,)
    nowhere = replace(HELD, assignments=())
    assert decide(facts(), nowhere, Moment(NOON, trusted=True)).reasons == (Reason.NO_RULE_SET,)
    unread = Facts({**facts().by_name, "credential": Fact(FactState.UNKNOWN)})
    assert decide(unread, HELD, Moment(NOON, trusted=True)).reasons == (Reason.NO_RULE_SET,)


def test_a_fact_that_nobody_derived_is_unknown() -> None:
    logic = {"===": [{"var": "payload.travel.risk_area"}, False]}
    held = ruleset.read(
        blob(rule_set(rules=[rule(logic=logic, AffectedFields=["travel.risk_area"], Reason="risk_area")]))
    )
    assert at(NOON, held)[0] is Reason.TRAVEL_UNKNOWN


def test_an_assignment_may_ask_for_everything_that_is_known() -> None:
    everything = {"site_class": frozenset({"station"}), "credential": frozenset({"resident_id"})}
    asked = replace(HELD, assignments=(Assignment("station", everything),))
    assert at(NOON, asked)[0] is Reason.GREEN_CODE
    more = replace(HELD, assignments=(Assignment("station", {**everything, "lane": frozenset({"1"})}),))
    assert at(NOON, more)[0] is Reason.NO_RULE_SET, "the lane is not known"


def test_what_no_rule_judged_is_said_as_the_place_wants_it() -> None:
    profile = replace(HELD.profiles["station"], spoken={"*": Reason.STAFF_CALLED}, calls_staff=True)
    said = refuse(Reason.STATUS_UNAVAILABLE, profile)
    assert (said.outcome, said.reasons) == (Outcome.REFER, (Reason.STATUS_UNAVAILABLE,))
    assert (said.announced, said.calls_staff) == (Reason.STAFF_CALLED, True)
    plain = refuse(Reason.STATUS_UNAVAILABLE)
    assert (plain.announced, plain.calls_staff) == (Reason.STATUS_UNAVAILABLE, False)


def test_a_rule_sees_the_moment_as_its_clock() -> None:
    instant = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}
    logic = {
        "and": [
            {"===": [{"var": "payload.code.state"}, "known"]},
            {"not-after": [instant, {"plusTime": ["2022-04-03T04:00:00Z", 0, "day"]}]},
        ]
    }
    by_noon = ruleset.read(blob(rule_set(rules=[rule(logic=logic)])))
    assert at(NOON, by_noon)[0] is Reason.GREEN_CODE
    assert at(NOON + SECOND, by_noon)[0] is Reason.CODE_NOT_GREEN


# --- several of a kind --------------------------------------------------------------------------------------------


def advisory(identifier: str, value: str, limit: str, reason: str = "test_due") -> dict[str, Any]:
    never = {
        "and": [{"===": [{"var": "payload.code.state"}, "known"]}, {"===": [{"var": "payload.code.colour"}, "red"]}]
    }
    return rule(identifier, never, Outcome="advise", Reason=reason, Advisory={"age": f"code.{value}", "limit": limit})


def test_each_advisory_stands_on_its_own() -> None:
    rules = [
        rule(),
        advisory("CN-TEST-0002", "since_nothing", "hour"),  # the fact does not say: no deadline
        advisory("CN-TEST-0003", "since_one", "endless"),  # beyond the calendar
        advisory("CN-TEST-0004", "since_text", "hour"),
        advisory("CN-TEST-0005", "since_one", "hour"),
        advisory("CN-TEST-0006", "since_one", "day", "second_test_due"),
    ]
    held = ruleset.read(
        blob(
            rule_set(
                parameters={"hour": 3_600, "day": 86_400, "endless": 2**53 - 1, "max_age_s": {}},
                rules=rules,
                profiles={"station": {"rules": [each["Identifier"] for each in rules], "parameters": {}}},
                examples=[example("green", {"code": known(colour="green")}, r0001=True)],
            )
        )
    )
    decision = decide(facts(since_one=60, since_text="long ago"), held, Moment(NOON, trusted=True))
    assert decision.outcome is Outcome.PASS
    assert [(each.reason, each.deadline) for each in decision.advisories] == [
        (Reason.TEST_DUE, NOON + timedelta(minutes=59)),
        (Reason.SECOND_TEST_DUE, NOON + timedelta(hours=23, minutes=59)),
    ]
    assert decide(facts(colour="yellow", since_one=60), held, Moment(NOON, trusted=True)).advisories == ()


def order(identifier: str, parameters: dict[str, Any] | None = None, **changes: Any) -> Order:
    usual = Order(
        id=identifier,
        kind=OrderKind.EMERGENCY if parameters is None else OrderKind.GRACE,
        issued_at=NOON,
        valid_from=NOON,
        valid_to=NOON + timedelta(hours=1),
        profiles=frozenset({"station"}),
        parameters=parameters or {},
        description={},
    )
    return replace(usual, **changes)


def test_an_order_that_does_not_apply_hinders_no_other() -> None:
    orders = (
        order("A", {"min_doses": 1}, profiles=frozenset({"gym"})),
        order("B", {"of another set": 1}),
        order("C", {"min_doses": 1}, valid_to=NOON),
        order("D", {"min_doses": 0}),
        order("E"),
    )
    decision = decide(facts(colour="red"), HELD, Moment(NOON, trusted=True), orders)
    assert (decision.reasons, decision.marks) == ((Reason.EMERGENCY_ORDER,), ("grace:D", "emergency:E"))
    assert decision.failed_rules == ("CN-TEST-0001",)
    assert decide(facts(), HELD, Moment(NOON, trusted=False), orders).marks == ()


@pytest.mark.parametrize(("past", "marks"), [(-1, ()), (0, ("grace:D",)), (3_599, ("grace:D",)), (3_600, ())])
def test_an_order_holds_from_its_first_second_up_to_its_last(past: int, marks: tuple[str, ...]) -> None:
    moment = Moment(NOON + past * SECOND, trusted=True)
    assert decide(facts(), HELD, moment, (order("D", {"min_doses": 0}),)).marks == marks


def test_of_two_files_of_one_version_the_one_that_was_there_stays() -> None:
    copy = replace(HELD, digest="another")
    assert in_force((HELD, copy), Moment(NOON, trusted=True)) is HELD
