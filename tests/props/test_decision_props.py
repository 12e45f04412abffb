"""What must hold of every decision: for any records, at any time, under every profile that comes with the gate."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_in_use import InUse, profiles

from gate.errors import GateError
from gate.model import (
    ArrivalRecord,
    ArrivalRisk,
    Assurance,
    Certificate,
    Checkpoint,
    CodeRecord,
    Colour,
    Credential,
    CredentialKind,
    Direction,
    ExemptionGround,
    ExemptionRecord,
    Fact,
    Facts,
    FactState,
    Holder,
    Moment,
    Outcome,
    Past,
    PermitRecord,
    PopUpRecord,
    Reason,
    Records,
    Temperature,
    TestMethod,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
    Validity,
)
from gate.rules.decide import decide
from gate.rules.derive import Companion, Inputs, Limits, derive
from gate.rules.judge import facts_of, judge
from gate.rules.orders import Order, OrderKind

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = 86_400
PROFILES = profiles()
RECORD_KINDS = tuple(kind.name for kind in fields(Records))
# Around every round number of hours and days that orders speak of, and a little into the future.
ROUND = sorted({unit * count for unit in (3600, DAY) for count in (0, 1, 2, 3, 7, 10, 12, 14, 24, 48, 72, 90, 180)})
spans = st.one_of(
    st.builds(lambda limit, off: limit + off, st.sampled_from(ROUND), st.integers(-1, 1)),
    st.sampled_from([-301, -300]),
    st.integers(-600, 40 * DAY),
)


@st.composite
def some_records(draw: st.DrawFn, times: st.SearchStrategy[datetime], zone: str) -> Records:
    """Records of any kind."""
    maybe = st.none() | times
    sources = st.sampled_from(["city", "province"])
    samples = st.none() | st.sampled_from(["A", "B", "C"])
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "codes": st.builds(CodeRecord, sources, times, st.sampled_from(Colour)),
        "pop_ups": st.builds(
            PopUpRecord, sources, times, st.booleans(), st.integers(1, 3), maybe, st.booleans(), maybe
        ),
        "tests": st.builds(
            TestRecord,
            sources,
            times,
            st.sampled_from(TestResult),
            times,
            maybe,
            samples,
            st.sampled_from(TestMethod),
            st.sampled_from([1, 1, 10]),
            samples,
        ),
        "vaccinations": st.builds(VaccinationRecord, sources, times, st.integers(0, 4), maybe),
        "travel": st.builds(TravelRecord, sources, times, st.booleans()),
        "arrivals": st.builds(ArrivalRecord, sources, times, times, st.sampled_from(ArrivalRisk)),
        "exemptions": st.builds(ExemptionRecord, sources, times, st.sampled_from(ExemptionGround), maybe),
        "permits": st.builds(
            PermitRecord,
            sources,
            times,
            st.sampled_from([frozenset({zone}), frozenset({"elsewhere"})]),
            times,
            times,
            st.none() | st.tuples(st.integers(0, 1440), st.integers(0, 1440)),
            st.none() | st.integers(0, 3),
            st.none() | st.sampled_from(["P-1", "P-2"]),
        ),
    }
    return Records(**{kind: tuple(draw(st.lists(each, max_size=3))) for kind, each in strategies.items()})


def near(at: datetime) -> st.SearchStrategy[datetime]:
    """Times that lie near a limit, seen from a moment."""
    return spans.map(lambda seconds: at - timedelta(seconds=seconds))


@st.composite
def presentations(draw: st.DrawFn) -> tuple[InUse, Inputs]:
    """Somebody before one of the profiles; often only one thing is not in order, so that a pass is no rarity."""
    at_gate = draw(st.sampled_from(PROFILES))
    somebody = at_gate.somebody
    zone = at_gate.somebody.checkpoint.zone
    changed = draw(st.sampled_from(["nothing", "one kind", "one kind", "everything", "nobody"]))
    if changed == "everything":
        somebody = replace(somebody, records=draw(some_records(near(at_gate.now), zone)))
    elif changed == "nobody":
        somebody = replace(somebody, records=None)
    elif changed == "one kind" and somebody.records is not None:
        kind = draw(st.sampled_from(RECORD_KINDS))
        other = getattr(draw(some_records(near(at_gate.now), zone)), kind)
        somebody = replace(somebody, records=replace(somebody.records, **{kind: other}))
    if draw(st.integers(0, 3)) == 0:
        somebody = replace(
            somebody,
            credential=replace(somebody.credential, assurance=draw(st.sampled_from(Assurance))),
            companion=draw(st.none() | st.just(somebody.companion) | st.builds(Companion, st.none())),
            temperature=draw(st.none() | st.builds(Temperature, st.integers(330, 420), st.integers(1, 2))),
            retries=draw(st.integers(0, 4)),
        )
    return at_gate, somebody


def untrusted(inputs: Inputs) -> Inputs:
    return replace(inputs, moment=replace(inputs.moment, trusted=False))


@pytest.mark.parametrize("at_gate", PROFILES, ids=str)
def test_every_profile_lets_in_who_has_everything_that_it_asks_for(at_gate: InUse) -> None:
    decision = judge(at_gate.somebody, at_gate.rule_set)
    assert (decision.outcome, decision.profile) == (Outcome.PASS, at_gate.profile.name)
    assert decision.reasons == (at_gate.profile.admitted,)


@given(presentations())
def test_a_pass_means_that_every_rule_holds_but_for_advice(presented: tuple[InUse, Inputs]) -> None:
    at_gate, inputs = presented
    decision = judge(inputs, at_gate.rule_set)
    parameters = dict(at_gate.profile.parameters)
    external = {"parameters": parameters, "validationClock": inputs.moment.at.astimezone(UTC).isoformat()}
    data = {"payload": facts_of(inputs, at_gate.rule_set).to_payload(), "external": external}

    def holds(rule: Any) -> bool:
        try:
            return rule.holds(data) is True
        except GateError:
            return False

    binding = [rule for rule in at_gate.profile.rules if rule.outcome is not Outcome.PASS]
    failed = tuple(rule.identifier for rule in binding if not holds(rule))
    assert (decision.outcome is Outcome.PASS) == (not failed)
    assert decision.failed_rules == failed
    assert decision.reasons
    assert decision.outcome is Outcome.PASS or not decision.advisories


@given(presentations(), st.randoms(use_true_random=False))
def test_the_order_in_which_sources_answer_changes_nothing(presented: tuple[InUse, Inputs], random: Any) -> None:
    at_gate, inputs = presented

    def mixed(records: Records | None) -> Records | None:
        if records is None:
            return None
        parts = {kind: list(getattr(records, kind)) for kind in RECORD_KINDS}
        for part in parts.values():
            random.shuffle(part)
        return Records(**{kind: tuple(part) for kind, part in parts.items()})

    companion = inputs.companion and Companion(mixed(inputs.companion.records))
    other = replace(inputs, records=mixed(inputs.records), companion=companion)
    assert judge(inputs, at_gate.rule_set) == judge(other, at_gate.rule_set)


def lost(facts: Facts, name: str, state: FactState) -> Facts:
    """The same, but nobody knows this any more."""
    was = facts.by_name[name]
    fact = Fact(state, was.source, was.age) if state is FactState.STALE else Fact(state)
    return Facts({**facts.by_name, name: fact})


@given(presentations(), st.data())
def test_knowing_less_never_lets_anybody_in(presented: tuple[InUse, Inputs], data: st.DataObject) -> None:
    at_gate, inputs = presented
    facts = facts_of(inputs, at_gate.rule_set)
    names = data.draw(st.lists(st.sampled_from(sorted(facts.by_name)), min_size=1, max_size=4, unique=True))
    less = facts
    for name in names:
        less = lost(less, name, data.draw(st.sampled_from([FactState.UNKNOWN, FactState.STALE])))
    if decide(less, at_gate.rule_set, inputs.moment).outcome is Outcome.PASS:
        assert decide(facts, at_gate.rule_set, inputs.moment).outcome is Outcome.PASS


def emergency(at_gate: InUse) -> Order:
    return Order(
        id="E-1",
        kind=OrderKind.EMERGENCY,
        issued_at=at_gate.now - timedelta(hours=2),
        valid_from=at_gate.now - timedelta(hours=1),
        valid_to=at_gate.now + timedelta(hours=1),
        profiles=frozenset({at_gate.profile.name}),
        parameters={},
        description={"zh-CN": "疏散", "en": "evacuation"},
    )


@given(presentations(), st.booleans())
def test_an_untrusted_clock_never_lets_anybody_in(presented: tuple[InUse, Inputs], ordered: bool) -> None:
    at_gate, inputs = presented
    orders = (emergency(at_gate),) if ordered else ()
    blind = judge(untrusted(inputs), at_gate.rule_set, orders)
    assert Reason.EMERGENCY_ORDER not in blind.reasons
    if blind.outcome is Outcome.PASS:
        assert judge(inputs, at_gate.rule_set, orders).outcome is Outcome.PASS


@given(presentations())
def test_an_emergency_order_lets_everybody_pass_and_says_so_and_records_what_failed(
    presented: tuple[InUse, Inputs],
) -> None:
    at_gate, inputs = presented
    usual = judge(inputs, at_gate.rule_set)
    decision = judge(inputs, at_gate.rule_set, (emergency(at_gate),))
    assert (decision.outcome, decision.reasons) == (Outcome.PASS, (Reason.EMERGENCY_ORDER,))
    assert "emergency:E-1" in decision.marks
    assert (decision.failed_rules, decision.facts) == (usual.failed_rules, usual.facts)


def newest_of(records: Records, now: datetime) -> datetime:
    """A moment after everything that was said, and not so late that its source must be wrong."""
    said: list[datetime] = [record.as_of for kind in RECORD_KINDS for record in getattr(records, kind)]
    said += [test.sampled_at for test in records.tests]
    return min(max([now, *said]) + timedelta(seconds=1), now + timedelta(minutes=5))


WORSE: dict[str, Callable[[Records, datetime], Records]] = {
    "red code": lambda r, at: replace(r, codes=(*r.codes, CodeRecord("~", at, Colour.RED))),
    "pop-up": lambda r, at: replace(r, pop_ups=(*r.pop_ups, PopUpRecord("~", at, active=True, level=9, raised_at=at))),
    "positive": lambda r, at: replace(
        r, tests=(*r.tests, TestRecord("~", at, TestResult.POSITIVE, at, at, sample="WORSE"))
    ),
    "risk area": lambda r, at: replace(r, travel=(*r.travel, TravelRecord("~", at, risk_area=True))),
    "no doses": lambda r, at: replace(r, vaccinations=(*r.vaccinations, VaccinationRecord("~", at, 0))),
}
"""Worse under every order. An arrival is not among them: whoever has just come has days to be tested in."""


@given(presentations(), st.sampled_from(sorted(WORSE)))
def test_a_newer_adverse_record_never_lets_anybody_in(presented: tuple[InUse, Inputs], what: str) -> None:
    at_gate, inputs = presented
    if inputs.records is None:
        return
    worse = WORSE[what](inputs.records, newest_of(inputs.records, at_gate.now))
    if judge(replace(inputs, records=worse), at_gate.rule_set).outcome is Outcome.PASS:
        assert judge(inputs, at_gate.rule_set).outcome is Outcome.PASS


ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu")
zones = st.sampled_from([UTC, *map(ZoneInfo, ZONES)])
whenever = st.datetimes(timezones=zones) | st.sampled_from(
    [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
days = st.dates() | st.sampled_from([date.min, date.max, date(2020, 2, 29)])
credentials = st.builds(
    Credential,
    st.sampled_from(CredentialKind),
    st.sampled_from(Assurance),
    st.none() | st.builds(Holder, st.just("甲"), st.none(), st.none() | days),
    st.none() | st.builds(Validity, days, st.none() | days),
    st.none() | st.builds(Certificate, st.just("CN"), st.just("00"), st.none() | whenever, st.none(), st.just({})),
)
limits = st.builds(
    Limits,
    st.dictionaries(st.sampled_from(["code", "test", "permit", "companion_code"]), st.integers(-(2**53), 2**53)),
    st.frozensets(st.sampled_from(["city", "province"])),
)


pasts = st.builds(
    Past,
    st.none() | st.sampled_from(Direction),
    st.none() | whenever,
    st.dictionaries(st.sampled_from(["P-1", "P-2"]), st.integers(0, 9)),
)


@given(st.data(), credentials, whenever, st.booleans(), st.sampled_from(ZONES), limits)
def test_derive_never_fails_and_its_facts_hold_only_integers_texts_and_booleans(
    data: st.DataObject, card: Credential, at: datetime, trusted: bool, zone: str, limits: Limits
) -> None:
    records = st.none() | some_records(whenever, "public")
    inputs = Inputs(
        credential=card,
        records=data.draw(records),
        moment=Moment(at, trusted),
        checkpoint=Checkpoint("c", "s", "1", Direction.IN, attended=True, time_zone=zone, thermometer=True),
        companion=data.draw(st.none() | st.builds(Companion, records)),
        temperature=data.draw(st.none() | st.builds(Temperature, st.integers(), st.integers(1, 2))),
        past=data.draw(st.none() | pasts),
        retries=data.draw(st.integers(0, 9)),
    )
    facts = derive(inputs, limits)
    assert derive(inputs, limits) == facts
    for fact in facts.to_payload().values():
        assert all(value is None or type(value) in (int, str, bool) for value in fact.values())
        assert fact["age"] is None or fact["age"] >= 0  # type: ignore[operator]
        assert (len(fact) > 2) <= (fact["state"] == "known"), "only what is known has values"
