"""One person about whom everything is known that can be."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from gate.model import (
    ArrivalRecord,
    ArrivalRisk,
    CodeRecord,
    Colour,
    ExemptionGround,
    ExemptionRecord,
    PermitRecord,
    PopUpRecord,
    Records,
    TestMethod,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)

AT = datetime(2021, 6, 20, 8, tzinfo=timezone(timedelta(hours=8)))
EVERYTHING = Records(
    codes=(CodeRecord("city", AT, Colour.ORANGE),),
    pop_ups=(PopUpRecord("city", AT, active=True, level=3, raised_at=AT, cleared=True, expires_at=AT),),
    tests=(
        TestRecord("laboratory", AT, TestResult.NEGATIVE, AT, AT),
        TestRecord("laboratory", AT, TestResult.PENDING, AT, None, "S-1", TestMethod.ANTIGEN, 10, "S-0"),
    ),
    vaccinations=(VaccinationRecord("clinic", AT, 3, AT),),
    travel=(TravelRecord("city", AT, risk_area=False),),
    arrivals=(ArrivalRecord("city", AT, AT, ArrivalRisk.ABROAD),),
    exemptions=(ExemptionRecord("city", AT, ExemptionGround.MOBILITY, None),),
    permits=(PermitRecord("site", AT, frozenset({"east"}), AT, AT, (1320, 360), 3, "P-1", "物业"),),
)
