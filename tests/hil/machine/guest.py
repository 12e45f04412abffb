"""One machine: a QEMU process with a disk of its own, a shell in it, and USB devices that come and go."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from hil.machine.console import Console
from hil.machine.qmp import Qmp

if TYPE_CHECKING:
    from hil.machine.image import Image

BOOT_S: Final = 900.0
"""From power to a shell; half a minute on two idle cores."""
GONE_S: Final = 20.0
_QUICK: Final = (
    # Against other processors' flaws; an emulated one has none of them, and takes long over the cures.
    *("mitigations=off", "audit=0"),
    # What a kernel asks of itself before it begins, and guards that no test is about: with the processor below they
    # were a fifth of the time from power to "ready".
    *("nokaslr", "cryptomgr.notests", "lsm=", "rcupdate.rcu_expedited=1", "tsc=reliable"),
)
_SAVED: Final = "saved"


class GuestError(Exception):
    """The machine's process has ended, or never began."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """What is built into the machine; USB devices are plugged in later."""

    network: bool = True
    sound: bool = True
    clock: str = "utc"
    """``-rtc base``: ``utc``, or what a clock without a battery shows, e.g. ``1970-01-01T00:00:10``."""
    kernel: tuple[str, ...] = field(default=())
    """Further words of the kernel's command line."""


