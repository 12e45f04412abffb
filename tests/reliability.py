"""What tests of faults found, in a form from which docs/reliability.md is written.

With ``GATE_RELIABILITY=FILE`` every call of ``note`` adds a line of JSON to the file: the fields of ``Found``. With
``GATE_FAULTS=full`` tests try each fault as often as the page claims; otherwise a sample of that.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

FULL: Final = os.environ.get("GATE_FAULTS") == "full"


@dataclass(frozen=True, slots=True)
class Found:
    """One row of the page; those of one fault are summed."""

    fault: str
    """What was done to the gate, e.g. ``"kill -9 during a day of passages"``."""
    tried: int
    """How often."""
    lost: int | None = 0
    """Passages that were on record, or said to be, and are not any more; None: what was destroyed is not counted."""
    twice: int = 0
    """Passages that are on record, or arrived, more than once."""
    wrongly_let_in: int = 0
    """People who were let in without a record, or without a right to be."""
    heard: tuple[str, ...] = ()
    """Reasons that were spoken meanwhile, e.g. ``("record_failed",)``."""
    remark: str = ""
    """What else the page should say; one sentence."""
    in_full: int = 0
    """How often a full run tries it; 0: every run tries all of it."""


def times(full: int, sample: int) -> int:
    """How often a fault is tried in this run."""
    return full if FULL else sample


def note(found: Found) -> None:
    """Take down what was found; it has to be nothing bad."""
    file = os.environ.get("GATE_RELIABILITY")
    if file:
        with Path(file).open("a", encoding="utf-8") as page:
            page.write(json.dumps(asdict(found), ensure_ascii=False) + "\n")
    assert (found.lost or 0, found.twice, found.wrongly_let_in) == (0, 0, 0), found
