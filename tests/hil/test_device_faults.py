"""What goes wrong with devices at a gate, and that it comes right again: pulled, exchanged, hanging, killed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hil.entrance import READERS
from PIL import Image

from drivers.idcard_frames import TEXT_SIZE
from drivers.simulated.camera import picture_of
from drivers.simulated.id_reader_model import READ, SAM_ID, Fault
from drivers.simulated.social_security_card import SimulatedSocialSecurityCard
from gate.model import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from hil.entrance import Entrance
    from hil.machine.site import Site


@pytest.fixture(autouse=True)
def _as_before(entrance: Entrance) -> None:
    """Everything is plugged in and works, and nobody is there."""
    entrance.id_reader.model.sam_id = SAM_ID
    entrance.id_reader.remove()
    entrance.camera.recover()
    entrance.camera.show(None)
    entrance.slot.take_out()
    entrance.plug_all()
    for reader in READERS:
        entrance.gate.online(reader)
    entrance.wait_idle()


def code(site: Site, reader: str) -> str:
    valid = (reader, Reason.CERTIFICATE_VALID)
    return next(code.text for code in site.certificates.codes if (code.reader, code.expected[1]) == valid)


def lay_card(entrance: Entrance, site: Site) -> None:
    entrance.id_reader.present(site.people["citizen"].block)


def hold_code(entrance: Entrance, site: Site) -> None:
    entrance.camera.show(Image.open(io.BytesIO(picture_of(code(site, "camera")))))


def type_code(entrance: Entrance, site: Site) -> None:
    entrance.gun.type(code(site, "gun"))


def put_card_in(entrance: Entrance, _: Site) -> None:
    entrance.slot.put_in(SimulatedSocialSecurityCard().transmit)


def is_let_in(entrance: Entrance, site: Site, reader: str, present: Callable[[Entrance, Site], None]) -> None:
    visit = entrance.visit(reader)
    present(entrance, site)
    answer = visit.answer("pass", pulses=1)
    assert answer.row["outcome"] == "pass"
    assert len(answer.pulses) == 1


# ---- pulled ---------------------------------------------------------------------------------------------------------


@pytest.mark.on("ID reader")
def test_the_id_reader_is_pulled_while_it_reads_a_card(entrance: Entrance, full_site: Site) -> None:
    visit = entrance.visit("id-reader")
    entrance.id_reader.model.fail(READ, Fault(cut_at=TEXT_SIZE, vanish=True))
    lay_card(entrance, full_site)
    answer = visit.retry()
    assert answer.heard is not None
    assert answer.heard.phrase == entrance.sentence(Reason.PRESENT_AGAIN)
    assert answer.pulses == []
    entrance.lost("id-reader")
    entrance.id_reader.plug()
    entrance.gate.online("id-reader")
    is_let_in(entrance, full_site, "id-reader", lay_card)


@pytest.mark.on("gun")
def test_the_gun_is_pulled_in_the_middle_of_a_code(entrance: Entrance, full_site: Site) -> None:
    text = code(full_site, "gun")
    entrance.gun.type(text[: len(text) // 2], end=None)
    entrance.unplug_gun()
    entrance.lost("gun")
    assert entrance.flag("reader_offline")
    entrance.plug_gun()
    entrance.gate.online("gun")
    is_let_in(entrance, full_site, "gun", type_code)
    assert not entrance.flag("reader_offline")


@pytest.mark.on("camera")
def test_the_camera_is_pulled(entrance: Entrance, full_site: Site) -> None:
    entrance.camera.unplug()
    entrance.lost("camera")
    is_let_in(entrance, full_site, "id-reader", lay_card)
    entrance.camera.plug()
    entrance.gate.online("camera")
    is_let_in(entrance, full_site, "camera", hold_code)


@pytest.mark.on("smart-card reader")
def test_the_card_reader_is_pulled_while_it_reads_a_card(entrance: Entrance, full_site: Site) -> None:
    visit = entrance.visit("smart-card")
    entrance.slot.asked.clear()
    entrance.slot.put_in(SimulatedSocialSecurityCard().transmit, answer_after=60)
    assert entrance.slot.asked.wait(60)
    entrance.unplug_card_reader()
    answer = visit.retry()
    assert answer.heard is not None
    assert answer.heard.phrase == entrance.sentence(Reason.PRESENT_AGAIN)
    entrance.lost("smart-card")
    entrance.slot.take_out()
    entrance.plug_card_reader()
    entrance.gate.online("smart-card")
    is_let_in(entrance, full_site, "smart-card", put_card_in)


@pytest.mark.on("relay")
def test_the_relay_is_pulled_and_nobody_is_told_to_walk_into_a_closed_barrier(
    entrance: Entrance, full_site: Site
) -> None:
    entrance.relay.unplug()
    entrance.gate.until(lambda: entrance.flag("barrier"), "the screen shows that the barrier is lost")
    visit = entrance.visit("id-reader")
    lay_card(entrance, full_site)
    answer = visit.answer("refer")
    assert (answer.row["outcome"], answer.row["reasons"][0]) == ("refer", Reason.BARRIER_FAULT.value)
    entrance.id_reader.remove()
    entrance.relay.plug()
    entrance.gate.until(lambda: not entrance.flag("barrier"), "the barrier is back")
    is_let_in(entrance, full_site, "id-reader", lay_card)


@pytest.mark.on("all")
def test_everything_is_pulled_at_once_and_put_back(entrance: Entrance, full_site: Site) -> None:
    process = entrance.gate.process()
    entrance.unplug_all()
    for reader in READERS:
        entrance.lost(reader)
    entrance.plug_all()
    for reader in READERS:
        entrance.gate.online(reader)
    entrance.gate.until(lambda: not entrance.flag("barrier"), "the barrier is back")
    is_let_in(entrance, full_site, "id-reader", lay_card)
    is_let_in(entrance, full_site, "camera", hold_code)
    is_let_in(entrance, full_site, "gun", type_code)
    assert entrance.gate.process() == process, "the gate itself went on"


# ---- exchanged ------------------------------------------------------------------------------------------------------


@pytest.mark.on("gun")
def test_a_second_keyboard_is_no_gun(entrance: Entrance, full_site: Site) -> None:
    guest = entrance.gate.guest
    guest.plug("usb-kbd", "keyboard", 7)
    try:
        nodes = "/dev/input/by-path/*usb-0:7*-event-kbd"
        entrance.gate.until(lambda: guest.console.run(f"ls {nodes}").status == 0, "the kernel has the keyboard")
        assert grabbed(entrance, "/dev/gate/gun")
        assert not grabbed(entrance, nodes)
        owner = guest.console.check(f"stat --dereference --format=%G {nodes}")
        assert owner.strip() != "gate", "the gate may not even open it"
        is_let_in(entrance, full_site, "id-reader", lay_card)
    finally:
        guest.unplug("keyboard")


def grabbed(entrance: Entrance, node: str) -> bool:
    """Whether somebody has an input device for himself alone (EVIOCGRAB)."""
    script = f"""python3 - {node} <<'END'
