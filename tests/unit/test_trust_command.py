from __future__ import annotations

import shutil
import stat
from typing import TYPE_CHECKING

import pytest
from vectors import ROOT

from gate.__main__ import main
from gate.trust.bundle import open_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/value-sets.json").write_text('{"a": []}')
    assert main(["trust", "keys", "keys"]) == 0
    return tmp_path


def make(bundle: str = "trust", *more: str) -> int:
    return main(["trust", "make", bundle, "--files", "lists", "--keys", "keys", *more])


def test_keys_are_for_their_owner_alone_and_never_written_over(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = sorted((desk / "keys").glob("*.pem"))
    assert len(keys) == 14
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    before = keys[0].read_bytes()
    assert main(["trust", "keys", "keys"]) == 2
    assert "never written over" in capsys.readouterr().err
    assert keys[0].read_bytes() == before


def test_each_new_bundle_is_one_version_newer_and_holds_only_what_is_there(desk: Path) -> None:
    assert make() == 0
    (desk / "lists/value-sets.json").rename(desk / "lists/other.json")
    assert make() == 0
    found = open_folder(desk / "trust", (desk / "keys/root.json").read_bytes())
    assert found.version == 2
    assert list(found.files) == ["other.json"]
    assert sorted(path.name for path in desk.iterdir()) == ["keys", "lists", "trust"], "nothing is left behind"


def test_what_a_gate_would_refuse_is_not_signed(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "lists/anchors.json").write_text('{"anchors": []}')
    assert make() == 2
    (desk / "lists/anchors.json").rename(desk / "lists/名单.json")
    assert make() == 2
    said = capsys.readouterr().err
    assert "the list of trust anchors is empty" in said
    assert "needs a plain name" in said
    assert not (desk / "trust").exists()


def test_a_folder_with_something_else_is_not_replaced(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "trust").mkdir()
    (desk / "trust/letter.txt").write_text("dear")
    assert make() == 2
    assert "holds no bundle of these keys" in capsys.readouterr().err
    assert (desk / "trust/letter.txt").exists()


@pytest.mark.parametrize("fault", ["missing", "other"])
def test_keys_that_are_none_are_named(fault: str, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = desk / "keys/trust-2.pem"
    path.unlink() if fault == "missing" else path.write_text("no key")
    assert make() == 2
    assert "trust-2.pem" in capsys.readouterr().err


def test_show_says_when_a_newer_one_is_due(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make("trust", "--until", "2040-01-01T00:00:00+08:00") == 0
    show = ["trust", "show", "trust", "--root", "keys/root.json"]
    assert main(show) == 0
    assert main([*show, "--at", "2041-01-01T00:00:00Z"]) == 1
    assert "due for a newer one since" in capsys.readouterr().out
    (desk / "trust/trust/value-sets.json").write_text('{"a":[] }')
    assert main(show) == 1
    assert "refused: trust/value-sets.json: is not the file that was signed" in capsys.readouterr().out
    assert main(["trust", "show", "trust", "--root", "nowhere"]) == 2


def test_a_time_without_a_zone_is_refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.is_dir()
    with pytest.raises(SystemExit):
        make("trust", "--until", "2040-01-01")
    assert "no time zone" in capsys.readouterr().err


def test_rules_are_checked_before_they_are_signed_and_stay_in_the_bundle(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "rules").mkdir()
    assert make("trust", "--rules", "rules") == 2
    assert "there is no rule set" in capsys.readouterr().err
    station = ROOT / "config/rules/station-48h.json"
    (desk / "rules/station.json").write_text(station.read_text("utf-8").replace('"rules"', '"rulez"', 1), "utf-8")
    assert make("trust", "--rules", "rules") == 2
    assert "station.json: " in capsys.readouterr().err
    shutil.copy(station, desk / "rules/station.json")
    assert make("trust", "--rules", "rules") == 0
    assert "1 file, 1 file of rules" in capsys.readouterr().out
    assert make() == 2
    assert "give --rules FOLDER" in capsys.readouterr().err
    assert main(["trust", "show", "trust", "--root", "keys/root.json"]) == 0
    assert "rules      station.json" in capsys.readouterr().out


def test_one_online_key_is_enough_to_renew_and_none_to_publish(desk: Path) -> None:
    assert make() == 0
    server = desk / "server"
    server.mkdir()
    for name in ("timestamp-1.pem", "root.json"):
        shutil.move(desk / "keys" / name, server / name)
    shutil.rmtree(desk / "keys")
    assert main(["trust", "renew", "trust", "--keys", "server"]) == 0
    assert main(["trust", "publish", "trust", "site", "--root", "server/root.json"]) == 0
    assert open_folder(desk / "trust", (server / "root.json").read_bytes()).roles["timestamp"].version == 2
    assert (desk / "site/timestamp.json").read_bytes() == (desk / "trust/timestamp.json").read_bytes()
    (desk / "trust/timestamp.json").write_text("{}")
    assert main(["trust", "publish", "trust", "site", "--root", "server/root.json"]) == 2, "only what a gate believes"
    assert main(["trust", "renew", "nowhere", "--keys", "server"]) == 2
