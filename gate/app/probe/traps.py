"""What keeps a device from the gate, named before somebody spends an afternoon on it."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from gate.app.probe.find import BRIDGES
from gate.app.probe.kernel import printable, read
from gate.app.probe.known import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from gate.app.probe.find import Finding
    from gate.app.probe.kernel import Device

USER: Final = "gate"
HELD: Final = "held by"
_BY_UNIT: Final = ("audio", "video")
"""Groups that the units give to the gate and to the camera's process, whatever /etc/group says."""
_MOST_PROCESSES: Final = 4096
_MOST_FILES: Final = 4096


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever opens the devices."""

    name: str
    uid: int
    groups: frozenset[int]

    def opens(self, file: os.stat_result) -> bool:
        """Whether it may read and write a device; access lists (ACL) are not looked at."""
        if self.uid == 0:
            return True
        wanted = stat.S_IROTH | stat.S_IWOTH
        mode = file.st_mode
        if file.st_uid == self.uid:
            return mode >> 6 & wanted == wanted
        return (mode >> 3 if file.st_gid in self.groups else mode) & wanted == wanted


def account() -> Account:
    """The gate's own user where there is one, else whoever runs this."""
    by_unit: set[int] = set()
    try:
        user = pwd.getpwnam(USER)
        by_unit = {group.gr_gid for group in grp.getgrall() if group.gr_name in _BY_UNIT}
    except KeyError:
        user = pwd.getpwuid(os.getuid())
    groups = by_unit.union(os.getgrouplist(user.pw_name, user.pw_gid))
    return Account(user.pw_name, user.pw_uid, frozenset(groups))


def named(found: Sequence[Finding], devices: Sequence[Device], root: Path, who: Account) -> tuple[Finding, ...]:
    """The findings, each with what stands in its way."""
    by_node = {device.node: device for device in devices if device.node}
    running = _running(root)
    holders = _holders(root, {finding.node for finding in found if finding.node})
    return tuple(
        replace(
            finding,
            traps=(
                *_permission(finding, root, who),
                *_grabbed(finding, by_node.get(finding.node)),
                *_meddlers(finding, by_node.get(finding.node), root, running),
                *(f"{HELD} {holder}: right if that is the gate" for holder in holders.get(finding.node, ())),
            ),
        )
        for finding in found
    )


def of_machine(found: Sequence[Finding], root: Path) -> Iterator[str]:
    """What is wrong with the machine as a whole."""
    kinds = {finding.kind for finding in found}
    if not (root / "run/udev/data").is_dir():
        yield "udev does not run (a container?): names that stay, such as /dev/serial/by-id/…, are not known here"
    if Kind.CARD_READER in kinds and not (root / "run/pcscd/pcscd.comm").exists():
        yield "pcscd does not run: apt-get install pcscd; systemctl enable --now pcscd.socket"
    if Kind.SOUND not in kinds:
        yield "no sound card: nobody hears what is said; plug in a loudspeaker, or a screen that has one"
    if Kind.SCREEN not in kinds:
        yield "no screen is connected"
    pi = "Raspberry Pi" in read(root / "proc/device-tree/model")
    if pi and Kind.THERMOMETER not in kinds:
        yield "no I2C bus, for a thermometer on the header: dtparam=i2c_arm=on in config.txt, and modprobe i2c-dev"
    if pi and Kind.CAMERA not in kinds:
        yield "no camera: one on the ribbon cable appears after a restart (rpicam-hello --list-cameras)"


def _permission(finding: Finding, root: Path, who: Account) -> Iterator[str]:
    if not finding.node or finding.kind is Kind.KEYBOARD:
        return
    try:
        file = (root / finding.node[1:]).stat()
    except OSError:
        return
    if who.opens(file):
        return
    try:
        group = grp.getgrgid(file.st_gid).gr_name
    except KeyError:
        group = str(file.st_gid)
    yield (
        f'user "{who.name}" may not open {finding.node} (group {group}): the gate\'s package gives it away by a udev '
        f"rule; by hand: usermod -aG {group} {who.name}, then log in again"
    )


def _grabbed(finding: Finding, device: Device | None) -> Iterator[str]:
    if finding.kind is not Kind.GUN or device is None or device.subsystem != "input":
        return
    if device.properties.get("LIBINPUT_IGNORE_DEVICE", "0") == "0":
        yield "no udev rule hides it (LIBINPUT_IGNORE_DEVICE): unless the gate holds it, it types into the console"


def _meddlers(finding: Finding, device: Device | None, root: Path, running: frozenset[str]) -> Iterator[str]:
    if device is None or device.subsystem != "tty" or device.usb is None:
        return
    if "ModemManager" in running and device.properties.get("ID_MM_DEVICE_IGNORE") != "1":
        yield "ModemManager runs and sends commands to it: systemctl mask --now ModemManager"
    installed = any((root / place / "brltty").exists() for place in ("usr/bin", "bin", "sbin"))
    if finding.kernel_driver in BRIDGES and (installed or "brltty" in running):
        yield "brltty is installed and takes such chips for Braille displays: apt-get remove brltty"


def _running(root: Path) -> frozenset[str]:
    return frozenset(read(process / "comm").strip() for process in _processes(root))


def _holders(root: Path, nodes: set[str]) -> Mapping[str, list[str]]:
    """Device file -> programs that have it open, as far as this user may see."""
    found: dict[str, list[str]] = {}
    for process in _processes(root):
        for node in _open_files(process) & nodes:
            found.setdefault(node, []).append(f"{printable(read(process / 'comm'))} (process {process.name})")
    return found


def _open_files(process: Path) -> set[str]:
    try:
        return {str(entry.readlink()) for entry in islice((process / "fd").iterdir(), _MOST_FILES)}
    except OSError:  # another user's, or it has ended
        return set()


def _processes(root: Path) -> list[Path]:
    try:
        return list(islice((path for path in (root / "proc").iterdir() if path.name.isdecimal()), _MOST_PROCESSES))
    except OSError:
        return []
