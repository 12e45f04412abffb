"""What a run found: docs/hil.md, device by device and fault by fault, with what the machine was made of."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pages import table

if TYPE_CHECKING:
    from hil.machine.image import Image

_PARTS: Final = Path(__file__).parent / "page"
"""The page's words before and after the tables."""
_NAMES: Final = {
    "linux-image-amd64": "kernel",
    "systemd": "systemd",
    "python3": "Python",
    "libcamera-ipa": "libcamera",
    "gate": "gate",
}


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
        before, after = ((_PARTS / f"{name}.md").read_text(encoding="utf-8") for name in ("before", "after"))
        rows = [(case.device, case.sentence, case.result, f"{case.seconds:.0f}") for case in self.cases]
        parts = [before, table(("machine", ""), self._machine())]
        parts += ["## What was tried", table(("device", "what happens", "result", "s"), rows)]
        if self.notes:
            parts += ["## What came of it", table(("what", "found"), self.notes)]
        page.write_text("\n\n".join(part.strip() for part in [*parts, after]) + "\n", encoding="utf-8")

    def _machine(self) -> list[tuple[str, str]]:
        rows = [("run", f"{datetime.now(UTC):%Y-%m-%d}, {len(self.cases)} tests")]
        if self.image is not None:
            rows += [(called, self.image.version(name)) for name, called in _NAMES.items()]
        if self.picamera2:
            rows.append(("picamera2", self.picamera2))
        if self.boots:
            middle = statistics.median(self.boots)
            spread = f"{min(self.boots):.0f} to {max(self.boots):.0f} s, median {middle:.0f} s"
            rows.append((f'power to "ready", {len(self.boots)} boots', spread))
        return rows
