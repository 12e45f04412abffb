"""What a run found: docs/hil.md, device by device and fault by fault, with what the machine was made of."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pages import table

if TYPE_CHECKING:
    from pathlib import Path

    from hil.machine.image import Image

_HEAD: Final = """\
# The gate on an emulated machine

Written by `./run hil --all --write`; how these tests are made is in [tests/hil/README.md](../tests/hil/README.md). The whole software of a
gate runs here as on a device: its Debian package on Debian 13, that Debian's kernel and systemd, and devices on the kernel's own
drivers (USB serial, HID, CCID, UVC, HDA). The processor is emulated (QEMU's TCG, x86-64): what is shown is behaviour, not speed.
"""
_NOT_HERE: Final = """
## What can't be here, and the nearest thing that was tested

| on a device | here |
|---|---|
| a Raspberry Pi: its boards, its OTP, its firmware, arm64 | x86-64 with the same Debian release |
| its watchdog (bcm2835) | i6300esb, behind the same interface of the kernel; systemd feeds it as on a device |
| an SD card | a disk whose cache forgets unflushed blocks in any combination; sectors torn in half and worn-out cells are not covered |
| GPIO of a Pi | gpio-sim of the same kernel, built beside it, through lgpio and gpiozero |
| a ribbon-cable camera (its ISP) | a USB camera through uvcvideo |
| a screen with Chromium | the page and its stream, fetched by curl in the machine; Chromium itself is in `tests/browser` |
| baud rates | QEMU's USB serial adapter has none: every rate fits; `tests/wire` has them |
| a lane that hangs | a bug put into the daemon's memory at a test's word: the shipped code has no such bug that is known |
"""


@dataclass(slots=True)
class Case:
    """One test."""

    device: str
    sentence: str
    result: str
    seconds: float


@dataclass(slots=True)
class Facts:
    """Everything that a run found out."""

    cases: list[Case] = field(default_factory=list)
    boots: list[float] = field(default_factory=list)
    """Seconds from power to "ready"."""
    notes: list[tuple[str, str]] = field(default_factory=list)
    image: Image | None = None
    picamera2: str = ""

    def note(self, what: str, found: str) -> None:
        """Something worth a line of the page."""
        self.notes.append((what, found))

    def write(self, page: Path) -> None:
        """Write the page."""
        parts = [_HEAD, self._machine(), "\n## What was tried\n\n"]
        rows = [(case.device, case.sentence, case.result, f"{case.seconds:.0f}") for case in self.cases]
        parts.append(table(("device", "what happens", "result", "s"), rows))
        if self.notes:
            parts += ["\n## What came of it\n\n", table(("what", "found"), self.notes)]
        page.write_text("".join([*parts, _NOT_HERE]), encoding="utf-8")

    def _machine(self) -> str:
        rows = [("run", f"{datetime.now(UTC):%Y-%m-%d}, {len(self.cases)} tests")]
        if self.image is not None:
            names = {
                "linux-image-amd64": "kernel",
                "systemd": "systemd",
                "python3": "Python",
                "libcamera-ipa": "libcamera",
            }
            rows += [(called, self.image.version(name)) for name, called in names.items()]
            rows.append(("gate", self.image.version("gate")))
        if self.picamera2:
            rows.append(("picamera2", self.picamera2))
        if self.boots:
            spread = f"{min(self.boots):.0f} to {max(self.boots):.0f} s, half of them within {statistics.median(self.boots):.0f} s"
            rows.append((f'power to "ready", {len(self.boots)} boots', spread))
        return "\n" + table(("machine", ""), rows)
