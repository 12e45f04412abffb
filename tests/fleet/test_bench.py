"""``fleet bench``, each kind of it with next to nothing to do."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from reliability import FULL

from fleet.bench import city, page
from fleet.bench.asking import Tally
from fleet.bench.outage import Comeback, Minute, settled, verdict
from fleet.bench.rollout import _left, measure

if TYPE_CHECKING:
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


def test_gates_that_come_back_are_all_heard_and_nothing_of_the_outage_is_left(fleet_server: FleetServer) -> None:
    port = int(fleet_server.url.rpartition(":")[2])
    gates = city.enrolled(fleet_server.ready, 20)
    comeback = Comeback(fleet_server.url, port, gates, backlog=30, a_second=0.1, longest_s=1)
    minutes = asyncio.run(comeback.watched(3, 3.0))
    assert [one.answers.wrong for one in minutes] == [0, 0, 0]
    assert (minutes[-1].back, minutes[-1].waiting) == (20, 0)
    assert comeback.passages >= 20 * 30
    there = "SELECT count(*) FROM passages JOIN devices ON devices.id = device_id WHERE name LIKE 'bench-%%'"
    assert fleet_server.sql(there) == [(comeback.passages,)]


def test_it_is_settled_when_all_are_back_nothing_waits_and_nobody_is_put_off() -> None:
    def minute(back: int, waiting: int, took_s: float = 0.01, status: str = "200") -> Minute:
        return Minute(Tally([took_s] * 100, Counter({status: 100})), 0, back, waiting)

    late = [minute(5, 9), minute(9, 3), minute(9, 0, status="503 later"), minute(9, 0, 0.5), minute(9, 0)]
    assert settled(late) == 4
    assert verdict(late) == "Settled by the end of minute 4; from then on p99 is at most 500 ms in a minute"
    assert settled(late[:3]) is None
    assert settled([*late, minute(9, 0, status="500")]) is None
    assert verdict(late[:3]) == "It has not settled"


def test_a_rule_is_published_to_real_updaters_and_what_that_takes_is_counted() -> None:
    if shutil.which("nginx", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("there is no nginx here: ./run test installs it")
    with tempfile.TemporaryDirectory(prefix="fleet-test-", dir="/tmp") as folder:  # nginx's user has to get into it
        found = measure(Path(folder), 5, 1.0)
    assert len(found.in_force_s) == 5
    assert found.vain == 0
    assert found.idle.requests == 3, "no folder of its own, nothing new in its ring, no newer root"
    assert found.all.requests > 5 * found.idle.requests
    assert found.all.bytes > 5 * found.content > 0


def test_who_looks_rarely_waits_for_half_of_the_time_on_average() -> None:
    left = sorted(_left(100, 0.25) for _ in range(4000))
    assert left[0] >= 0
    assert left[-1] <= 125
    assert 45 < left[2000] < 60


@pytest.mark.skipif(not FULL, reason="takes twenty minutes of a quiet machine: GATE_FAULTS=full")
@pytest.mark.parametrize("kind", [[], ["return"], ["rollout"]])
def test_a_whole_city_is_borne(fleet_server: FleetServer, kind: list[str]) -> None:
    del fleet_server  # there is a PostgreSQL
    bench(*kind)
