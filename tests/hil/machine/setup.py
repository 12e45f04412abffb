"""Machines that are made ready: their disks, and a gate that is set up in them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from hil.machine.gate import Gate
from hil.machine.guest import Guest
from hil.machine.site import install

if TYPE_CHECKING:
    from pathlib import Path

    from hil.machine.image import Image
    from hil.machine.site import Site


def set_up(guest: Guest, site: Site) -> Gate:
    """Wait for a machine that boots, and have its gate set up and ready."""
    guest.wait()
    guest.mount_share()
    guest.console.check(install(site, guest.share))
    gate = Gate(guest)
    gate.start()
    return gate


def boot_and_save(image: Image, site: Site, folder: Path) -> Path:
    """Boot a machine, set its gate up and save it when that is ready; gives its disk."""
    disk = overlay(image, folder / "disk.qcow2")
    with Guest(image, f"{disk},format=qcow2,cache=unsafe", folder) as guest:
        set_up(guest, site)
        guest.unmount_share()
        # Whoever boots from this disk pulled the plug of the machine before: what was set up must be on it.
        guest.console.check("sync", 120)
        guest.save()
        guest.switch_off()
    return disk


def overlay(base: Image, path: Path) -> Path:
    """A disk over the image's, which stays as it is."""
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base.disk), "-F", "raw", str(path)], check=True
    )
    return path


def copy(source: Path, target: Path) -> Path:
    """Quickly, where the file system can."""
    subprocess.run(["cp", "--reflink=auto", "--sparse=always", str(source), str(target)], check=True)
    return target
