"""At the entrance of a controlled zone, with the list that staff imported."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from lane_rig import HERE, Rig, all_well, card, serve
from permit_lists import KEY, ZONE, imported, row, table

from gate.status.permits import PermitList

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from gate.model import Records

ENTRANCE = replace(HERE, zone=ZONE)
LIMIT_S = 20


def said(
    folder: Path,
    data: bytes,
    answer: Callable[[bytes], Awaitable[Records | None]] = all_well,
    *,
    damaged: bool = False,
) -> str:
    """What citizen 1 hears."""
    path = imported(folder, data)
    if damaged:
        path.write_bytes(path.read_bytes()[:5000])
    heard: list[str] = []

    async def scenario(rig: Rig) -> None:
        rig.service.take(card(1))
        heard.extend(await rig.observed.until("said"))
        await rig.settled()
        assert next(reasons for _, reasons, _ in rig.rows()).startswith(f'["{heard[0]}"')

    permits = PermitList(path, KEY, LIMIT_S, lambda _: None)
    permits.open()
    with closing(permits):
        serve(folder, scenario, answer, rules="controlled-zone", place=ENTRANCE, permits=permits)
    return heard[0]


def elsewhere_today() -> str:
    """A span of hours that is not now, by the clock of Shanghai."""
    hour = (datetime.now(UTC).hour + 8) % 24
    return f"{(hour + 3) % 24:02}:00-{(hour + 6) % 24:02}:00"


async def nobody_knows(_: bytes) -> Records | None:
    return None


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row(1)], "permitted"),
        ([row(1, zones="east-9"), row(1)], "permitted"),
        ([row(2)], "permit_none"),
        ([row(1, zones="east-9")], "permit_zone"),
        ([row(1, to="2021-06-30")], "permit_none"),
        ([row(1, hours=elsewhere_today())], "permit_hours"),
        ([row(1, entries="0")], "permit_entries"),
    ],
)
def test_who_is_let_in(tmp_path: Path, rows: list[dict[str, str]], reason: str) -> None:
    assert said(tmp_path, table(rows)) == reason


def test_a_damaged_list_is_no_missing_permit(tmp_path: Path) -> None:
    assert said(tmp_path, table([row(1), row(2)]), damaged=True) == "permit_unknown"


def test_who_is_known_by_a_permit_only_is_not_taken_for_untested(tmp_path: Path) -> None:
    assert said(tmp_path, table([row(1)]), nobody_knows) == "holder_unknown"
