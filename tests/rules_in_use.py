"""Every profile of every rule set that comes with the gate, each with a place and a person that it lets in."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

from vectors import ROOT

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
    Holder,
    Moment,
    Outcome,
    Past,
    PermitRecord,
    PopUpRecord,
    Records,
    Temperature,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
    Validity,
)
from gate.rules import ruleset
from gate.rules.derive import Companion, Inputs
from gate.rules.judge import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.rules.profiles import Profile
    from gate.rules.ruleset import RuleSet

FORGOTTEN = timedelta(days=5_000)


@dataclass(frozen=True)
class InUse:
    """One profile, and somebody whom it lets in."""

    rule_set: RuleSet
    profile: Profile
    somebody: Inputs

    def __str__(self) -> str:
        return f"{self.rule_set.id}-{self.profile.name}"

    @property
    def now(self) -> datetime:
        return self.somebody.moment.at


def rule_sets() -> tuple[RuleSet, ...]:
    """Those in ``config/rules``; the other files there are lists of rules about certificates."""
    blobs = [path.read_bytes() for path in sorted((ROOT / "config/rules").glob("*.json"))]
    return tuple(ruleset.load(blob) for blob in blobs if isinstance(json.loads(blob), dict))


def profiles() -> tuple[InUse, ...]:
    """Every profile of every set; one that lets nobody in of all whom ``_people`` tries is an error."""
    return tuple(_in_use(one, profile) for one in rule_sets() for profile in one.profiles.values())


def _in_use(rule_set: RuleSet, profile: Profile) -> InUse:
    now = rule_set.valid_from + min(timedelta(days=40, hours=2), (rule_set.valid_to - rule_set.valid_from) / 2)
    for place, kind in _places(rule_set, profile):
        for somebody in _people(place, kind, now):
            if judge(somebody, rule_set).outcome is Outcome.PASS:
                return InUse(rule_set, profile, somebody)
    raise AssertionError(f"nobody gets through {rule_set.id} {profile.name}")


def _places(rule_set: RuleSet, profile: Profile) -> Iterator[tuple[Checkpoint, CredentialKind]]:
    """Checkpoints and credentials to which the profile is assigned."""

    def named(key: str, other: str) -> list[str]:
        values = {str(value) for each in rule_set.assignments for value in each.when.get(key, ())}
        return [*sorted(values), other]

    for kind, site, zone, lane, direction, attended in product(
        CredentialKind,
        named("site_class", "station"),
        named("zone", "public"),
        named("lane", "1"),
        Direction,
        (True, False),
    ):
        place = Checkpoint("c", site, lane, direction, attended, zone=zone, thermometer=True)
        if rule_set.profile_for(place, kind) is profile:
            yield place, kind


def _people(place: Checkpoint, kind: CredentialKind, now: datetime) -> Iterator[Inputs]:
    """Somebody with everything in order, then people with what a special lane may be for."""
    records = in_order(place.zone, now)
    usual = Inputs(
        credential=credential(kind, date(now.year - 30, 1, 1), now),
        records=records,
        moment=Moment(now, trusted=True),
        checkpoint=place,
        companion=Companion(records),
        temperature=Temperature(366, 1),
        past=Past(),
    )
    yield usual
    for colour, active in product(Colour, (False, True)):
        code, pop_up = CodeRecord("city", now, colour), PopUpRecord("city", now, active, cleared=True)
        yield replace(usual, records=replace(records, codes=(code,), pop_ups=(pop_up,)))
    yield replace(usual, credential=credential(kind, date(now.year - 2, 1, 1), now))


def credential(kind: CredentialKind, birth: date, now: datetime) -> Credential:
    """A card, or a code that was issued a moment ago."""
    card = kind is CredentialKind.RESIDENT_ID
    return Credential(
        kind,
        Assurance.CHIP if card else Assurance.DYNAMIC_CODE,
        Holder("甲", birth_date=birth),
        Validity(date(now.year - 10, 1, 1), date(now.year + 10, 1, 1)) if card else None,
        None if card else Certificate("CN", "00", now - timedelta(seconds=5), None, {}),
    )


def in_order(zone: str, now: datetime) -> Records:
    """Records with which nearly everybody lets people in: tested every day, arrived long ago."""
    fresh = now - timedelta(minutes=1)
    tests = tuple(
        TestRecord("lab", fresh, TestResult.NEGATIVE, at, at + timedelta(hours=1), sample=f"S{day}")
        for day in range(8)
        for at in [now - timedelta(hours=2 + 24 * day)]
    )
    return Records(
        codes=(CodeRecord("city", fresh, Colour.GREEN),),
        pop_ups=(PopUpRecord("city", fresh, active=False),),
        tests=tests,
        vaccinations=(VaccinationRecord("clinic", fresh, 3, now - timedelta(days=100)),),
        travel=(TravelRecord("city", fresh, risk_area=False),),
        arrivals=(ArrivalRecord("city", fresh, now - timedelta(days=9), ArrivalRisk.LOW),),
        exemptions=(ExemptionRecord("city", fresh, ExemptionGround.MOBILITY, now - timedelta(days=1)),),
        permits=(PermitRecord("site", fresh, frozenset({zone}), now - FORGOTTEN, now + FORGOTTEN),),
    )
