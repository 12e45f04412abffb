"""Records and one ``now`` become Facts: integers, texts of closed lists and booleans, each with a state and an age.

* Presence in one source beats absence in another; the newest record wins, and on the same instant the adverse one.
* A time more than five minutes ahead is a fault of its source: the fact is unknown.
* A fact older than its own limit (parameter ``max_age_s``) is stale: a 36-hour-old test may be good while a 30-hour-old
  colour is not.
* On an untrusted clock no age can be known, so every fact that lives in time is unknown.
* Not found under one document number is unknown, never absent: the holder may be known under another.

``docs/rules.md`` lists every fact with its values.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gate.model import (
    ADVERSITY,
    Checkpoint,
    CodeRecord,
    Credential,
    Direction,
    Fact,
    Facts,
    FactState,
    Moment,
    Past,
    PermitRecord,
    PopUpRecord,
    Records,
    Temperature,
    VaccinationRecord,
)
from gate.rules.derive_papers import (
    best_permit,
    credential_fact,
    document_fact,
    exemption_fact,
    good_here,
    permit_fact,
    person_fact,
)
from gate.rules.derive_tests import arrival_fact, sample_fact, test_fact
from gate.rules.elapsed import UNKNOWN, Now, Values, newest, unknown_or_latest

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody who presented to vouch for a child."""

    records: Records | None
    """None: no source knows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything that one presentation is judged by."""

    credential: Credential
    records: Records | None
    """What was said about the holder; None where nobody said anything."""
    moment: Moment
    checkpoint: Checkpoint
    companion: Companion | None = None
    temperature: Temperature | None = None
    past: Past | None = None
    """What the gate remembers of the holder; None where it can't be read, or nobody knows who the holder is."""
    retries: int = 0
    """How often this holder was asked to try again just now."""
    holder_known: bool = True
    """False: no source knows the holder, only the credential itself spoke. What it is silent about is unknown then."""
    permits_known: bool = True
    """False: a list of permits can't be read now, so that silence about a permit means nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a profile's parameters say about the records themselves."""

    max_age_s: Mapping[str, int] = field(default_factory=dict)
    """Seconds after which a fact is stale, by fact name; a fact without a limit never is."""
    retired_sources: frozenset[str] = frozenset()
    """Sources that are not believed any more."""


def derive(inputs: Inputs, limits: Limits) -> Facts:
    """Everything that our own rules may ask about one presentation. Deterministic, to the second."""
    now = _now(inputs)
    records = _without(inputs.records, limits.retired_sources)
    holder_known = records is not None and inputs.holder_known
    facts = {
        "clock": Fact(FactState.KNOWN, "gate", 0, {"trusted": inputs.moment.trusted}),
        "checkpoint": _checkpoint(inputs.checkpoint),
        "credential": credential_fact(inputs.credential, now),
        "document": document_fact(inputs.credential, now),
        "person": person_fact(inputs.credential, now),
        "holder": Fact(FactState.KNOWN, "status", 0) if holder_known else UNKNOWN,
        "temperature": _temperature(inputs),
        "attempts": Fact(FactState.KNOWN, "gate", 0, {"retries": inputs.retries}),
        "presence": _presence(inputs.past, now),
        **_from_records(records or Records(), now, holder_known=holder_known),
        "permit": _permit(records or Records(), now, inputs, holder_known=holder_known),
        **_companion(inputs.companion, now, limits.retired_sources),
    }
    return Facts({name: _stale(fact, limits.max_age_s.get(name)) for name, fact in facts.items()})


def permit_used(inputs: Inputs, limits: Limits) -> PermitRecord | None:
    """The permit that somebody is let through on, as the fact ``permit`` sees it; None where none is good for that."""
    now = _now(inputs)
    records = _without(inputs.records, limits.retired_sources)
    if now is None or records is None or not records.permits:
        return None
    zone = inputs.checkpoint.zone
    permit = best_permit(records.permits, zone, now, inputs.past)
    return permit if all(good_here(permit, zone, now)) else None


def _now(inputs: Inputs) -> Now | None:
    return Now.of(inputs.moment.at, ZoneInfo(inputs.checkpoint.time_zone)) if inputs.moment.trusted else None


