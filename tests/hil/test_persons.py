"""One shift at a gate on real kernel devices: who comes, with what, and what each notices."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hil import keepsake
from PIL import Image
from vectors import ROOT

from drivers.simulated.camera import picture_of
from drivers.simulated.social_security_card import SimulatedSocialSecurityCard
from gate.model import Reason

if TYPE_CHECKING:
    from hil.entrance import Answer, Entrance
    from hil.machine.site import Site
    from hil.report import Facts

PULSE_S = (0.2, 2.0)
"""A pulse of half a second, by the clock of a machine that is emulated."""


@pytest.fixture(autouse=True)
def _cleared(entrance: Entrance) -> None:
    """Whoever came before has gone."""
    entrance.id_reader.remove()
    entrance.camera.show(None)
    entrance.wait_idle()


def let_in(entrance: Entrance, answer: Answer, reason: Reason) -> None:
    """All that a person notices who is let in, and the record of it."""
    assert answer.row["outcome"] == "pass"
    assert answer.row["reasons"] == [reason.value]
    assert answer.row["withdrawn"] is None
    assert answer.row["passage"] == "passed"
    assert [pulse.channel for pulse in answer.pulses] == [1]
    assert PULSE_S[0] < answer.pulses[0].seconds < PULSE_S[1]
    heard_as(entrance, answer, reason)


def heard_as(entrance: Entrance, answer: Answer, reason: Reason) -> None:
    assert answer.heard is not None, "nothing that the pack says was heard"
    assert answer.heard.phrase == entrance.sentence(reason)


def hold_code(entrance: Entrance, site: Site) -> None:
    text = certificate(site, Reason.CERTIFICATE_VALID, "camera")
    entrance.camera.show(Image.open(io.BytesIO(picture_of(text))))


def certificate(site: Site, reason: Reason, reader: str) -> str:
    """A code of the site's that comes to this."""
    return next(code.text for code in site.certificates.codes if (code.reader, code.expected[1]) == (reader, reason))


@pytest.mark.on("ID reader")
def test_a_citizen_lays_down_a_card_and_is_let_in(
    entrance: Entrance, full_site: Site, pytestconfig: pytest.Config
) -> None:
    before = len(entrance.gate.log)
    visit = entrance.visit("id-reader")
    entrance.id_reader.present(full_site.people["citizen"].block)
    answer = visit.answer("pass", pulses=1)
    let_in(entrance, answer, Reason.GREEN_CODE)
    assert answer.row["credential"] == "resident_id"
    if pytestconfig.getoption("--write"):
        entrance.gate.look()
        keepsake.keep(ROOT / "docs" / "hil", "card", entrance.gate.log[before:], answer.recording)


@pytest.mark.on("ID reader")
def test_whoever_has_no_test_is_referred_and_nothing_opens(entrance: Entrance, full_site: Site) -> None:
    visit = entrance.visit("id-reader")
    entrance.id_reader.present(full_site.people["test-expired"].block)
    answer = visit.answer("refer")
    assert (answer.row["outcome"], answer.row["reasons"]) == ("refer", [Reason.TEST_EXPIRED.value])
    assert answer.pulses == []
    heard_as(entrance, answer, Reason.TEST_EXPIRED)


@pytest.mark.on("gun")
def test_a_code_is_read_with_the_gun(entrance: Entrance, full_site: Site) -> None:
    visit = entrance.visit("gun")
    entrance.gun.type(certificate(full_site, Reason.CERTIFICATE_VALID, "gun"))
    let_in(entrance, visit.answer("pass", pulses=1), Reason.CERTIFICATE_VALID)


@pytest.mark.on("camera (V4L2)")
def test_a_code_is_held_to_the_camera(entrance: Entrance, full_site: Site) -> None:
    visit = entrance.visit("camera")
    hold_code(entrance, full_site)
    let_in(entrance, visit.answer("pass", pulses=1), Reason.CERTIFICATE_VALID)


@pytest.mark.on("camera (libcamera, picamera2)")
def test_a_code_is_held_to_a_camera_that_picamera2_reads(entrance: Entrance, full_site: Site, facts: Facts) -> None:
    console = entrance.gate.guest.console
    facts.machine["picamera2"] = (
        console.check("cd /usr/lib/python3/dist-packages && basename --suffix=.dist-info picamera2-*")
        .split("-")[1]
        .strip()
    )
    console.check(
        'cp /etc/gate/gate.toml /root && sed -i \'s/driver = "camera"/&\\nsource = "picamera2"/\' /etc/gate/gate.toml'
    )
    restart_camera(entrance)
    visit = entrance.visit("camera")
    hold_code(entrance, full_site)
    let_in(entrance, visit.answer("pass", pulses=1), Reason.CERTIFICATE_VALID)
    console.check("cp /root/gate.toml /etc/gate")
    restart_camera(entrance)


def restart_camera(entrance: Entrance) -> None:
    """Have its process begin anew, with the configuration that there is now; the gate's goes on."""
    entrance.gate.guest.console.check("systemctl stop gate-camera.service")
    entrance.lost("camera")
    entrance.gate.guest.console.check("systemctl start --no-block gate-camera.service")
    entrance.gate.online("camera")


@pytest.mark.on("smart-card reader")
def test_a_social_security_card_is_put_into_its_reader(entrance: Entrance) -> None:
    card = SimulatedSocialSecurityCard()
    visit = entrance.visit("smart-card")
    entrance.slot.put_in(card.transmit)
    answer = visit.answer("pass", pulses=1)
    entrance.slot.take_out()
    let_in(entrance, answer, Reason.GREEN_CODE)
    assert card.pin_tries == 0


@pytest.mark.on("screen")
def test_the_screen_is_a_page_that_a_browser_gets(entrance: Entrance) -> None:
    page = entrance.gate.guest.console.check("curl --silent --fail http://127.0.0.1:8765/")
    assert page.lower().startswith("<!doctype html>")
    assert "kiosk.js" in page
