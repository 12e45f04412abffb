"""``fleet bench days`` with few rows; ``FLEET_BENCH_DAYS=1`` runs it whole, which takes an hour and 90 GB of a disk."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from fleet.bench.fill import Wanted, check_room
from fleet.errors import FleetError

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.run import Ready

IS_WHOLE = bool(os.environ.get("FLEET_BENCH_DAYS"))
SIZE = () if IS_WHOLE else ("--days", "3", "--rows", "3000", "--gates", "200", "--whole", "2")


def test_a_month_is_filled_asked_and_dropped(fleet_ready: Ready, tmp_path: Path) -> None:
    assert fleet_ready.dsn, "there is a PostgreSQL here"
    page = tmp_path / "page.md"
    command = [sys.executable, "-m", "fleet", "bench", "days", *SIZE, "--write", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = page.read_text("utf-8").splitlines()
    figures = [line for line in lines if line.startswith("| ") and " ms |" in line]
    assert len(figures) == 8
    if IS_WHOLE:
        for line in figures:
            if "under 1 s" in line:
                assert all(int(took.replace(",", "")) < 1000 for took in re.findall(r"([\d,]+) ms", line)), line
    else:
        assert "2 of the days, the oldest and the newest, have rows of their whole size" in page.read_text("utf-8")


def test_what_does_not_fit_on_the_disk_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"GB are needed .* GB are free; ask for fewer --days"):
        check_room(tmp_path, Wanted([], 10**6, 10**9))
