"""Boots of a machine that lacks something, or on which something is wrong: it serves, or says what is missing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hil.cards import CardLane
from hil.machine.gate import Gate
from hil.machine.guest import Guest, Hardware
from hil.machine.setup import copy, overlay
from hil.machine.site import install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hil.machine.image import Image
    from hil.machine.site import Site

_BOOT_S = 1200.0
_FULL = """
runuser -u gate -- sh -c '
    fallocate -l $(df --output=avail -B1 /var/lib/gate | tail -1) /var/lib/gate/filler
    cat /dev/zero >/var/lib/gate/filler2' || true
"""
"""Not by root, which would take what the file system keeps for root alone as well (docs/install.md)."""
_READ_ONLY = """
mkdir /var/gate-kept && cp -a /var/lib/gate/. /var/gate-kept
cat >/etc/fstab <<'END'
/dev/vda / ext4 ro 0 1
tmpfs /var/lib/gate tmpfs mode=0700 0 0
tmpfs /tmp tmpfs defaults 0 0
END
cat >/etc/systemd/system/gate.service.d/kept.conf <<'END'
[Service]
ExecStartPre=+/bin/cp -a /var/gate-kept/. /var/lib/gate
END
"""
"""/var/lib/gate gets a file system of its own, as docs/install.md asks for: one in memory, filled from the root's."""


class Boots:
    """Boots the machine that was set up, each time from a disk of its own."""

    def __init__(self, image: Image, booted: Path, folder: Path) -> None:
        self.image, self._booted, self._folder = image, booted, folder

    @contextmanager
    def __call__(
        self, hardware: Hardware | None = None, *, before: str = "", knows_reader: bool = False
    ) -> Iterator[Gate]:
        """Boot it; where ``before`` says so, what is wrong is done to it first, and then its plug is pulled."""
        disk = copy(self._booted, self._folder / "disk.qcow2")
        if before:
            with Guest(self.image, f"{disk},format=qcow2,cache=unsafe", self._new("before"), saved=True) as guest:
                guest.wait()
                if knows_reader:
                    gate = Gate(guest)
                    lane = CardLane(gate)
                    gate.online("id-reader")
                    lane.close()
                guest.console.check(f"{before}\nsync", 120)
        with Guest(self.image, f"{disk},format=qcow2,cache=unsafe", self._new("boot"), hardware) as guest:
            yield Gate(guest)
        disk.unlink()

    def _new(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        return folder


@pytest.fixture
def boots(hil_image: Image, booted: Path, tmp_path: Path) -> Boots:
    return Boots(hil_image, booted, tmp_path)


def lets_in(gate: Gate, site: Site) -> None:
    assert answer(gate, site)["outcome"] == "pass"
    assert gate.rows()[-1]["outcome"] == "pass"


def answer(gate: Gate, site: Site) -> Any:
    lane = CardLane(gate)
    gate.online("id-reader")
    said = lane.serve(site.people["citizen"].block)
    lane.close()
    return said.values


def comes_up(gate: Gate) -> None:
    gate.logged("ready", seconds=_BOOT_S)
    gate.guest.wait()


@pytest.mark.on("first boot")
def test_a_machine_that_nobody_has_set_up_waits_and_then_serves(hil_image: Image, site: Site, tmp_path: Path) -> None:
    disk = overlay(hil_image, tmp_path / "disk.qcow2")
    with Guest(hil_image, f"{disk},format=qcow2,cache=unsafe", tmp_path) as guest:
        guest.wait()
        guest.console.check("systemctl is-system-running --wait || true", _BOOT_S)
        assert guest.console.run("systemctl is-failed gate.service").output != "failed"
        guest.mount_share()
        guest.console.check(install(site, guest.share))
        gate = Gate(guest)
        gate.start()
        lets_in(gate, site)


@pytest.mark.on("network")
def test_without_a_network(boots: Boots, site: Site) -> None:
    with boots(Hardware(network=False)) as gate:
        comes_up(gate)
        lets_in(gate, site)


@pytest.mark.on("clock")
def test_at_a_clock_that_says_1970_nobody_is_let_in_and_the_screen_says_why(boots: Boots, site: Site) -> None:
    with boots(Hardware(clock="1970-01-01T00:00:10")) as gate:
        comes_up(gate)
        assert "time_untrusted" in gate.screen()["flags"]
        assert answer(gate, site)["outcome"] == "refer"
        assert not gate.rows()[-1]["clock_trusted"]
        # Somebody sets it right, and the next person is let in without a new start.
        gate.guest.set_clock()
        lets_in(gate, site)


@pytest.mark.on("root")
def test_on_a_read_only_root(boots: Boots, site: Site) -> None:
    with boots(Hardware(kernel=("ro",)), before=_READ_ONLY) as gate:
        comes_up(gate)
        assert gate.guest.console.run("touch /here").status
        lets_in(gate, site)


@pytest.mark.on("disk")
def test_on_a_full_disk_nobody_is_let_in_unrecorded(boots: Boots, site: Site) -> None:
    with boots(before=_FULL, knows_reader=True) as gate:  # which it could not remember now
        comes_up(gate)
        full = answer(gate, site)
        rows = gate.rows()
        assert full["outcome"] == "refer" or rows[-1]["id"] == full["id"]
        gate.guest.console.check("rm /var/lib/gate/filler*")
        lets_in(gate, site)


@pytest.mark.on("sound card")
def test_without_a_sound_card_people_are_served_and_guards_told(boots: Boots, site: Site) -> None:
    with boots(Hardware(sound=False)) as gate:
        comes_up(gate)
        lets_in(gate, site)
        assert "sound_off" in gate.screen()["flags"]


@pytest.mark.on("screen")
def test_without_anybody_at_the_screen(boots: Boots, site: Site) -> None:
    with boots(Hardware(kernel=("systemd.mask=hil-screen.service",))) as gate:
        comes_up(gate)
        lets_in(gate, site)


@pytest.mark.on("configuration")
def test_a_broken_configuration_is_named_and_once_it_is_right_the_gate_starts_by_itself(
    boots: Boots, site: Site
) -> None:
    spoil = "cp /etc/gate/gate.toml /root/good.toml && printf '[checkpoint\\nid = 7' >/etc/gate/gate.toml"
    with boots(before=spoil) as gate:
        said = gate.logged("can-not-start", seconds=_BOOT_S)
        assert "gate.toml" in said.values["why"]
        gate.guest.wait()
        gate.guest.console.check("cp /root/good.toml /etc/gate/gate.toml")
        gate.logged("ready", seconds=600)
        lets_in(gate, site)
