"""The people of the demonstration. All fictional: region 999999 does not exist.

Each has a card for the simulated reader and, unless nobody knows them, records in the status file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from drivers.simulated import id_cards
from gate.model import (
    CodeRecord,
    Colour,
    PopUpRecord,
    Records,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)


@dataclass(frozen=True, slots=True)
class Person:
    """One card, and what the city knows about its holder (None: nothing at all)."""

    block: bytes
    records: Records | None


def healthy(now: datetime) -> Records:
    """Green, no pop-up, negative ten hours ago, three doses, no risk area."""
    update = now - timedelta(minutes=10)
    return Records(
        codes=(CodeRecord("city", update, Colour.GREEN),),
        pop_ups=(PopUpRecord("city", update, active=False),),
        tests=(test(now, TestResult.NEGATIVE, hours=10),),
        vaccinations=(VaccinationRecord("clinic", now - timedelta(days=40), 3),),
        travel=(TravelRecord("city", update, risk_area=False),),
    )


def test(now: datetime, result: TestResult, hours: float) -> TestRecord:
    """A test reported ``hours`` ago and sampled eight hours before that."""
    reported = now - timedelta(hours=hours)
    pending = result is TestResult.PENDING
    return TestRecord(
        "laboratory", now - timedelta(minutes=10), result, reported - timedelta(hours=8), None if pending else reported
    )


def people(now: datetime) -> dict[str, Person]:
    """Everybody of the shift by key, with records relative to ``now``."""
    good = healthy(now)
    update = now - timedelta(minutes=10)

    def citizen(sequence: int, records: Records | None = good, **fields: str) -> Person:
        return Person(id_cards.citizen(sequence, **fields), records)

    def coloured(colour: Colour) -> Records:
        return replace(good, codes=(CodeRecord("city", update, colour),))

    def tested(*tests: TestRecord) -> Records:
        return replace(good, tests=tests)

    return {
        "citizen": citizen(1),
        "no-end": citizen(2, valid_to="长期"),
        "foreigner-2017": Person(id_cards.foreigner_2017(3), good),
        "foreigner-2023": Person(id_cards.foreigner_2023(4, valid_from="20210101", valid_to="20310101"), good),
        "hong-kong-macau-taiwan": Person(
            id_cards.hong_kong_macau_taiwan(5, valid_from="20200101", valid_to="20250101"), good
        ),
        "yellow": citizen(6, coloured(Colour.YELLOW)),
        "red": citizen(7, coloured(Colour.RED)),
        "pop-up": citizen(8, replace(good, pop_ups=(PopUpRecord("city", update, active=True),))),
        "last-hour": citizen(9, tested(test(now, TestResult.NEGATIVE, hours=47.9))),
        "test-expired": citizen(10, tested(test(now, TestResult.NEGATIVE, hours=49))),
        "test-pending": citizen(11, tested(test(now, TestResult.PENDING, hours=1))),
        "test-none": citizen(12, tested()),
        "test-positive": citizen(13, tested(test(now, TestResult.POSITIVE, hours=3))),
        "unvaccinated": citizen(14, replace(good, vaccinations=(VaccinationRecord("clinic", update, 0),))),
        "risk-area": citizen(15, replace(good, travel=(TravelRecord("city", update, risk_area=True),))),
        "card-expired": citizen(16, valid_from="20010101", valid_to="20210101"),
        "unknown": citizen(17, None),
        "stale": citizen(18, replace(good, codes=(CodeRecord("city", now - timedelta(days=4), Colour.GREEN),))),
    }
