"""A file of records that is damaged at a start refers nobody who was known: the last one that was good serves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from full_records import EVERYTHING
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vectors import ROOT

from gate.app import records
from gate.app.personal import lists
from gate.config_file import load
from gate.errors import ConfigError, StatusUnavailable
from gate.lease import erase
from gate.status.file import encode
from gate.status.last_good import opened
from gate.status.source import Found

if TYPE_CHECKING:
    from pathlib import Path

    from gate.model import Records

ANNA, BO = bytes(16), bytes([1]) * 16


def said(path: Path, holder: bytes = ANNA) -> Records | None:
    return asyncio.run(opened(path)[0].find((holder,))).records


def kept(folder: Path) -> Path:
    path = folder / "status.json"
    path.write_bytes(encode({ANNA: EVERYTHING}))
    assert opened(path)[1] is None
    return path


@pytest.mark.parametrize("damage", [b"", b"{", bytes(400), b'{"format": 2, "holders": {}}'])
def test_the_last_good_one_serves_and_since_when_it_is_kept_is_said(tmp_path: Path, damage: bytes) -> None:
    path = kept(tmp_path)
    path.write_bytes(damage)
    assert said(path) == EVERYTHING
    why = opened(path)[1]
    assert why is not None
    assert "status file refused" in why
    assert "kept at 20" in why


def test_a_new_one_takes_its_place_and_is_what_serves_next_time(tmp_path: Path) -> None:
    path = kept(tmp_path)
    path.write_bytes(encode({BO: EVERYTHING}))
    assert opened(path)[1] is None
    path.write_bytes(b"{")
    assert said(path) is None
    assert said(path, BO) == EVERYTHING


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_cut_off_anywhere_everybody_is_still_known(tmp_path: Path, data: st.DataObject) -> None:
    path = kept(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    assert said(path) == EVERYTHING


def test_who_takes_it_away_takes_everybody_away(tmp_path: Path) -> None:
    path = kept(tmp_path)
    path.unlink()
    with pytest.raises(ConfigError, match="can't be read"):
        opened(path)


def test_where_both_are_damaged_the_file_is_what_is_named(tmp_path: Path) -> None:
    path = kept(tmp_path)
    for one in tmp_path.iterdir():
        one.write_bytes(b"{")
    with pytest.raises(ConfigError, match=r"status\.json: status file refused"):
        opened(path)


def test_a_disk_that_takes_no_copy_keeps_nobody_from_being_known(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    (tmp_path / "status.json.good.new").mkdir()
    path.write_bytes(encode({ANNA: EVERYTHING}))
    assert said(path) == EVERYTHING


def test_the_gate_says_so_in_its_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = kept(tmp_path)
    path.write_bytes(b"{")
    assert asyncio.run(records._file(path).find((ANNA,))) == Found(ANNA, EVERYTHING)
    assert "status-last-good" in caplog.text
    (tmp_path / "status.json.good").unlink()
    with pytest.raises(StatusUnavailable):
        asyncio.run(records._file(path).find((ANNA,)))


def test_the_copy_is_erased_with_the_file(tmp_path: Path) -> None:
    kept(tmp_path)
    file = tmp_path / "gate.toml"
    file.write_text((ROOT / "config" / "demo.toml").read_text(encoding="utf-8"), encoding="utf-8")
    erase(lists(load(file, tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["gate.toml"]
