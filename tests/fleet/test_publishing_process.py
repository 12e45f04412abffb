"""The worker as a process of its own, between the command and a gate."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from static_site import RingGate, served
from trust_bundles import contents, root, write

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_rig import FleetServer

LAST = "99"


def test_what_the_command_begins_the_process_brings_to_gates(fleet_server: FleetServer, tmp_path: Path) -> None:
    fleet_server.sql("DELETE FROM rollouts")
    fleet_server.enrolled("process-gate")
    (tmp_path / "root.json").write_bytes(root())
    bundle, site = write(tmp_path / "bundle", contents(1)), tmp_path / "site"
    ours = [sys.executable, "-m", "fleet"]
    environment = {**os.environ, "FLEET_DSN": fleet_server.ready.dsn}
    asked = [str(bundle), "--site", str(site), "--root", str(tmp_path / "root.json"), "--at-once"]
    subprocess.run([*ours, "publish", *asked], env=environment, check=True)
    with subprocess.Popen([*ours, "rollouts", "--site", str(site)], env=environment) as worker, served(site) as base:
        try:
            while not (site / "rings" / LAST).is_symlink():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    raise AssertionError(f"it has ended with {worker.wait(0.1)}")
            assert RingGate("process-gate", base, tmp_path / "gate").fetch() == "trust@1"
        finally:
            worker.kill()
            fleet_server.sql("DELETE FROM rollouts")
