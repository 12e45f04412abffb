"""Rule sets edited at the console: checked as a gate checks them, seen before they are saved, taken to be signed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from drafts_desk import MALL, Drafts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_rig import FleetServer

HOURS = "parameters:test_max_age_s"


@pytest.fixture
def desk(fleet_server: FleetServer) -> Iterator[Drafts]:
    fleet_server.sql("DELETE FROM rule_drafts")
    yield Drafts(fleet_server)
    fleet_server.sql("DELETE FROM rule_drafts")


def test_72_hours_become_48_without_a_line_of_json(desk: Drafts) -> None:
    page = desk.started()
    shown = desk.person.get(page)
    assert "For how long a negative test is good" in shown
    assert f'name="{HOURS}" value="72"' in shown
    preview = desk.look(page, **{HOURS: "48", f"{HOURS}.unit": "h"})
    assert "259200 (72 h)" in preview
    assert "172800 (48 h)" in preview
    assert "→ <b>2</b>" in preview, "the version rises by itself"
    assert "sampled 71h59m59s ago" in preview, "an example that comes out otherwise is named"
    assert desk.set(page)["version"] == 1, "nothing is saved yet"
    refused = desk.save(page, preview)
    assert "say that the examples are meant" in refused.content.decode()
    assert desk.save(page, preview, meant="1").status_code == 302
    saved = desk.set(page)
    assert (saved["version"], saved["parameters"]["test_max_age_s"]) == (2, 172800)
    assert "172800" in desk.did(desk.chief)[-1][2]
    assert json.loads(MALL)["rules"] == saved["rules"]
