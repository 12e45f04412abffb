"""The table of docs/devices.md: which driver holds to what; ``--write`` puts it on the page.

Run from the checkout: ``.venv/bin/python tests/contract_report.py --write``.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from contract import PROPERTIES, Bench
from contract_rigs import RIGS
from pages import table, with_section
from vectors import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rig import Rig

PAGE: Final = ROOT / "docs" / "devices.md"
HEADING: Final = "What every driver holds to"


@cache
def outcome(rig: type[Rig], heading: str) -> str:
    """Try one property of one driver: "holds", or why it can't be asked of its medium; anything else raises."""

    async def trial(folder: Path) -> str:
        bench = Bench(rig(folder), folder)
        try:
            return await PROPERTIES[heading](bench)
        finally:
            bench.rig.lose()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(trial(Path(folder)))


def row(rig: type[Rig]) -> Sequence[str]:
    """One line of the table.

    Raises:
        pytest.skip.Exception: what the rig needs is not on this machine.
    """
    return (rig.row, *(outcome(rig, heading) for heading in PROPERTIES))


def section() -> str:
    """The table and what it is."""
    body = table(("driver", *PROPERTIES), map(row, RIGS))
    return f"Tried with a simulated device at the other end of the wire.\n\n{body}"


def main() -> int:
    """Print the table, or write it; 1 where a driver could not be tried here."""
    parser = argparse.ArgumentParser(description="Try the contract of every driver.")
    parser.add_argument("--write", action="store_true", help=f"put the table on {PAGE.name}")
    arguments = parser.parse_args()
    try:
        found = section()
    except pytest.skip.Exception as skipped:
        print(skipped.msg, file=sys.stderr)  # noqa: T201 - its output
        return 1
    print(found)  # noqa: T201 - its output
    if arguments.write:
        PAGE.write_text(with_section(PAGE.read_text("utf-8"), HEADING, found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
