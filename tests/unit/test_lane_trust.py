"""A lane looks up whom to believe at each presentation, and says when that may be out of date."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lane_rig import Rig, card, code, serve
from signed_certificates import believing, ec_signer

from gate.credentials.trusted import TRUST_OVERDUE, Trusted

if TYPE_CHECKING:
    from pathlib import Path


def marks(rig: Rig) -> list[list[str]]:
    db = sqlite3.connect(rig.path)
    try:
        return [json.loads(row[0]) for row in db.execute("SELECT marks FROM passages ORDER BY seq")]
    finally:
        db.close()


def trusted(days: int) -> Trusted:
    return replace(believing(ec_signer().anchors), renew_by=datetime.now(UTC) + timedelta(days=days))


def test_a_bundle_past_its_end_is_on_the_screen_and_in_every_record(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        await rig.observed.until("said")
        await rig.settled()
        assert rig.observed.lit("trust_overdue")
        assert TRUST_OVERDUE in marks(rig)[0]

    serve(tmp_path, scenario, trusted=trusted(-1))


def test_one_in_date_is_not_mentioned_and_one_that_comes_is_believed_at_once(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(code(ec_signer().code()))
        await rig.observed.until("said")
        rig.service._judge.trust.current = trusted(1)  # type: ignore[misc]
        rig.service.take(code(ec_signer().code()))
        assert await rig.observed.until("said", 2) == ["certificate_issuer_unknown", "certificate_expired"]
        await rig.settled()
        assert not rig.observed.lit("trust_overdue")
        assert all(TRUST_OVERDUE not in found for found in marks(rig))

    serve(tmp_path, scenario)
