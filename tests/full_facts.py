"""Somebody about whom everything is known, so that every value of every fact is there; and others of whom less is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

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
    Facts,
    Holder,
    Moment,
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
from gate.rules.derive import Companion, Inputs, Limits, derive

NOW = datetime(2022, 6, 30, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


def _ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def _lab(sample: str, **ago: float) -> TestRecord:
    return TestRecord("lab", _ago(hours=1), TestResult.NEGATIVE, _ago(**ago), _ago(hours=2), sample=sample)


RECORDS = Records(
    codes=(CodeRecord("city", _ago(hours=1), Colour.GREEN),),
    pop_ups=(PopUpRecord("city", _ago(hours=1), active=False, raised_at=_ago(days=3)),),
    tests=(_lab("one", hours=60), _lab("two", hours=6)),
    vaccinations=(VaccinationRecord("clinic", _ago(days=9), 3, _ago(days=90)),),
    travel=(TravelRecord("city", _ago(hours=1), risk_area=False),),
    arrivals=(ArrivalRecord("station", _ago(days=3), _ago(days=4), ArrivalRisk.LOW),),
    exemptions=(ExemptionRecord("clinic", _ago(days=9), ExemptionGround.MOBILITY, None),),
    permits=(PermitRecord("city", _ago(days=9), frozenset({"public"}), _ago(days=9), _ago(days=-9), entries_left=2),),
)
CREDENTIAL = Credential(
    CredentialKind.RESIDENT_ID,
    Assurance.CHIP,
    Holder("", birth_date=date(1990, 1, 1)),
    Validity(date(2015, 1, 1), None),
    Certificate("DE", "00", _ago(days=9), None, {}),
)
HERE = Checkpoint("c", "station", "1", Direction.IN, attended=False, thermometer=True)
EVERYTHING = Inputs(
    credential=CREDENTIAL,
    records=RECORDS,
    moment=Moment(NOW, trusted=True),
    checkpoint=HERE,
    companion=Companion(RECORDS),
    temperature=Temperature(365, 1),
    past=Past(Direction.IN, _ago(hours=3)),
)
_BARE = Credential(CredentialKind.HCERT, Assurance.STATIC_CODE)
_STRICT = Limits(dict.fromkeys(("code", "pop_up", "test", "sample", "vaccination", "travel", "arrival"), 1))


def full_facts() -> Facts:
    """Every fact with every value that it can have."""
    return derive(EVERYTHING, Limits())


def all_sorts_of_facts() -> list[Facts]:
    """Facts in all the states that they can be in."""
    return [
        full_facts(),
        derive(EVERYTHING, _STRICT),
        derive(EVERYTHING, Limits(dict.fromkeys(("exemption", "permit", "companion_code", "companion_test"), 1))),
        *(
            derive(
                Inputs(
                    credential=_BARE,
                    records=records,
                    moment=Moment(NOW, trusted=trusted),
                    checkpoint=Checkpoint("c", "station", "1", Direction.OUT, attended=True, thermometer=fitted),
                    companion=companion,
                ),
                Limits(),
            )
            for trusted in (True, False)
            for fitted in (True, False)
            for records in (None, Records())
            for companion in (None, Companion(None), Companion(Records()))
        ),
        derive(
            Inputs(credential=CREDENTIAL, records=RECORDS, moment=Moment(NOW, trusted=False), checkpoint=HERE),
            Limits(),
        ),
    ]
