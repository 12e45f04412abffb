"""What a gate is for, once, on a machine with real kernel devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hil.machine.gate import Gate

pytestmark = pytest.mark.smoke


def test_the_machine_boots_into_a_gate_that_serves(gate_machine: Gate) -> None:
    assert gate_machine.is_active()
    assert gate_machine.screen()["kind"] == "idle"
    assert (
        gate_machine.guest.console.check("curl --silent --fail http://127.0.0.1:8765/ | head -c 15")
        == "<!DOCTYPE html>"
    )
    assert gate_machine.rows() == []
