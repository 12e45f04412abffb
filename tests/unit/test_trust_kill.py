"""kill -9 at the steps of taking a bundle: whatever the step, the next start has a whole one and can go on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from net_rig import Server
from reliability import Found, note, times
from trust_site import Site, held, start, versioned
from vectors import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SAMPLED = 8
"""Of a hundred steps or so."""


def refresh_until(step: int, folder: Path, server: Server) -> tuple[int, int]:
    """Exit status, and how many steps there were; 0: it was killed before it could say."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/take_and_die.py"), str(folder), server.base, str(step)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.returncode, int(done.stdout or 0)


def test_a_kill_at_any_step_leaves_a_whole_bundle(tmp_path: Path) -> None:
    site, before = Site(), tmp_path / "before"
    with Server(site.serve) as server:
        site.put(versioned(3))
        before.mkdir()
        start(before, server).refresh()
        site.put(versioned(4, others={"rules": {"a.json": b"{}"}}))
        whole = tmp_path / "whole"
        shutil.copytree(before, whole, symlinks=True)
        status, steps = refresh_until(0, whole, server)
        assert status == 0
        assert steps > SAMPLED
        chosen = range(1, steps + 1, -(-steps // times(steps, SAMPLED)))
        seen = set()
        for step in chosen:
            folder = tmp_path / f"killed-{step}"
            shutil.copytree(before, folder, symlinks=True)
            status, _ = refresh_until(step, folder, server)
            assert status == -signal.SIGKILL
            after = start(folder, server)
            found = held(after)
            assert found in {"v3", "v4"}, f"step {step}"
            seen.add(found)
            after.refresh()
            assert held(after) == "v4", f"step {step}"
            assert after.state.fault is None
            assert held(start(folder, server)) == "v4"
        assert seen == {"v3", "v4"}
    remark = "The next start has the old one or the new one, whole."
    note(Found("signed bundle: kill -9 while it is taken", len(chosen), remark=remark, in_full=steps))
