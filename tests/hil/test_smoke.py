"""What a gate is for, once, on a machine with real kernel devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hil.cards import CardLane
from hil.devices.gun import Gun
from hil.hearing import Hearing

from gate.model import Reason

if TYPE_CHECKING:
    from hil.machine.gate import Gate
    from hil.machine.site import Site

pytestmark = pytest.mark.smoke


@pytest.mark.on("machine")
def test_the_machine_boots_into_a_gate_that_serves(gate_machine: Gate) -> None:
    assert gate_machine.is_active()
    assert gate_machine.screen()["kind"] == "idle"
    page = gate_machine.guest.console.check("curl --silent --fail http://127.0.0.1:8765/")
    assert page.startswith("<!DOCTYPE html>")
    assert "kiosk.js" in page
    assert gate_machine.rows() == []


@pytest.mark.on("ID reader, gun, sound card")
def test_a_card_and_a_code_are_read_and_answered_aloud(gate_machine: Gate, site: Site) -> None:
    hearing, lane = Hearing(gate_machine.guest.sound), CardLane(gate_machine)
    gate_machine.guest.plug("usb-kbd", "gun", 2)
    gun = Gun(lambda events: gate_machine.guest.qmp.run("input-send-event", events=events))
    for reader in ("id-reader", "gun"):
        gate_machine.online(reader)

    said = lane.serve(site.people["citizen"].block)
    assert (said.values["outcome"], said.values["reasons"]) == ("pass", [Reason.GREEN_CODE.value])
    heard = hearing.recognise(hearing.recording())
    assert heard is not None
    assert heard.phrase == hearing.sentence(Reason.GREEN_CODE)

    before = gate_machine.answers("gun")
    gun.type(next(code.text for code in site.certificates.codes if code.reader == "gun"))
    gate_machine.answered("gun", before)
    assert [row["reader"] for row in gate_machine.rows()] == ["id-reader", "gun"]
    lane.close()
