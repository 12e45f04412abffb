"""kill -9 while rows are recorded and sent: the server has in the end what the journal has, once each.

20 kills here; 500 with ``GATE_FAULTS=full``.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from receiver import Receiver
from reliability import Found, note, times
from uploads import enrolled, in_journal

HERE = Path(__file__).resolve().parent.parent
FULL_KILLS = 500
KILLS = times(FULL_KILLS, 20)
ROWS_A_LIFE = 200
STAGES = ("arrived", "taken", "answered")


def start(folder: Path, url: str, rows: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": f"{HERE.parent}:{HERE}"}
    command = [sys.executable, str(HERE / "upload_child.py"), str(folder), url, str(rows)]
    return subprocess.Popen(command, env=environment)


def test_whenever_it_is_killed_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    receiver = Receiver()
    key = enrolled(receiver)
    (tmp_path / "device.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    draw = random.Random(7)
    try:
        for _ in range(KILLS):
            _one_life(tmp_path, receiver, draw)
        last = start(tmp_path, receiver.url, 0)
        assert last.wait(60) == 0
        journal = in_journal(tmp_path / "journal.sqlite")
        promised, server = set((tmp_path / "promised").read_text("ascii").split()), receiver.store.passages()
        lost, twice = len((promised | set(journal)) - set(server)), len(receiver.store.quarantined())
        note(Found("kill -9 while rows are recorded and sent", KILLS, lost, twice, in_full=FULL_KILLS))
        assert server == journal
    finally:
        receiver.close()


def _one_life(folder: Path, receiver: Receiver, draw: random.Random) -> None:
    """Kill it at a stage of one of its first uploads, or up to 20 ms later."""
    stage, upload = draw.choice(STAGES), receiver.uploads + draw.randrange(1, 6)
    child = start(folder, receiver.url, ROWS_A_LIFE)
    late = draw.choice((0.0, draw.random() / 50))
    killed = threading.Event()

    def kill(now: str) -> None:
        if now == stage and receiver.uploads >= upload:
            killed.wait(late)
            child.kill()

    receiver.stage = kill
    child.wait(60)
    receiver.stage = lambda _: None
