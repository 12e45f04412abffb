"""Every driver holds to the contract of ``drivers.Driver``, and docs/devices.md says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from contract import PROPERTIES
from contract_report import PAGE, outcome, row
from contract_rigs import RIGS
from pages import table

from drivers import DRIVERS

if TYPE_CHECKING:
    from rig import Rig


@pytest.mark.parametrize("heading", PROPERTIES)
@pytest.mark.parametrize("rig", RIGS, ids=lambda rig: rig.row.replace("`", ""))
def test_every_driver_holds_to_its_contract(rig: type[Rig], heading: str) -> None:
    outcome(rig, heading)


@pytest.mark.parametrize("name", DRIVERS)
def test_every_driver_has_a_rig(name: str) -> None:
    assert name in {rig.driver for rig in RIGS}, (
        f'driver "{name}" has no rig: write one in tests/contract_rigs.py, so that its contract is tried'
    )


@pytest.mark.parametrize("rig", RIGS, ids=lambda rig: rig.row.replace("`", ""))
def test_the_page_says_what_was_tried(rig: type[Rig]) -> None:
    line = table(("driver", *PROPERTIES), [row(rig)]).splitlines()[-1]
    page = PAGE.read_text(encoding="utf-8").splitlines()
    assert line in page, "bring the page up to date: python tests/contract_report.py --write"