import errno, fcntl, sys
with open(sys.argv[1], "rb") as device:
    try:
        fcntl.ioctl(device, 0x40044590, 1)
    except OSError as fault:
        print(errno.errorcode[fault.errno])
END"""
    return entrance.gate.guest.console.check(script).strip() == "EBUSY"


@pytest.mark.on("ID reader")
def test_another_id_reader_serves_only_after_somebody_has_approved_it(entrance: Entrance, full_site: Site) -> None:
    entrance.id_reader.unplug()
    entrance.lost("id-reader")
    entrance.id_reader.model.sam_id = SAM_ID[:-1] + bytes([SAM_ID[-1] ^ 1])
    entrance.id_reader.asked.clear()
    lay_card(entrance, full_site)
    entrance.id_reader.plug()
    console = entrance.gate.guest.console
    entrance.gate.until(lambda: "waits" in console.check("gate readers"), "the other reader waits for approval")
    assert READ not in entrance.id_reader.asked, "its card was not read"
    entrance.id_reader.remove()
    console.check("gate readers approve id-reader")
    entrance.gate.online("id-reader")
    is_let_in(entrance, full_site, "id-reader", lay_card)
    entrance.id_reader.unplug()
    entrance.lost("id-reader")
    entrance.id_reader.model.sam_id = SAM_ID
    entrance.id_reader.plug()
    entrance.gate.until(lambda: "waits" in console.check("gate readers"), "the first one is another one now")
    console.check("gate readers approve id-reader")


# ---- killed and hanging ---------------------------------------------------------------------------------------------


@pytest.mark.on("pcscd")
def test_pcscd_is_killed(entrance: Entrance, full_site: Site) -> None:
    entrance.gate.guest.console.check("systemctl kill --signal=KILL pcscd.service")
    entrance.lost("smart-card")
    entrance.gate.online("smart-card")
    is_let_in(entrance, full_site, "smart-card", put_card_in)


@pytest.mark.on("camera")
def test_the_camera_hangs_and_the_lane_goes_on(entrance: Entrance, full_site: Site) -> None:
    entrance.camera.hang()
    entrance.lost("camera")
    is_let_in(entrance, full_site, "id-reader", lay_card)
    entrance.camera.recover()
    entrance.gate.online("camera")
    is_let_in(entrance, full_site, "camera", hold_code)


@pytest.mark.on("aplay")
def test_aplay_hangs_and_the_next_person_hears_again(entrance: Entrance, full_site: Site) -> None:
    console = entrance.gate.guest.console
    console.check(
        "nohup bash -c 'until pid=$(pidof aplay); do :; done; kill -STOP $pid' >/dev/null 2>&1 </dev/null & disown"
    )
    visit = entrance.visit("id-reader")
    before = len(entrance.gate.screens)
    lay_card(entrance, full_site)
    visit.answer("pass", pulses=1)
    entrance.gate.until(lambda: entrance.was_flagged("sound_off", before), "the screen showed that there is no sound")
    assert console.check("pidof aplay || true").strip() == "", "the one that hung is gone"
    entrance.id_reader.remove()
    entrance.gate.until(lambda: not entrance.flag("sound_off"), "the sound is back")
    visit = entrance.visit("id-reader")
    lay_card(entrance, full_site)
    answer = visit.answer("pass", pulses=1)
    assert answer.heard is not None
    assert answer.heard.phrase == entrance.sentence(Reason.GREEN_CODE)


@pytest.mark.on("sound card")
def test_the_sound_card_is_taken_out(entrance: Entrance, full_site: Site) -> None:
    console = entrance.gate.guest.console
    card = console.check("readlink -f /sys/class/sound/card0/device").strip()
    console.check(f"echo 1 > {card}/remove")
    visit = entrance.visit("id-reader")
    lay_card(entrance, full_site)
    answer = visit.answer("pass", pulses=1)
    assert answer.row["outcome"] == "pass"
    assert entrance.flag("sound_off")
    assert "last-announcement.wav" in console.check("ls /run/gate")
    entrance.id_reader.remove()
    console.check("echo 1 > /sys/bus/pci/rescan")
    entrance.gate.until(lambda: not entrance.flag("sound_off"), "the sound is back")
