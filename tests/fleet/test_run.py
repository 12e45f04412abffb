"""``fleet run``: everything starts, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fleet_rig import free_port

from fleet.errors import FleetError
from fleet.postgres import running
from fleet.prepare import claims_key
from gate.net.client import Client
from gate.net.trust import NO_TRUST
from gate.wire.message import MEDIA_TYPE, encode
from gate.wire.token import CHALLENGE_PATH, ChallengeRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.run import Ready


@pytest.fixture
def folder(fleet_ready: Ready) -> Iterator[Path]:
    assert fleet_ready.dsn, "there is a PostgreSQL here"
    with tempfile.TemporaryDirectory(prefix="fleet-test-", dir="/tmp") as found:
        yield Path(found)


def started(data: Path, port: int) -> tuple[subprocess.Popen[str], list[str]]:
    """The command, and what it has said when it is ready."""
    command = [sys.executable, "-m", "fleet", "--data", str(data), "--port", str(port)]
    running_ = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert running_.stdout
    said = []
    for line in running_.stdout:
        said.append(line.strip())
        if line.startswith("Ctrl-C"):
            break
    return running_, said


def stopped(command: subprocess.Popen[str], how: signal.Signals) -> int:
    os.killpg(command.pid, how)
    code = command.wait(60)
    if command.stdout:
        command.stdout.close()
    return code


def test_it_starts_says_where_it_is_and_stops_whole(folder: Path) -> None:
    port = free_port()
    command, said = started(folder, port)
    assert any(line.startswith("password: ") for line in said)
    body, headers = encode(ChallengeRequest("gate-7")), {"Content-Type": MEDIA_TYPE}
    client = Client(f"http://127.0.0.1:{port}", NO_TRUST)
    found = client.request("POST", CHALLENGE_PATH, body=body, headers=headers, deadline_s=20, most_bytes=1 << 20)
    client.close()
    assert found.status == 200
    with pytest.raises(FleetError, match="another fleet runs"), running(folder):
        pass
    assert stopped(command, signal.SIGINT) == 0
    assert not (folder / "postgresql" / "postmaster.pid").exists()
    assert (folder / "claims.pem").stat().st_mode & 0o077 == 0


def test_one_that_was_killed_leaves_nothing_that_keeps_the_next_from_starting(folder: Path) -> None:
    port = free_port()
    command, _ = started(folder, port)
    command.kill()
    command.wait(60)
    with running(folder) as dsn:
        assert dsn
    if command.stdout:
        command.stdout.close()


def test_a_key_file_that_holds_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "claims.pem").write_text("no key")
    with pytest.raises(FleetError, match=r"claims\.pem holds no key"):
        claims_key(tmp_path / "claims.pem")
