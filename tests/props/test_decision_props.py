"""The promises of the decision, for any records at any time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from vectors import ROOT

from gate.model import (
    Assurance,
    Checkpoint,
    CodeRecord,
    Colour,
    Credential,
    CredentialKind,
    Decision,
    Direction,
    Facts,
    Moment,
    Outcome,
    PopUpRecord,
    Records,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
    Validity,
)
from gate.rules import ruleset
from gate.rules.decide import decide
from gate.rules.derive import Inputs, Limits, derive

STATION = ruleset.load((ROOT / "config/rules/station-48h.json").read_bytes())
PROFILE = STATION.profiles["station"]
NOW = datetime(2021, 6, 18, tzinfo=UTC)

# Ages around every limit of the rule set, and a little into the future.
spans = st.one_of(
    st.sampled_from([-301, -300, 0, 1, 86_399, 86_400, 86_401, 172_799, 172_800, 172_801]),
    st.integers(-600, 400_000),
)
times = spans.map(lambda seconds: NOW - timedelta(seconds=seconds))
sources = st.sampled_from(["city", "province"])
codes = st.builds(CodeRecord, sources, times, st.sampled_from(Colour))
pop_ups = st.builds(PopUpRecord, sources, times, st.booleans())
tests = st.builds(TestRecord, sources, times, st.sampled_from(TestResult), times, st.none() | times)
vaccinations = st.builds(VaccinationRecord, sources, times, st.integers(0, 4))
travels = st.builds(TravelRecord, sources, times, st.booleans())


def some(records: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(records, max_size=3).map(tuple)


all_records = st.builds(Records, some(codes), some(pop_ups), some(tests), some(vaccinations), some(travels))
# Mostly in order, so that a pass is not a rarity.
fine = Records(
    (CodeRecord("city", NOW, Colour.GREEN),),
    (PopUpRecord("city", NOW, active=False),),
    (TestRecord("city", NOW, TestResult.NEGATIVE, NOW - timedelta(hours=9), NOW - timedelta(hours=3)),),
    (VaccinationRecord("city", NOW, 3),),
    (TravelRecord("city", NOW, risk_area=False),),
)
near_fine = st.builds(
    lambda base, part, other: replace(base, **{part: getattr(other, part)}),
    st.just(fine),
    st.sampled_from(["codes", "pop_ups", "tests", "vaccinations", "travel"]),
    all_records,
)
anybody = st.one_of(st.just(fine), near_fine, all_records, st.none())
cards = st.builds(
    Credential,
    st.just(CredentialKind.RESIDENT_ID),
    st.sampled_from(Assurance),
    validity=st.none()
    | st.builds(Validity, st.just(date(2011, 6, 18)), st.none() | st.dates(date(2021, 6, 17), date(2021, 6, 20))),
)
moments = st.builds(Moment, st.just(NOW), st.booleans())


def place(*, attended: bool) -> Checkpoint:
    return Checkpoint("c", "station", "1", Direction.IN, attended)


def judge(card: Credential, records: Records | None, moment: Moment, *, attended: bool) -> tuple[Facts, Decision]:
    inputs = Inputs(credential=card, records=records, moment=moment, checkpoint=place(attended=attended))
    facts = derive(inputs, Limits(PROFILE.parameters["max_age_s"]))
    return facts, decide(facts, STATION, moment)


@given(cards, anybody, moments, st.booleans())
def test_pass_only_if_every_rule_holds(
    card: Credential, records: Records | None, moment: Moment, attended: bool
) -> None:
    facts, decision = judge(card, records, moment, attended=attended)
    data = {"payload": facts.to_payload(), "external": {"parameters": dict(PROFILE.parameters)}}

    def holds(rule: ruleset.Rule) -> bool:
        try:
            return rule.holds(data)
        except Exception:  # noqa: BLE001 - whatever happens, it does not hold
            return False

    assert (decision.outcome is Outcome.PASS) == all(holds(rule) for rule in PROFILE.rules)
    assert decision.reasons


@given(cards, anybody, st.booleans())
def test_an_untrusted_clock_never_lets_anybody_in(card: Credential, records: Records | None, attended: bool) -> None:
    _, decision = judge(card, records, Moment(NOW, trusted=False), attended=attended)
    assert decision.outcome is not Outcome.PASS


@given(cards, anybody, st.booleans(), st.sampled_from(["codes", "pop_ups", "tests", "vaccinations", "travel"]))
def test_knowing_less_never_lets_anybody_in(
    card: Credential, records: Records | None, attended: bool, forgotten: str
) -> None:
    _, before = judge(card, records, Moment(NOW, trusted=True), attended=attended)
    less = None if records is None else replace(records, **{forgotten: ()})
    _, after = judge(card, less, Moment(NOW, trusted=True), attended=attended)
    if after.outcome is Outcome.PASS:
        # Forgetting may only let somebody in by dropping a record that was itself adverse; dropping all of a kind
        # leaves nothing of that kind to hold, so it never can.
        assert before.outcome is Outcome.PASS


@given(cards, all_records, st.randoms(use_true_random=False))
def test_the_order_in_which_sources_answer_changes_nothing(card: Credential, records: Records, random: object) -> None:
    def shuffled(items: tuple[object, ...]) -> tuple[object, ...]:
        mixed = list(items)
        random.shuffle(mixed)  # type: ignore[attr-defined]
        return tuple(mixed)

    kinds = ("codes", "pop_ups", "tests", "vaccinations", "travel")
    mixed = Records(**{kind: shuffled(getattr(records, kind)) for kind in kinds})  # type: ignore[arg-type]
    moment = Moment(NOW, trusted=True)
    assert judge(card, records, moment, attended=True)[1] == judge(card, mixed, moment, attended=True)[1]


@given(cards, anybody, st.booleans())
def test_a_newer_adverse_record_never_lets_anybody_in(
    card: Credential, records: Records | None, attended: bool
) -> None:
    if records is None:
        return
    moment = Moment(NOW, trusted=True)
    worse = replace(records, codes=(*records.codes, CodeRecord("city", NOW + timedelta(minutes=5), Colour.RED)))
    assert judge(card, worse, moment, attended=attended)[1].outcome is not Outcome.PASS


@given(all_records)
def test_facts_hold_only_integers_texts_and_booleans(records: Records) -> None:
    facts, _ = judge(
        Credential(CredentialKind.RESIDENT_ID, Assurance.CHIP), records, Moment(NOW, trusted=True), attended=True
    )
    for fact in facts.to_payload().values():
        assert all(value is None or type(value) in (int, str, bool) for value in fact.values())
