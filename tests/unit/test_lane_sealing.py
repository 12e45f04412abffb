"""Who presents is on record in a box for the operator, and nowhere in clear."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from lane_rig import HERE, Believing, Rig, card, code, serve
from sealing import for_ever, key, private_key

from drivers.simulated import id_cards
from gate.app.sealer import Sealer
from gate.clock import SystemClock
from gate.credentials import resident_id
from gate.credentials.sealing_keys import SealingKeys
from gate.credentials.trusted import Trusted
from gate.journal.sealing import open_box
from gate.model import Moment

if TYPE_CHECKING:
    from pathlib import Path

FLOOR = datetime(2026, 12, 1, 20, tzinfo=UTC)
"""2 December in Shanghai."""


def test_the_operator_learns_the_document_and_nobody_else_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    holder = resident_id.parse(id_cards.citizen(1)).holder
    assert holder is not None
    assert holder.document is not None
    number = holder.document.number

    async def scenario(rig: Rig) -> None:
        rig.service.take(card(1))
        await rig.observed.until("said")
        rig.service.take(code(b"nothing that anybody knows"))
        await rig.observed.until("said", 2)
        await rig.settled()
        (row, box, sealed_to, marks), nobody = rig.look("id, sealed, sealed_to, marks")
        assert open_box(box, private_key("for-ever"), row, sealed_to) == (holder.document,)
        assert "unsealed" not in marks
        assert nobody[1:3] == (None, None), "there is nobody to name"
        assert not rig.observed.lit("unsealed")

    serve(tmp_path, scenario, trusted=Trusted(sealing_keys=for_ever()))
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert number.encode() not in on_disk
    assert holder.name.encode() not in on_disk
    assert number not in caplog.text


def test_without_a_key_of_the_day_the_record_has_no_box_and_says_so(tmp_path: Path) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=2)

    async def scenario(rig: Rig) -> None:
        rig.service.take(card(1))
        assert await rig.observed.until("said") == ["green_code"], "people are let in all the same"
        await rig.settled()
        ((box, sealed_to, marks),) = rig.look("sealed, sealed_to, marks")
        assert (box, sealed_to) == (None, None)
        assert "unsealed" in marks
        assert rig.observed.lit("unsealed")

    serve(tmp_path, scenario, trusted=Trusted(sealing_keys=SealingKeys((key(yesterday),))))


def sealed_to(moment: Moment, *keys: str) -> str | None:
    known = SealingKeys(tuple(key(date.fromisoformat(day)) for day in keys))
    sealer = Sealer(Believing(Trusted(sealing_keys=known)), HERE.time_zone, SystemClock(FLOOR))
    found = sealer.key(moment)
    return None if found is None else found.id


def test_the_day_is_that_of_the_place() -> None:
    night = Moment(datetime(2026, 12, 5, 16, 30, tzinfo=UTC), trusted=True)
    assert sealed_to(night, "2026-12-05", "2026-12-06") == "2026-12-06"
    assert sealed_to(replace(night, at=night.at - timedelta(hours=1)), "2026-12-05", "2026-12-06") == "2026-12-05"


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        (("2026-12-01", "2026-12-02", "2026-12-03"), "2026-12-02"),
        (("2026-11-01", "2026-11-30", "2026-12-03"), "2026-11-30"),
        (("2026-12-03",), None),
        ((), None),
    ],
)
def test_where_nobody_knows_the_day_it_is_that_of_the_floor_or_the_last_before(
    keys: tuple[str, ...], chosen: str | None
) -> None:
    assert sealed_to(Moment(datetime(1970, 1, 1, tzinfo=UTC), trusted=False), *keys) == chosen