def _from_records(said: Records, now: Now | None, *, holder_known: bool) -> dict[str, Fact]:
    # A source that knows the person and says nothing about a test means that there is none. About colour, pop-ups
    # and travel its silence means nothing: somebody has to have looked.
    silent = FactState.ABSENT if holder_known else FactState.UNKNOWN
    return {
        "code": _code(said, now),
        "pop_up": newest(said.pop_ups, now, _pop_up_adversity, _pop_up, times=lambda r: (r.raised_at,)),
        "test": test_fact(said.tests, now, silent),
        "sample": sample_fact(said.tests, now, silent),
        "vaccination": newest(
            said.vaccinations,
            now,
            lambda r, _: (-r.doses, *unknown_or_latest(r.last_dose_at)),
            _vaccination,
            silent,
            lambda r: (r.last_dose_at,),
        ),
        "travel": newest(said.travel, now, lambda r, _: (r.risk_area,), lambda r, _: {"risk_area": r.risk_area}),
        "arrival": arrival_fact(said.arrivals, said.tests, now, silent),
        "exemption": exemption_fact(said.exemptions, now, holder_known=holder_known),
    }


def _permit(said: Records, now: Now | None, inputs: Inputs, *, holder_known: bool) -> Fact:
    silent = FactState.ABSENT if holder_known and inputs.permits_known else FactState.UNKNOWN
    return permit_fact(said.permits, inputs.checkpoint.zone, now, silent, inputs.past)


def _code(said: Records, now: Now | None) -> Fact:
    def colour(record: CodeRecord, _: Now) -> Values:
        return {"colour": record.colour.value}

    return newest(said.codes, now, lambda r, _: (ADVERSITY[r.colour],), colour)


def _pop_up(record: PopUpRecord, now: Now) -> Values:
    values: Values = {"active": _pops_up(record, now), "level": record.level, "cleared": record.cleared}
    if record.raised_at is not None:
        values["since_raised"] = now.seconds_since(record.raised_at)
        values["days_since_raised"] = now.days_since(record.raised_at)
    return values


def _pops_up(record: PopUpRecord, now: Now) -> bool:
    return record.active and (record.expires_at is None or now.at < record.expires_at)


def _pop_up_adversity(record: PopUpRecord, now: Now) -> tuple[float, ...]:
    return (_pops_up(record, now), record.level, not record.cleared, *unknown_or_latest(record.raised_at))


def _vaccination(record: VaccinationRecord, now: Now) -> Values:
    values: Values = {"doses": record.doses}
    if record.last_dose_at is not None:
        values["since_dose"] = now.seconds_since(record.last_dose_at)
        values["days_since_dose"] = now.days_since(record.last_dose_at)
    return values


def _companion(companion: Companion | None, now: Now | None, retired: frozenset[str]) -> dict[str, Fact]:
    if companion is None:
        return {"companion": Fact(FactState.ABSENT), "companion_code": UNKNOWN, "companion_test": UNKNOWN}
    records = _without(companion.records, retired)
    silent = FactState.UNKNOWN if records is None else FactState.ABSENT
    said = records or Records()
    return {
        "companion": Fact(FactState.KNOWN, "reader", 0),
        "companion_code": _code(said, now),
        "companion_test": test_fact(said.tests, now, silent),
    }


def _presence(past: Past | None, now: Now | None) -> Fact:
    """On which side of the gate somebody is, as far as it let them through itself."""
    if past is None or now is None or now.in_future(past.at):
        return UNKNOWN
    inside = past.direction is Direction.IN
    if inside and past.at is None:
        return UNKNOWN  # inside, but nobody knows since when
    values: Values = {"inside": inside}
    if past.at is not None:
        values["since_last"] = now.seconds_since(past.at)
    return Fact(FactState.KNOWN, "journal", 0, values)


def _temperature(inputs: Inputs) -> Fact:
    if not inputs.checkpoint.thermometer:
        return Fact(FactState.ABSENT)
    if inputs.temperature is None:
        return UNKNOWN
    measured = inputs.temperature
    return Fact(FactState.KNOWN, "thermometer", 0, {"tenths": measured.tenths, "measurement": measured.measurement})


def _checkpoint(checkpoint: Checkpoint) -> Fact:
    return Fact(
        FactState.KNOWN,
        "gate",
        0,
        {
            "site_class": checkpoint.site_class,
            "zone": checkpoint.zone,
            "lane": checkpoint.lane,
            "direction": checkpoint.direction.value,
            "attended": checkpoint.attended,
        },
    )


def _without(records: Records | None, retired: frozenset[str]) -> Records | None:
    """The records of sources that are still believed; None where only others know the holder."""
    if records is None or not retired or records == Records():
        return records
    kept = {
        kind.name: tuple(record for record in getattr(records, kind.name) if record.source not in retired)
        for kind in fields(records)
    }
    return Records(**kept) if any(kept.values()) else None


def _stale(fact: Fact, limit: int | None) -> Fact:
    """Too old to rely on: its values are gone, its source and age stay for the record."""
    if fact.state is not FactState.KNOWN or limit is None or fact.age is None or fact.age <= limit:
        return fact
    return Fact(FactState.STALE, fact.source, fact.age)