class Guest:
    """A machine that is switched on. A context manager: switched off without a word at the end.

    Args:
        image: kernel and initrd.
        disk: what QEMU takes as ``-drive file=``, with format and cache. ``cache=unsafe`` is fast, and all is kept when
            QEMU is killed: a test of power cuts has a disk of its own making.
        folder: an empty folder, for sockets, the captured sound (``sound.wav``), the kernel's log (``kernel.log``).
        hardware: what is built in.
        saved: go on from the state that ``save`` left in the disk, instead of booting. Its clocks go on from there as
            well: the gate does not believe one that jumps.
    """

    def __init__(
        self, image: Image, disk: str, folder: Path, hardware: Hardware | None = None, *, saved: bool = False
    ) -> None:
        hardware = hardware or Hardware()
        self.folder = folder
        self.share = folder / "share"
        """The same folder in the machine is ``/hil``, once ``mount_share`` was called."""
        self.share.mkdir(exist_ok=True)
        # Unix sockets need short paths.
        self._sockets = tempfile.TemporaryDirectory(prefix="hil-")
        self.started_at = time.monotonic()
        with (folder / "qemu.log").open("ab") as said:
            self.process = subprocess.Popen(
                _command(image, disk, self, hardware, saved=saved),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
        self.qmp = self._connect_qmp()
        self.console = Console(self.socket("shell"), self.require_alive)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.power_off()

    def socket(self, name: str) -> Path:
        """Path of a Unix socket of this machine."""
        return Path(self._sockets.name) / name

    @property
    def sound(self) -> Path:
        """What the sound card played, WAV; its header is right once the machine is off."""
        return self.folder / "sound.wav"

    def power_off(self) -> None:
        """Pull the plug (SIGKILL): what QEMU did not hand to the disk is gone."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.console.close()
        self.qmp.close()
        self._sockets.cleanup()

    def switch_off(self) -> None:
        """End QEMU itself in order, which completes its files; the machine in it notices nothing but no power."""
        self.qmp.run("quit")
        self.process.wait(GONE_S)
        self.power_off()

    def require_alive(self) -> None:
        """Make sure that QEMU runs.

        Raises:
            GuestError: it has ended; the message says why.
        """
        if self.process.poll() is not None:
            said = (self.folder / "qemu.log").read_text(errors="replace")
            raise GuestError(f"QEMU ended with {self.process.returncode}: {said[-600:]}")

    def wait(self, seconds: float = BOOT_S) -> None:
        """Wait until the machine has a shell."""
        self.console.wait(seconds)

    def mount_share(self) -> None:
        """Give the machine the shared folder as ``/hil``; a machine that has it can't be saved."""
        self.console.check("mountpoint -q /hil || mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072 hil /hil")

    def unmount_share(self) -> None:
        self.console.check("umount /hil")

    def save(self) -> None:
        """Keep memory and devices in the disk (qcow2), for machines that go on from here; USB sockets are empty."""
        self.qmp.monitor(f"savevm {_SAVED}")

    def set_clock(self) -> None:
        """Set the machine's clock to ours, and say so, as systemd-timesyncd does when a server has answered."""
        sign = "/run/systemd/timesync/synchronized"
        self.console.check(f"date -s @{time.time():.3f} && mkdir -p {sign.rpartition('/')[0]} && touch {sign}")

    # ---- what is plugged in ----------------------------------------------------------------------------------

    def plug(self, driver: str, name: str, port: int | None = None, **options: Any) -> None:
        """Plug a device in, e.g. ``plug("usb-kbd", "gun", 2)``."""
        where = {} if port is None else {"port": str(port)}
        self.qmp.run("device_add", driver=driver, id=name, bus=options.pop("bus", "usb.0"), **where, **options)

    def unplug(self, name: str) -> None:
        """Pull a device out, and wait until QEMU has let go of it; nothing happens where it is out already."""
        with contextlib.suppress(LookupError):
            self._require_plugged(name)
            self.qmp.run("device_del", id=name)
            while self.qmp.event("DEVICE_DELETED", GONE_S)["data"].get("device") != name:
                pass

    def plugged(self) -> frozenset[str]:
        """Names of the devices that are plugged in."""
        return frozenset(entry["name"] for entry in self.qmp.run("qom-list", path="/machine/peripheral"))

    def wire(self, name: str) -> Path:
        """Make the other end of a serial or redirected device: a socket at which QEMU listens, for one at a time."""
        path = self.socket(name)
        address = {"type": "unix", "data": {"path": str(path)}}
        backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
        self.qmp.run("chardev-add", id=name, backend=backend)
        return path

    def unwire(self, name: str) -> None:
        self.qmp.run("chardev-remove", id=name)

    def _require_plugged(self, name: str) -> None:
        if name not in self.plugged():
            raise LookupError(name)

    def _connect_qmp(self) -> Qmp:
        until = time.monotonic() + GONE_S
        while True:
            self.require_alive()
            with contextlib.suppress(OSError):
                return Qmp(self.socket("qmp"))
            if time.monotonic() > until:
                raise GuestError("QEMU's control socket did not appear")
            time.sleep(0.05)


def _command(image: Image, disk: str, guest: Guest, hardware: Hardware, *, saved: bool) -> list[str]:
    kernel = ("root=/dev/vda", "console=ttyS0", "quiet", "systemd.show_status=0", "panic=0", *_QUICK, *hardware.kernel)
    command = [
        # Whatever becomes of the tests, the machine does not outlive them.
        *("setpriv", "--pdeathsig", "KILL"),
        "qemu-system-x86_64",
        *("-nodefaults", "-no-user-config", "-display", "none"),
        # No KVM: a nested one does not boot a Debian kernel everywhere, and a test should be as slow everywhere.
        # The oldest processor that Debian's wheels run on (x86-64-v2): wide registers are slow when emulated.
        *("-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "Nehalem"),
        # One processor, since two machines run beside each other on two cores. Besides, under more than one, on a busy
        # host, a Linux that patches its own code once stopped at a breakpoint of its own ("Oops: int3").
        *("-smp", "1", "-m", "1536"),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", " ".join(kernel)),
        *("-qmp", f"unix:{guest.socket('qmp')},server=on,wait=off"),
        *("-chardev", f"file,id=kernel,path={guest.folder}/kernel.log,append=on", "-serial", "chardev:kernel"),
        *("-chardev", f"socket,id=shell,path={guest.socket('shell')},server=on,wait=off", "-serial", "chardev:shell"),
        # What the machine tells by itself: the gate's log, and what its screen shows.
        *("-device", "virtio-serial-pci"),
        *_told("log", guest.folder),
        *_told("screen", guest.folder),
        *("-drive", f"file={disk},if=virtio"),
        *("-virtfs", f"local,path={guest.share},mount_tag=hil,security_model=none"),
        *("-device", "qemu-xhci,id=usb,p2=8,p3=8"),
        *("-device", "i6300esb", "-action", "watchdog=reset"),
        *("-rtc", f"base={hardware.clock},clock=vm"),
    ]
    if hardware.sound:
        command += ["-audiodev", f"wav,id=sound,path={guest.sound},out.frequency=48000", "-device", "intel-hda"]
        command += ["-device", "hda-output,audiodev=sound"]
    if hardware.network:
        command += ["-netdev", "user,id=lan,restrict=on", "-device", "virtio-net-pci,netdev=lan"]
    if saved:
        command += ["-loadvm", _SAVED]
    return command


def _told(name: str, folder: Path) -> tuple[str, ...]:
    port = f"virtserialport,chardev={name},name={name}"
    return ("-chardev", f"file,id={name},path={folder / name},append=on", "-device", port)
