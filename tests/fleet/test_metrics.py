"""What Prometheus is told: true counts, in its own format, at a port of its own and nowhere else."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from fleet_desk import beat
from fleet_gate import Gate, row
from fleet_rig import serving
from hypothesis import given
from hypothesis import strategies as st

from fleet.plane.metrics import BUCKETS_S, MEDIA_TYPE, Metrics
from fleet.planned import ZONE
from gate.wire.heartbeat import Clock
from gate.wire.message import encode

if TYPE_CHECKING:
    from fleet_rig import FleetServer

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="[^"\\\n]*",?)*)\})? (\S+)')


def parsed(text: str) -> dict[tuple[str, str], float]:
    """Every sample by name and labels; each has a family that was announced before it."""
    found, families = dict[tuple[str, str], float](), set[str]()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            families.add(line.split()[2])
        elif not line.startswith("# HELP "):
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] in families or re.sub("_(bucket|sum|count)$", "", sample[1]) in families, line
            key = sample[1], sample[2] or ""
            assert key not in found, line
            found[key] = float(sample[3])
    return found


def scraped(server: FleetServer) -> dict[tuple[str, str], float]:
    port = int(server.url.rpartition(":")[2]) + 2
    said = httpx.get(f"http://127.0.0.1:{port}/metrics")
    assert said.headers["content-type"] == MEDIA_TYPE
    return parsed(said.text)


def test_what_a_replica_did_is_counted(fleet_server: FleetServer) -> None:
    gate = Gate(fleet_server)
    before = scraped(fleet_server)
    gate.beat()
    gate.send(row(1), row(2), row(3, id="no id"))
    after = scraped(fleet_server)
    done = {key: after[key] - before.get(key, 0) for key in after}
    assert done["fleet_heartbeats_total", ""] == 1
    assert done["fleet_rows_total", 'result="taken"'] == 2
    assert done["fleet_rows_total", 'result="quarantined"'] == 1
    assert done["fleet_answers_total", 'path="/v1/passages",status="200"'] == 1
    assert done["fleet_answer_seconds_count", 'path="/v1/heartbeat"'] == 1
    assert done["fleet_answer_seconds_bucket", 'path="/v1/heartbeat",le="+Inf"'] == 1
    assert after["fleet_pool", 'is="most"'] == 12
    assert after["fleet_under_way", ""] == 0


def test_gates_are_counted_by_state(fleet_server: FleetServer) -> None:
    now = datetime.now(UTC)
    before = int(fleet_server.sql("SELECT count(*) FROM devices WHERE state = 'revoked'")[0][0])
    told = (
        (beat(), 0, "active"),
        (beat(clock=Clock(now, trusted=False)), 0, "active"),
        (beat(), 400, "active"),
        (beat(), 0, "revoked"),
    )
    for gate, (said, ago_s, state) in zip((Gate(fleet_server) for _ in told), told, strict=False):
        fleet_server.sql("UPDATE devices SET state = %s WHERE id = %s", state, gate.id)
        seen = now - timedelta(seconds=ago_s)
        values = gate.id, seen, encode(said)
        fleet_server.sql("INSERT INTO reports (device_id, seen_at, heartbeat) VALUES (%s, %s, %s)", *values)
    with serving(fleet_server.ready) as another:
        found = scraped(another)
    assert found["fleet_database_up", ""] == 1
    for state in ("online", "degraded", "offline"):
        assert found["fleet_gates", f'state="{state}"'] >= 1
    assert found["fleet_gates", 'state="revoked"'] == before + 1
    ((gates,),) = fleet_server.sql("SELECT count(*) FROM devices")
    assert sum(value for (name, _), value in found.items() if name == "fleet_gates") == gates


def test_a_gate_that_is_silent_as_planned_is_not_counted_as_offline(fleet_server: FleetServer) -> None:
    now, site = datetime.now(UTC), fleet_server.site("station-with-hours")
    silent = now - timedelta(hours=1)
    gates = [Gate(fleet_server) for _ in range(4)]
    fleet_server.sql("UPDATE devices SET site_id = %s WHERE id = ANY(%s)", site, [gate.id for gate in gates[:2]])
    for gate in gates:
        values = gate.id, silent, encode(beat())
        fleet_server.sql("INSERT INTO reports (device_id, seen_at, heartbeat) VALUES (%s, %s, %s)", *values)
    with serving(fleet_server.ready) as another:
        before = scraped(another)
    local = now.astimezone(ZONE)
    opens, closes = ((local + timedelta(hours=hours)).time() for hours in (11, 12))
    hours = site, opens, closes, "1234567"
    fleet_server.sql("INSERT INTO opening_hours (site_id, opens, closes, days) VALUES (%s, %s, %s, %s)", *hours)
    fleet_server.sql(
        "INSERT INTO planned_absences (device_id, begins, ends, why, made_by) VALUES (%s, %s, %s, '', 'somebody')",
        *(gates[2].id, silent, now + timedelta(hours=1)),
    )
    with serving(fleet_server.ready) as another:
        after = scraped(another)
    for state, more in (("off", 3), ("offline", -3), ("online", 0)):
        assert after["fleet_gates", f'state="{state}"'] - before["fleet_gates", f'state="{state}"'] == more
    fleet_server.sql("UPDATE devices SET state = 'revoked' WHERE id = ANY(%s)", [gate.id for gate in gates])


def test_gates_and_strangers_do_not_get_them(fleet_server: FleetServer) -> None:
    assert httpx.get(f"{fleet_server.url}/metrics").status_code == 404
    port = int(fleet_server.url.rpartition(":")[2]) + 2
    for path in ("/v1/challenge", "/", "/metrics/"):
        assert httpx.get(f"http://127.0.0.1:{port}{path}").status_code == 404
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), 5)


def test_nobody_makes_up_labels(fleet_server: FleetServer) -> None:
    for path in ('/a"b', "/v1/x", "/v1/passages/y"):
        assert httpx.get(fleet_server.url + path).status_code == 404
    assert {labels for name, labels in scraped(fleet_server) if name == "fleet_answers_total" and "404" in labels} == {
        'path="other",status="404"'
    }


@given(st.integers(0, 10**15))
def test_large_counts_keep_their_last_digit(count: int) -> None:
    metrics = Metrics([])
    metrics.rows(count, 1)
    found = parsed(metrics.text({"online": count}, {}, 0))
    assert found["fleet_rows_total", 'result="taken"'] == count
    assert found["fleet_gates", 'state="online"'] == count


@given(st.lists(st.floats(0, 20), max_size=50))
def test_a_histogram_counts_each_answer_in_every_bucket_that_it_fits(took: list[float]) -> None:
    metrics = Metrics(["/a"])
    for one in took:
        metrics.answered("/a", 200, one)
    found = parsed(metrics.text(None, {}, 0))
    assert found["fleet_database_up", ""] == 0
    if took:
        for end in BUCKETS_S:
            assert found["fleet_answer_seconds_bucket", f'path="/a",le="{end}"'] == sum(one <= end for one in took)
        assert found["fleet_answer_seconds_count", 'path="/a"'] == len(took)
