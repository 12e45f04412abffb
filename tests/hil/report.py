"""What runs found: docs/hil.md, device by device and fault by fault, with what the machine was made of.

A run of everything takes an hour and more, so what each test found is kept in ``docs/hil/found.json``, and a run of
some tests writes theirs anew.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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

    test: str
    """pytest's name of it."""
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

    def write(self, page: Path, *, afresh: bool) -> None:
        """Write the page.

        Args:
            page: its file; what was found lies in ``found.json`` in the folder of the same name.
            afresh: forget what earlier runs found.
        """
        file = page.with_suffix("") / "found.json"
        found = {"cases": {}, "notes": {}, "boots": [], "machine": {}} if afresh else json.loads(file.read_text())
        self._add_to(found)
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        page.write_text(_page(found), encoding="utf-8")

    def _add_to(self, found: dict[str, Any]) -> None:
        when = f"{datetime.now(UTC):%Y-%m-%d}"
        gate = self.image.version("gate") if self.image else ""
        found["cases"] |= {case.test: asdict(case) | {"when": when, "gate": gate} for case in self.cases}
        found["notes"] |= dict(self.notes)
        found["boots"] += [round(seconds) for seconds in self.boots]
        if self.image is not None:
            found["machine"] |= {called: self.image.version(name) for name, called in _NAMES.items()}
        if self.picamera2:
            found["machine"]["picamera2"] = self.picamera2


def _page(found: dict[str, Any]) -> str:
    before, after = ((_PARTS / f"{name}.md").read_text(encoding="utf-8") for name in ("before", "after"))
    cases = sorted(found["cases"].values(), key=lambda case: str(case["device"]))
    head = ("device", "what happens", "result", "s", "run on", "gate")
    rows = [
        (case["device"], case["sentence"], case["result"], f"{case['seconds']:.0f}", case["when"], case["gate"])
        for case in cases
    ]
    parts = [before, table(("machine", ""), _machine(found)), "## What was tried", table(head, rows)]
    if found["notes"]:
        parts += ["## What came of it", table(("what", "found"), list(found["notes"].items()))]
    return "\n\n".join(part.strip() for part in [*parts, after]) + "\n"


def _machine(found: dict[str, Any]) -> list[tuple[str, str]]:
    rows = list(found["machine"].items())
    if boots := found["boots"]:
        spread = f"{min(boots)} to {max(boots)} s, median {statistics.median(boots):.0f} s"
        rows.append((f'power to "ready", {len(boots)} boots', spread))
    return rows
