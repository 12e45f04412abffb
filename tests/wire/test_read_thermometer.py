"""``gate read thermometer`` as an installer runs it: a process, a real pseudo-terminal, printed lines."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from vectors import ROOT

from drivers.simulated.gymcu90614 import PtyThermometer

if TYPE_CHECKING:
    from pathlib import Path

WAIT_S = 60


def read(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gate", "read", "thermometer", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


def test_readings_and_what_the_gate_would_make_of_them(tmp_path: Path) -> None:
    with PtyThermometer(tmp_path / "port") as module:
        module.target, module.ambient = 3649, 2413
        words = read("--driver", "gy-mcu90614", "--port", module.port)
        numbers = read("--driver", "gy-mcu90614", "--port", module.port, "--json", "--count", "5")
    assert words.returncode == 0, words.stderr
    assert words.stdout.splitlines() == [
        *["target: 36.49  ambient: 24.13"] * 10,
        "measured: 36.5  readings of a person: 10",
    ]
    assert [json.loads(line) for line in numbers.stdout.splitlines()] == [
        *[{"target": 36.49, "ambient": 24.13}] * 5,
        {"measured": 36.5, "readings of a person": 5},
    ]


def test_a_wall_is_not_measured(tmp_path: Path) -> None:
    with PtyThermometer(tmp_path / "port") as module:
        done = read("--driver", "gy-mcu90614", "--port", module.port, "--count", "6")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "measured: no  readings of a person: 0"


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    lost = read("--driver", "mlx90614", "--bus", "/dev/i2c-999", "--address", "0x5b")
    assert (lost.returncode, "switch I2C on" in lost.stderr) == (1, True)
    missing = read("--driver", "mlx90614", "--port", "/dev/ttyUSB0")
    assert (missing.returncode, 'unknown key "port"' in missing.stderr) == (2, True)
    with PtyThermometer(tmp_path / "port") as module:
        late = read("--driver", "gy-mcu90614", "--port", module.port, "--count", "1000", "--timeout", "1")
    assert (late.returncode, "not enough readings within 1 s" in late.stderr) == (1, True)
    assert "Traceback" not in lost.stderr + missing.stderr + late.stderr
