"""``gate read idcard`` as an installer runs it: a process, a real pseudo-terminal, printed lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from vectors import ROOT

from drivers.simulated import id_cards
from drivers.simulated.id_reader import PtyReader

if TYPE_CHECKING:
    from pathlib import Path

WAIT_S = 60
NUMBER = "999999199001010016"


def read(*arguments: str | Path, plug_ins: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gate", "read", "idcard", *arguments],
        cwd=ROOT,
        env=os.environ if plug_ins is None else os.environ | {"PYTHONPATH": str(plug_ins)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


def test_a_card_is_shown_masked(tmp_path: Path) -> None:
    with PtyReader(tmp_path / "port") as reader:
        reader.present(id_cards.citizen(1))
        done = read("--port", reader.port, "--json")
    assert done.returncode == 0, done.stderr
    sam, card = map(json.loads, done.stdout.splitlines())
    assert sam["notice"] == "online"
    assert sam["detail"].startswith("SAM ")
    assert card["number"] == "999999********0016"
    assert NUMBER not in done.stdout + done.stderr


def test_reveal_shows_every_field(tmp_path: Path) -> None:
    with PtyReader(tmp_path / "port") as reader:
        reader.present(id_cards.citizen(1, valid_to="长期"))
        done = read("--port", reader.port, "--reveal")
    assert done.returncode == 0, done.stderr
    assert f"number: {NUMBER}" in done.stdout
    assert "长期" in done.stdout


@pytest.mark.parametrize(
    ("port", "words"), [("/dev/no-such-port", "no-such-port"), ("/dev/null", "/dev/null"), (str(ROOT), "gate read:")]
)
def test_a_wrong_port_says_what_is_wrong(port: str, words: str) -> None:
    done = read("--port", port, "--timeout", "5")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_no_card_in_time_says_what_to_do(tmp_path: Path) -> None:
    with PtyReader(tmp_path / "port") as reader:
        done = read("--port", reader.port, "--timeout", "1")
    assert done.returncode == 1
    assert "lay a card flat" in done.stderr


def test_a_portrait_goes_to_the_decoder_that_is_plugged_in(tmp_path: Path) -> None:
    package = tmp_path / "plug-ins"
    (package / "decoder-1.0.dist-info").mkdir(parents=True)
    (package / "decoder-1.0.dist-info" / "entry_points.txt").write_text("[gate.portrait]\nwlt = decoder:decode\n")
    (package / "decoder-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: decoder\nVersion: 1.0\n")
    (package / "decoder.py").write_text("def decode(portrait):\n    return b'BM%d' % len(portrait)\n")
    picture = tmp_path / "portrait.bmp"
    with PtyReader(tmp_path / "port") as reader:
        reader.present(id_cards.citizen(1))
        done = read("--port", reader.port, "--portrait", picture, plug_ins=package)
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes() == b"BM1024"
    assert picture.stat().st_mode & 0o777 == 0o600


def test_without_a_decoder_the_portrait_stays_where_it_is(tmp_path: Path) -> None:
    picture = tmp_path / "portrait.bmp"
    done = read("--port", "/dev/null", "--portrait", picture)
    assert done.returncode == 2
    assert "installed are: none" in done.stderr
    assert not picture.exists()
