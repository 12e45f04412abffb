from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from vectors import ROOT

from gate.__main__ import main
from gate.app.demo.certificates import own
from gate.app.demo.people import people
from gate.app.demo.stage import CONFIG, fill, install
from gate.config import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The demonstration's configuration, with everything that it names."""
    return install(CONFIG, tmp_path)


@pytest.fixture
def state(tmp_path: Path, file: Path) -> Path:
    """A state directory as the demonstration finds it."""
    config = load(file, tmp_path)
    assert config.demo is not None
    fill(config, people(config.demo.clock), own(config.demo.clock))
    return tmp_path


def checked(file: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = main(["run", "--check-config", "--config", str(file), "--state", str(state)])
    return status, capsys.readouterr().out


def test_a_good_configuration_is_called_good(file: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(file, state, capsys) == (0, f"{file}: good, 3 readers\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: (state / "trust/timestamp.json").unlink(), "[trust] bundle: timestamp.json: is missing"),
        (lambda state: (state / "trust/trust/anchors.json").write_bytes(b"{}"), "is not the file that was signed"),
        (lambda state: (state / "config/root.json").unlink(), "root.json"),
        (lambda state: (state / "trust").rename(state / "elsewhere"), "can't be opened"),
    ],
)
def test_without_a_good_bundle_somebody_is_told(
    change: Callable[[Path], object], said: str, file: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(state)
    status, words = checked(file, state, capsys)
    assert (status, words.count("- ")) == (1, 1)
    assert said in words


def test_a_bundle_that_is_due_for_a_newer_one_is_named(
    file: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(file.read_text("utf-8").replace("clock = 2021", "clock = 2101"), "utf-8")
    status, words = checked(file, state, capsys)
    assert status == 1
    assert "a newer one was due at 2100-01-01 00:00 UTC" in words


def test_everything_that_is_wrong_is_said_at_once(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
    bad = text.replace('driver = "idcard"', 'driver = "idcart"').replace("gap_ms = 500", "gap_ms = 5")
    bad = bad.replace("[rules]", '[rules]\norders = "orders.json"')
    bad = bad.replace('"rules/certificates.json"', '"deep.json"')
    bad += '\n[kiosk]\nhost = "0.0.0.0"\nport = 99999\n'
    (state / "orders.json").write_text("{}")
    (state / "deep.json").write_text("[" * 100_000)
    file = state / "bad.toml"
    file.write_text(bad, encoding="utf-8")  # beside it there are no rule sets
    (state / "status.json").write_text("{")
    status, said = checked(file, state, capsys)
    assert status == 1
    for words in (
        'no driver "idcart"; known: barcode, camera, camera-folder, idcard',
        "gap_ms is 5",
        "station-48h.json",
        "root.json",
        "status file refused",
        "orders.json",
        "deep.json: maximum recursion depth",
        "kiosk.host: '0.0.0.0'",
        "kiosk.port: 99999",
    ):
        assert words in said
    assert "Traceback" not in said
