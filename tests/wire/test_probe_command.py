"""``gate probe`` as an installer runs it: a process, a recorded tree, a real pseudo-terminal behind its port."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from device_trees import lay_out
from vectors import ROOT

from drivers.simulated import id_cards
from drivers.simulated.id_reader import PtyReader

if TYPE_CHECKING:
    from pathlib import Path

WAIT_S = 60


def probe(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "gate", "probe", "--json", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_id_reader_that_is_asked_says_who_it_is_and_no_card_is_read(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "tree", "bridge-ftdi")
    port = root / "dev/ttyUSB0"
    port.unlink()
    with PtyReader(port) as reader:
        reader.present(id_cards.citizen(1))
        (open_port,) = probe("--root", str(root))["found"]
        assert open_port["sure"] == "open"
        assert not list(reader.exchanges), "nothing is written where nobody said --ask"
        (asked,) = probe("--ask", "--root", str(root))["found"]
        sent = {exchange.command for exchange in reader.exchanges}
    assert (asked["kind"], asked["sure"]) == ("ID reader", "sure")
    assert asked["why"].startswith("answered: SAM ")
    assert [stanza["use"] for stanza in asked["stanzas"]] == ["it is an ID reader"]
    assert sent == {b"\x11\xff", b"\x12\xff"}, "SAM status and SAM number, no card"


def test_a_port_behind_which_nobody_answers_stays_open(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "tree", "bridge-ftdi")
    (root / "dev/ttyUSB0").unlink()
    (asked,) = probe("--ask", "--root", str(root))["found"]
    assert asked["sure"] == "open"
    assert "asked whether it is an ID reader:" in asked["traps"][-1]
