"""Rules and the clock: every limit holds to the second, and between limits nothing changes."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from rules_in_use import InUse, in_order, profiles, rule_sets
from vectors import ROOT

from gate.errors import GateError
from gate.model import (
    ArrivalRecord,
    ArrivalRisk,
    CodeRecord,
    Colour,
    Moment,
    Outcome,
    PopUpRecord,
    Reason,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
    Validity,
)
from gate.rules.judge import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gate.model import Decision, Records
    from gate.rules.ruleset import Example, RuleSet

HOUR, DAY = 3600, 86_400
PROFILES = profiles()


# --- for every rule set that comes with the gate ------------------------------------------------------------


def numbers_in(value: Any) -> Iterator[int]:
    """Every integer in decoded JSON."""
    if type(value) is int:
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, dict) or hasattr(value, "items"):
        yield from numbers_in(list(value.values()))


def times_in(value: Any) -> Iterator[datetime]:
    """Every date-time in records and credentials."""
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from times_in(item)
    elif is_dataclass(value):
        for member in fields(value):
            yield from times_in(getattr(value, member.name))


@cache
def source(identifier: str) -> dict[str, Any]:
    """A rule set as it is in its file."""
    for path in (ROOT / "config/rules").glob("*.json"):
        found = json.loads(path.read_bytes())
        if isinstance(found, dict) and found["id"] == identifier:
            return found
    raise AssertionError(identifier)


@pytest.mark.parametrize("at_gate", PROFILES, ids=str)
def test_somebody_is_judged_alike_from_one_limit_to_the_next(at_gate: InUse) -> None:
    somebody = at_gate.somebody
    rules = list(source(at_gate.rule_set.id)["rules"])
    limits = {0, *numbers_in(dict(at_gate.profile.parameters)), *numbers_in([rule["Logic"] for rule in rules])}
    zone = ZoneInfo(somebody.checkpoint.time_zone)
    first, last = at_gate.now, at_gate.now + timedelta(days=30)
    # A limit in days, an age in years, the hours of a permit: all of these change at a local midnight or not at all.
    changes = {
        datetime.combine((first + timedelta(days=day)).astimezone(zone).date(), time(), zone).astimezone(UTC)
        for day in range(31)
    }
    for at in times_in((somebody.records, somebody.credential)):
        if at > first - timedelta(days=400):
            changes |= {at + timedelta(seconds=limit + past) for limit in limits if limit < 10**7 for past in (0, 1)}
    ordered = [first, *sorted(change for change in changes if first < change < last), last]
    second = timedelta(seconds=1)

    def decided(at: datetime) -> tuple[Any, ...]:
        decision = judge(replace(somebody, moment=Moment(at, trusted=True)), at_gate.rule_set)
        return decision.outcome, decision.reasons, decision.spoken, decision.advisories

    for since, until in itertools.pairwise(ordered):
        assert decided(since) == decided(max(since, until - second)), since


def comparisons(part: Any) -> Iterator[tuple[str, str, str, Any]]:
    """Operator, fact and value, and the limit that it is compared with, wherever a fact is on the left of it."""
    if isinstance(part, list):
        for item in part:
            yield from comparisons(item)
    if not isinstance(part, dict):
        return
    ((operator, operands),) = part.items()
    if operator == "var":
        return
    if operator in {"<", "<=", ">", ">="}:
        fact, limit = operands[-2:]
        path = fact.get("var", "").split(".") if isinstance(fact, dict) else [""]
        if path[0] == "payload" and len(path) == 3:
            yield operator, path[1], path[2], limit
    yield from comparisons(operands)


@dataclass(frozen=True)
class Limit:
    """One place in a rule where a value of a fact is compared with a number."""

    rule_set: RuleSet
    rule: str
    operator: str
    fact: str
    value: str
    number: int
    alone: bool
    """The rule compares this value with no other number beside this one."""

    def __str__(self) -> str:
        return f"{self.rule} {self.fact}.{self.value} {self.operator} {self.number}"


def limits_of(rule_set: RuleSet) -> Iterator[Limit]:
    def number(limit: Any) -> Any:
        if isinstance(limit, dict) and "var" in limit:
            return rule_set.parameters.get(limit["var"].removeprefix("external.parameters."))
        return limit

    for rule in source(rule_set.id)["rules"]:
        found = {(op, fact, value, number(limit)) for op, fact, value, limit in comparisons(rule["Logic"])}
        for op, fact, value, limit in sorted(each for each in found if type(each[3]) is int):
            others = {each[3] for each in found if each[1:3] == (fact, value)} - {limit}
            alone = not others & {limit - 1, limit + 1}
            yield Limit(rule_set, rule["Identifier"], op, fact, value, limit, alone)


def versions(name: str, examples: Iterable[Example]) -> Iterator[dict[str, Any]]:
    """A fact as the examples have it, and with each yes turned into a no."""
    told = {json.dumps(example.facts[name], sort_keys=True) for example in examples if name in example.facts}
    for version in map(json.loads, sorted(told)):
        yield version
        for key, value in version.items():
            if type(value) is bool:
                yield {**version, key: not value}


@pytest.mark.parametrize("limit", [limit for one in rule_sets() for limit in limits_of(one)], ids=str)
def test_every_limit_decides_at_its_own_second(limit: Limit) -> None:
    rule = limit.rule_set.rules[limit.rule]
    examples = limit.rule_set.examples
    external = {"parameters": dict(limit.rule_set.parameters), "validationClock": "2022-06-20T00:00:00+00:00"}
    read = sorted({path.split(".")[1] for path in rule.paths if path.startswith("payload.")})
    # Whatever the set's own examples say of the facts that the rule reads, in every combination.
    told = [tuple(versions(name, examples)) for name in read]

    def holds(facts: dict[str, Any], number: int) -> bool:
        changed = {**facts, limit.fact: {**facts[limit.fact], limit.value: number}}
        try:
            return rule.holds({"payload": changed, "external": external}) is True
        except GateError:
            return False

    found = set()
    for combination in product(*told):
        facts = dict(zip(read, combination, strict=True))
        if facts[limit.fact]["state"] == "known":
            found.add(tuple(holds(facts, limit.number + off) for off in (-1, 0, 1)))
    # Whichever way round the rule uses it: up to the limit and then no more, or from the limit on.
    included = limit.operator in {"<=", ">"}
    turns = {(True, True, False), (False, False, True)} if included else {(True, False, False), (False, True, True)}
    assert found & turns, "no example in which this limit decides: add one"
    if limit.alone:
        assert found <= turns | {(True,) * 3, (False,) * 3}


# --- by hand, from the orders' words ------------------------------------------------------------------------------

NOON = datetime(2022, 6, 20, 4, 0, tzinfo=UTC)  # in Shanghai
SHANGHAI, BERLIN, NEW_YORK = "Asia/Shanghai", "Europe/Berlin", "America/New_York"


def at_gate(identifier: str, profile: str) -> InUse:
    (found,) = [one for one in PROFILES if (one.rule_set.id, one.profile.name) == (identifier, profile)]
    return found


def decide(
    identifier: str, profile: str, at: datetime, zone: str = SHANGHAI, validity: Validity | None = None, **records: Any
) -> Decision:
    """What is decided about somebody with everything in order but for these records, which are single ones."""
    gate = at_gate(identifier, profile)
    usual: Records = in_order(gate.somebody.checkpoint.zone, at)
    changed = {kind: record if isinstance(record, tuple) else (record,) for kind, record in records.items()}
    somebody = replace(
        gate.somebody,
        records=replace(usual, **changed),
        moment=Moment(at, trusted=True),
        checkpoint=replace(gate.somebody.checkpoint, time_zone=zone),
    )
    if validity is not None:
        somebody = replace(somebody, credential=replace(somebody.credential, validity=validity))
    return judge(somebody, gate.rule_set)


def reason(decision: Decision) -> Reason | None:
    """Why somebody is not let in; None where they are."""
    return None if decision.outcome is Outcome.PASS else decision.reasons[0]


def before(at: datetime, seconds: int) -> datetime:
    return at - timedelta(seconds=seconds)


def lab(at: datetime, sampled: int, reported: int | None = None, **others: Any) -> TestRecord:
    """A negative test, sampled and reported so many seconds before a moment."""
    report = None if reported is None else before(at, reported)
    return replace(TestRecord("lab", before(at, 60), TestResult.NEGATIVE, before(at, sampled), report), **others)


@pytest.mark.parametrize(
    ("past", "why"),
    [(-1, None), (0, None), (1, Reason.TEST_EXPIRED)],
)
def test_station_48_hours_from_the_report(past: int, why: Reason | None) -> None:
    test = lab(NOON, 60 * HOUR, 48 * HOUR + past)
    assert reason(decide("station-48h", "station", NOON, tests=test)) is why


@pytest.mark.parametrize(("past", "why"), [(-1, None), (0, None), (1, Reason.DATA_STALE)])
@pytest.mark.parametrize(
    "record",
    [
        ("codes", CodeRecord("city", NOON, Colour.GREEN)),
        ("pop_ups", PopUpRecord("city", NOON, active=False)),
        ("travel", TravelRecord("city", NOON, risk_area=False)),
    ],
    ids=lambda pair: pair[0],
)
def test_station_data_of_a_day(record: tuple[str, Any], past: int, why: Reason | None) -> None:
    kind, usual = record
    old = replace(usual, as_of=before(NOON, DAY + past))
    assert reason(decide("station-48h", "station", NOON, **{kind: old})) is why


@pytest.mark.parametrize(("ahead", "why"), [(299, None), (300, None), (301, Reason.CODE_UNKNOWN)])
def test_station_a_source_whose_clock_runs_ahead(ahead: int, why: Reason | None) -> None:
    code = CodeRecord("city", NOON + timedelta(seconds=ahead), Colour.GREEN)
    assert reason(decide("station-48h", "station", NOON, codes=code)) is why


@pytest.mark.parametrize(("doses", "why"), [(1, Reason.VACCINATION_INCOMPLETE), (2, None), (3, None)])
def test_station_two_doses(doses: int, why: Reason | None) -> None:
    record = VaccinationRecord("clinic", NOON, doses)
    assert reason(decide("station-48h", "station", NOON, vaccinations=record)) is why


@pytest.mark.parametrize(
    ("local", "why"),
    [
        ("2021-12-31T23:59:59", Reason.DOCUMENT_NOT_YET_VALID),
        ("2022-01-01T00:00:00", None),
        ("2022-01-01T00:00:01", None),
        ("2022-06-30T23:59:59", None),
        ("2022-07-01T00:00:00", Reason.DOCUMENT_EXPIRED),
        ("2022-07-01T00:00:01", Reason.DOCUMENT_EXPIRED),
    ],
)
@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN, NEW_YORK])
def test_station_a_card_changes_at_local_midnight(local: str, zone: str, why: Reason | None) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    card = Validity(date(2022, 1, 1), date(2022, 6, 30))
    assert reason(decide("station-48h", "station", at, zone, card)) is why


@pytest.mark.parametrize(
    ("zone", "report", "last"),
    [
        (BERLIN, "2022-03-26T12:00:00", "2022-03-28T13:00:00"),  # a day of 23 hours between
        (BERLIN, "2022-10-29T12:00:00", "2022-10-31T11:00:00"),  # one of 25
        (NEW_YORK, "2022-03-12T12:00:00", "2022-03-14T13:00:00"),
        (NEW_YORK, "2022-11-05T12:00:00", "2022-11-07T11:00:00"),
    ],
)
@pytest.mark.parametrize(("past", "why"), [(-1, None), (0, None), (1, Reason.TEST_EXPIRED)])
def test_station_48_hours_where_the_clocks_change(
    zone: str, report: str, last: str, past: int, why: Reason | None
) -> None:
    reported, expires = (datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)) for text in (report, last))
    at = expires.astimezone(UTC) + timedelta(seconds=past)
    test = TestRecord("lab", before(at, 60), TestResult.NEGATIVE, reported, reported)
    assert reason(decide("station-48h", "station", at, zone, tests=test)) is why


@pytest.mark.parametrize(("profile", "days"), [("restaurant", 3), ("bus", 7)])
@pytest.mark.parametrize(
    ("zone", "swab"),
    [
        (SHANGHAI, "2022-06-20T00:00:00"),
        (SHANGHAI, "2022-06-20T23:59:59"),
        (SHANGHAI, "2024-02-28T12:00:00"),  # 29 February is a day like others
        (BERLIN, "2022-03-26T23:59:59"),  # a day of 23 hours within
        (BERLIN, "2022-10-29T00:00:00"),  # one of 25
        (NEW_YORK, "2022-11-05T23:59:59"),
    ],
)
def test_days_are_calendar_days_and_the_swabs_own_day_is_day_0(profile: str, days: int, zone: str, swab: str) -> None:
    sampled = datetime.fromisoformat(swab).replace(tzinfo=ZoneInfo(zone))
    over = datetime.combine(sampled.date() + timedelta(days=days + 1), time(), ZoneInfo(zone)).astimezone(UTC)
    for past, why in ((-1, None), (0, Reason.TEST_EXPIRED), (1, Reason.TEST_EXPIRED)):
        at = over + timedelta(seconds=past)
        test = TestRecord("lab", before(at, 60), TestResult.NEGATIVE, sampled, sampled)
        assert reason(decide("calendar-days", profile, at, zone, tests=test)) is why


@pytest.mark.parametrize(("past", "why"), [(-1, None), (0, None), (1, Reason.TEST_EXPIRED)])
def test_sampling_72_hours_from_the_swab(past: int, why: Reason | None) -> None:
    test = lab(NOON, 72 * HOUR + past, HOUR)
    assert reason(decide("sampling-72h", "public_place", NOON, tests=test)) is why


@pytest.mark.parametrize("past", [-1, 0, 1])
def test_sampling_a_proof_of_sampling_counts_for_24_hours(past: int) -> None:
    waiting = lab(NOON, 24 * HOUR + past, result=TestResult.PENDING)
    alone = reason(decide("sampling-72h", "public_place", NOON, tests=waiting))
    assert alone is (Reason.SAMPLE_EXPIRED if past > 0 else None)
    beside_an_old_result = (lab(NOON, 100 * HOUR, 90 * HOUR), waiting)
    both = reason(decide("sampling-72h", "public_place", NOON, tests=beside_an_old_result))
    assert both is (Reason.TEST_EXPIRED if past > 0 else None)


@pytest.mark.parametrize(("past", "reminded"), [(-1, False), (0, False), (1, True)])
def test_sampling_a_reminder_names_the_second_at_which_the_test_ends(past: int, *, reminded: bool) -> None:
    test = lab(NOON, 60 * HOUR + past, HOUR)
    decision = decide("sampling-72h", "public_place", NOON, tests=test)
    assert decision.outcome is Outcome.PASS
    deadlines = [(each.reason, each.deadline) for each in decision.advisories]
    assert deadlines == ([(Reason.TEST_DUE, test.sampled_at + timedelta(hours=72))] if reminded else [])


def arrived(seconds: int, *sampled: int, risk: ArrivalRisk = ArrivalRisk.LOW) -> Decision:
    """Somebody who came so many seconds ago, tested at these moments since; long before they came there was a test."""
    arrival = ArrivalRecord("city", before(NOON, 60), before(NOON, seconds), risk)
    tests = tuple(lab(NOON, seconds - after, seconds - after) for after in (-HOUR, *sampled))
    return decide("arrival-3-days-2-tests", "public_place", NOON, arrivals=arrival, tests=tests)


@pytest.mark.parametrize(("past", "why"), [(-1, None), (0, None), (1, Reason.TESTS_TOO_FEW)])
def test_arrival_the_first_test_within_24_hours(past: int, why: Reason | None) -> None:
    decision = arrived(24 * HOUR + past)
    assert reason(decision) is why
    if why is None:
        assert (Reason.TEST_DUE, NOON - timedelta(seconds=past)) in [
            (a.reason, a.deadline) for a in decision.advisories
        ]
    assert reason(arrived(24 * HOUR + past, 0)) is None


@pytest.mark.parametrize(("past", "why"), [(-1, None), (0, None), (1, Reason.TESTS_TOO_FEW)])
def test_arrival_two_tests_within_three_days(past: int, why: Reason | None) -> None:
    assert reason(arrived(72 * HOUR + past, HOUR)) is why
    assert reason(arrived(72 * HOUR + past, HOUR, 25 * HOUR)) is None


@pytest.mark.parametrize(("gap", "why"), [(DAY - 1, Reason.TESTS_TOO_FEW), (DAY, None), (DAY + 1, None)])
def test_arrival_the_two_tests_lie_24_hours_apart(gap: int, why: Reason | None) -> None:
    assert reason(arrived(73 * HOUR, HOUR, HOUR + gap)) is why


@pytest.mark.parametrize(("past", "why"), [(-1, Reason.TESTS_TOO_FEW), (0, Reason.TESTS_TOO_FEW), (1, None)])
def test_arrival_nobody_is_watched_for_more_than_14_days(past: int, why: Reason | None) -> None:
    ago = 14 * DAY + past
    assert reason(arrived(ago, ago - HOUR)) is why


@pytest.mark.parametrize(("past", "why"), [(-1, Reason.RISK_AREA), (0, Reason.RISK_AREA), (1, None)])
def test_arrival_from_a_high_risk_area_is_kept_away_for_7_days(past: int, why: Reason | None) -> None:
    ago = 7 * DAY + past
    spaced = (HOUR, 26 * HOUR, ago - HOUR)
    assert reason(arrived(ago, *spaced, risk=ArrivalRisk.HIGH)) is why
    assert reason(arrived(ago, *spaced, risk=ArrivalRisk.MEDIUM)) is None
