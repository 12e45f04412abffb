"""``fleet bench``, each kind of it with next to nothing to do."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from fleet.bench import page

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_rig import FleetServer


def bench(*arguments: str) -> str:
    """What the command prints; it ended well."""
    command = [sys.executable, "-m", "fleet", "bench", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_section_is_replaced_where_it_is_and_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "figures.md"
    for title, line in (("One", "first"), ("Two", "second"), ("One", "third")):
        page.write(file, title, "measure", [line])
    text = file.read_text()
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# What a fleet's server bears",
        "## One",
        "## Two",
    ]
    assert "first" not in text
    assert text.index("third") < text.index("second")


def test_the_steady_rate_and_the_ceiling_are_measured_and_written(fleet_server: FleetServer, tmp_path: Path) -> None:
    del fleet_server  # there is a PostgreSQL
    file = tmp_path / "figures.md"
    said = bench(
        *("--seconds", "1", "--heartbeats", "20", "--rows", "40", "--batch", "10", "--gates", "30"),
        *("--write", str(file)),
    )
    assert "| heartbeats | 20/s |" in said
    assert "169 to 338 passages a second; all 21,390 gates busy with one person every 3 s would be 7,130" in said
    assert said in file.read_text()
