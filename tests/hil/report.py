"""What runs found: docs/hil.md, device by device and fault by fault, with what the machine was made of.

A run of everything takes an hour and more, so what each test found is kept in ``docs/hil/found.json``, and a run of
some tests writes theirs anew. Tests run in several processes; what they find goes with their reports to the one that
writes (``user_properties``).
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pages import table

if TYPE_CHECKING:
    import pytest
    from hil.machine.image import Image

ABOUT: Final = "hil-about"
"""Name of a report's property: device and sentence of its test."""
FACTS: Final = "hil-facts"
"""The same: what ``Facts.taken`` gave."""

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
class Facts:
    """What the tests of one process found out since ``taken`` was last called."""

    boots: list[float] = field(default_factory=list)
    """Seconds from power to "ready"."""
    notes: dict[str, str] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)
    """What it is made of, and in which version."""

    def note(self, what: str, found: str) -> None:
        """Something worth a line of the page."""
        self.notes[what] = found

    def about(self, image: Image) -> None:
        """Which machine it is."""
        self.machine |= {called: image.version(name) for name, called in _NAMES.items()}

    def taken(self) -> dict[str, Any]:
        """All of it, to be sent to the process that writes the page."""
        now = {"boots": self.boots, "notes": self.notes, "machine": dict(self.machine)}
        self.boots, self.notes = [], {}
        return now


class Page:
    """A plugin of pytest that writes the page when all tests were run, whichever processes ran them.

    Args:
        page: its file; what was found lies in ``found.json`` in the folder of the same name.
        afresh: forget what earlier runs found.
    """

    def __init__(self, page: Path, *, afresh: bool) -> None:
        self._page, self._file = page, page.with_suffix("") / "found.json"
        self._found: dict[str, Any] = {"cases": {}, "notes": {}, "boots": [], "machine": {}}
        if not afresh:
            self._found = json.loads(self._file.read_text(encoding="utf-8"))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test says of itself."""
        said: dict[str, Any] = dict(report.user_properties)
        if ABOUT in said:
            device, sentence = said[ABOUT]
            self._found["cases"][report.nodeid] = {
                "device": device,
                "sentence": sentence,
                "result": report.outcome,
                "seconds": report.duration,
                "when": f"{datetime.now(UTC):%Y-%m-%d}",
                "gate": said[FACTS]["machine"].get("gate", ""),
            }
        if FACTS in said:
            self._found["notes"] |= said[FACTS]["notes"]
            self._found["machine"] |= said[FACTS]["machine"]
            self._found["boots"] += map(round, said[FACTS]["boots"])

    def pytest_sessionfinish(self) -> None:
        """Write it."""
        text = json.dumps(self._found, indent=1, ensure_ascii=False)
        self._file.write_text(text + "\n", encoding="utf-8")
        self._page.write_text(_page(self._found), encoding="utf-8")


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
