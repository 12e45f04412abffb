from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from permit_lists import row, table
from vectors import ROOT

from gate.__main__ import main
from gate.app.demo.certificates import own
from gate.app.demo.people import people
from gate.app.demo.stage import CONFIG, fill, install
from gate.config_file import load

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


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('driver = "mlx90641"', '[thermometer]: no driver "mlx90641"; known: gy-mcu90614, mlx90614'),
        ('driver = "mlx90614"', '[thermometer]: key "bus" is missing'),
        ('driver = "mlx90614"\nbus = "/dev/i2c-1"\naddress = 200', "0xc8 is no address of a sensor"),
        ('driver = "gy-mcu90614"\nport = "tty"\nbaud = 1200', "1200 is no rate"),
        ('driver = "gy-mcu90614"\nport = "tty"\nbus = "x"', '[thermometer]: unknown key "bus"'),
    ],
)
def test_a_thermometer_that_can_not_work_is_named(
    table: str, said: str, file: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(file.read_text("utf-8") + f"\n[thermometer]\n{table}\n", "utf-8")
    status, words = checked(file, state, capsys)
    assert (status, words.count("- ")) == (1, 1)
    assert said in words


def test_everything_that_is_wrong_is_said_at_once(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
    bad = text.replace('driver = "idcard"', 'driver = "idcart"').replace("gap_ms = 500", "gap_ms = 5")
    bad = bad.replace("[rules]", '[rules]\norders = "orders.json"')
    bad = bad.replace('"rules/certificates.json"', '"deep.json"')
    bad += '\n[barrier]\ndriver = "lcus"\nport = "relay"\n'
    bad += '\n[kiosk]\nhost = "0.0.0.0"\nport = 99999\n'
    (state / "orders.json").write_text("{}")
    (state / "deep.json").write_text("[" * 100_000)
    file = state / "bad.toml"
    file.write_text(bad, encoding="utf-8")  # beside it there are no rule sets
    (state / "status.json").write_text("{")
    status, said = checked(file, state, capsys)
    assert status == 1
    for words in (
        'no driver "idcart"; known: barcode, barcode-serial, camera, camera-folder, idcard',
        "gap_ms is 5",
        "station-48h.json",
        "root.json",
        "status file refused",
        "orders.json",
        "deep.json: maximum recursion depth",
        "[barrier] lets nobody through",
        "kiosk.host: '0.0.0.0'",
        "kiosk.port: 99999",
    ):
        assert words in said
    assert "Traceback" not in said


def test_the_list_of_permits_is_tried(file: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(file.read_text("utf-8").replace("[status]", '[status]\npermits = "permits.sqlite"'), "utf-8")
    status, said = checked(file, state, capsys)
    assert status == 1
    assert "there is no list of permits; make one: gate permits import LIST.csv" in said
    (state / "list.csv").write_bytes(table([row(1)]))
    assert main(["permits", "import", str(state / "list.csv"), "--config", str(file), "--state", str(state)]) == 0
    capsys.readouterr()
    assert checked(file, state, capsys) == (0, f"{file}: good, 3 readers\n")
    (state / "pseudonym.key").unlink()
    status, said = checked(file, state, capsys)
    assert status == 1
    assert "there is no key yet, so no list of permits" in said
    assert not (state / "pseudonym.key").exists(), "trying makes nothing"
