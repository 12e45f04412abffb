"""``fleet run``: everything starts, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from fleet_desk import beat
from fleet_rig import FleetServer, free_port, free_ports

from fleet.errors import FleetError
from fleet.postgres import running
from fleet.prepare import claims_key
from fleet.run import Ready
from gate.net.client import Client
from gate.net.trust import NO_TRUST
from gate.wire.heartbeat import Clock
from gate.wire.message import MEDIA_TYPE, encode
from gate.wire.token import CHALLENGE_PATH, ChallengeRequest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def folder(fleet_ready: Ready) -> Iterator[Path]:
    assert fleet_ready.dsn, "there is a PostgreSQL here"
    with tempfile.TemporaryDirectory(prefix="fleet-test-", dir="/tmp") as found:
        yield Path(found)


@contextlib.contextmanager
def started(data: Path, port: int, *options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command, and what it has said when it is ready."""
    # As a shell's background job, which is started with SIGINT ignored.
    command = ["env", "--ignore-signal=INT", sys.executable, "-m", "fleet", "--data", str(data), "--port", str(port)]
    command += options
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as running_:
        assert running_.stdout
        said = []
        try:
            for line in running_.stdout:
                said.append(line.strip())
                if line.startswith("Ctrl-C"):
                    break
            yield running_, said
        finally:
            running_.kill()


def stop(command: subprocess.Popen[str]) -> None:
    """All of it: a database that still ends writes into a folder that is being erased."""
    os.killpg(command.pid, signal.SIGINT)
    assert command.wait(60) == 0


def export(with_these: str, folder: Path) -> str:
    """What a command says that was given the settings that were printed, as a shell would take them."""
    (folder / "list.csv").write_text("device,serial\n")
    settings = [word for word in shlex.split(with_these) if word.startswith("FLEET_")]
    command = ["env", *settings, sys.executable, "-m", "fleet", "claims", "export", "--site", "nowhere"]
    command += ["--devices", str(folder / "list.csv"), "--out", str(folder / "out")]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def database_of(said: list[str], folder: Path) -> FleetServer:
    """What it says that others connect to."""
    (with_these,) = (line for line in said if line.startswith("commands: "))
    (dsn,) = (word.partition("=")[2] for word in shlex.split(with_these) if word.startswith("FLEET_DSN="))
    return FleetServer("", Ready(dsn, "", folder))


def test_it_starts_says_where_it_is_and_stops_whole(folder: Path) -> None:
    port = free_port()
    with started(folder, port) as (command, said):
        assert any(line.startswith("password: ") for line in said)
        body, headers = encode(ChallengeRequest("gate-7")), {"Content-Type": MEDIA_TYPE}
        client = Client(f"http://127.0.0.1:{port}", NO_TRUST)
        found = client.request("POST", CHALLENGE_PATH, body=body, headers=headers, deadline_s=60, most_bytes=1 << 20)
        client.close()
        assert found.status == 200
        assert "fleet_gates" in httpx.get(f"http://127.0.0.1:{port + 2}/metrics", timeout=60).text
        (with_these,) = (line for line in said if line.startswith("commands: "))
        assert export(with_these.partition(" ")[2], folder) == "fleet: there is no site nowhere\n"
        with pytest.raises(FleetError, match="another fleet runs"), running(folder):
            pass
        stop(command)
    assert not (folder / "postgresql" / "postmaster.pid").exists()
    assert (folder / "claims.key.pem").stat().st_mode & 0o077 == 0


def test_it_lets_go_of_days_past_their_time(folder: Path) -> None:
    now, old = datetime.now(UTC), datetime.now(UTC).date() - timedelta(40)
    told = beat(clock=Clock(now, trusted=True))
    with started(folder, free_port()) as (command, said):
        server = database_of(said, folder)
        server.enrolled("gate-7")
        server.sql("SELECT make_day(%s)", old)
        server.sql(
            "INSERT INTO reports (device_id, seen_at, heartbeat) SELECT id, %s, %s FROM devices", now, encode(told)
        )
        stop(command)
    (folder / "days").mkdir()
    (folder / "days" / f"{old}.key").write_bytes(b"a key of that day")
    with started(folder, free_port()) as (command, said):
        server = database_of(said, folder)
        ends = time.monotonic() + 60
        while server.sql("SELECT count(*) FROM days_gone WHERE dropped_at IS NOT NULL") == [(0,)]:
            assert time.monotonic() < ends
        assert server.sql("SELECT to_regclass(%s)", f"passages_{old:%Y%m%d}") == [(None,)]
        stop(command)
    assert list((folder / "days").iterdir()) == []


def test_several_replicas_are_behind_one_address_with_what_gates_fetch(folder: Path) -> None:
    if shutil.which("nginx", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("there is no nginx here: ./run test installs it")
    port = free_ports(6)
    with started(folder, port, "--replicas", "2") as (command, said):
        assert said[-1].startswith("Ctrl-C"), said
        url = f"http://127.0.0.1:{port}"
        rings = folder / "site" / "rings" / "07"
        rings.mkdir(parents=True)
        (rings / "timestamp.json").write_text("{}")
        found = httpx.get(f"{url}/rings/07/timestamp.json", timeout=60)
        assert (found.text, found.headers["cache-control"]) == ("{}", "public, max-age=10")
        for counts in (port + 2, port + 3):
            assert "fleet_gates" in httpx.get(f"http://127.0.0.1:{counts}/metrics", timeout=60).text
        client = Client(url, NO_TRUST)
        for _ in range(4):  # whichever replica it is
            asked = encode(ChallengeRequest("gate-7"))
            answer = client.request(
                "POST", CHALLENGE_PATH, body=asked, headers={"Content-Type": MEDIA_TYPE}, deadline_s=60, most_bytes=1024
            )
            assert answer.status == 200
        client.close()
        stop(command)
    with socket.create_server(("127.0.0.1", port)):
        """Nobody is left there."""


def test_one_that_was_killed_leaves_nothing_that_keeps_the_next_from_starting(folder: Path) -> None:
    with started(folder, free_port()) as (command, said):
        assert said[-1].startswith("Ctrl-C")
        command.kill()
        command.wait(60)
        with running(folder) as dsn:
            assert dsn


def test_a_key_file_that_holds_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "claims.key.pem").write_text("no key")
    with pytest.raises(FleetError, match=r"claims\.key\.pem holds no key"):
        claims_key(tmp_path / "claims.key.pem")
