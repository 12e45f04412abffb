"""A small child and whoever comes along, as the records of a city know them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from lane_rig import KEY

from drivers.simulated import id_cards
from gate.app.demo.people import healthy
from gate.credentials import resident_id
from gate.model import Checkpoint, Direction, Records, TestRecord, TestResult, VaccinationRecord

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PARK = Checkpoint("p", "park", "1", Direction.IN, attended=True)
TODAY = datetime.now(UTC).date()
BIRTH = date(TODAY.year - 2, 1, 1).strftime("%Y%m%d")
CHILD, PARENT, STRANGER = 1, 2, 3


def pseudonym(sequence: int, **fields: str) -> bytes:
    holder = resident_id.parse(id_cards.citizen(sequence, **fields)).holder
    assert holder is not None
    assert holder.document is not None
    return KEY.pseudonym(holder.document)


def family(parents_test: TestResult) -> Callable[[bytes], Awaitable[Records | None]]:
    """A child about whom only the colour is known, and a parent with three doses and this test."""
    good = healthy(datetime.now(UTC))
    tested = datetime.now(UTC) - timedelta(hours=20)
    parent = replace(
        good,
        tests=(TestRecord("lab", tested, parents_test, tested, tested),),
        vaccinations=(VaccinationRecord("clinic", tested, 3),),
    )
    child = Records(codes=good.codes, pop_ups=good.pop_ups, travel=good.travel)
    known = {pseudonym(CHILD, birth=BIRTH): child, pseudonym(PARENT): parent}

    async def answer(holder: bytes) -> Records | None:
        return known.get(holder)

    return answer
