"""``gate camera``: what it says where there is no camera to serve."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import config


def said(folder: Path, readers: str) -> str:
    """What it says before it ends by an error."""
    text = (Path(config.__path__[0]) / "gate.toml").read_text("utf-8")
    (folder / "gate.toml").write_text(text.split("[[readers]]")[0] + readers, "utf-8")
    command = [
        sys.executable,
        "-P",
        "-m",
        "gate",
        "camera",
        "--config",
        str(folder / "gate.toml"),
        "--state",
        str(folder),
    ]
    ended: subprocess.CompletedProcess[str] = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


CAMERA = '[[readers]]\nname = "{}"\ndriver = "camera"\nsocket = "codes"\n'


@pytest.mark.parametrize(
    ("readers", "why"),
    [
        ("", "0 readers have the driver"),
        (CAMERA.format("a") + CAMERA.format("b"), "2 readers have the driver"),
        (CAMERA.format("a") + "width = 1", "width is 1"),
        (CAMERA.format("a") + 'device = "video"', "no camera at"),
        (CAMERA.format("a") + 'source = "picamera2"', "apt install python3-picamera2"),
        (CAMERA.format("a") + 'socket2 = "x"', "did you mean"),
    ],
    ids=["none", "two", "setting", "unplugged", "no picamera2", "unknown key"],
)
def test_it_says_what_is_wrong_and_ends(tmp_path: Path, readers: str, why: str) -> None:
    assert why in said(tmp_path, readers)
