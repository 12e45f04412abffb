"""What is looked at before a bundle goes anywhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from trust_bundles import FILES, contents, keys, relisted, root, signed, write
from vectors import ROOT

from fleet.errors import FleetError
from fleet.publishing import release
from gate.trust.publish import make_bundle

if TYPE_CHECKING:
    from pathlib import Path

RULES = (ROOT / "config" / "rules" / "cinema.json").read_bytes()


def test_it_says_which_rules_gates_should_judge_by(tmp_path: Path) -> None:
    found = release.read(write(tmp_path, contents(7, others={"rules": {"cinema.json": RULES}})), root())
    told = json.loads(RULES)
    assert [(id_, version) for id_, version, _ in found.rules] == [(told["id"], told["version"])]
    assert all(datetime.fromisoformat(since).tzinfo for _, _, since in found.rules)


def test_the_same_files_have_the_same_digest_whatever_the_version(tmp_path: Path) -> None:
    found = {
        number: release.read(write(tmp_path / str(number), contents(number, files)), root()).digest
        for number, files in ((1, FILES), (2, FILES), (3, {"value-sets.json": b"{}"}))
    }
    assert found[1] == found[2] != found[3]


def test_rules_with_a_fault_are_refused(tmp_path: Path) -> None:
    bundle = write(tmp_path, contents(1, others={"rules": {"cinema.json": RULES[:-9]}}))
    with pytest.raises(FleetError, match="refused"):
        release.read(bundle, root())


def test_lists_that_no_gate_can_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="refused"):
        release.read(write(tmp_path, contents(1, {"value-sets.json": b"no JSON"})), root())


def test_one_that_has_ended_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="a signature ended at 2021-01-01"):
        release.read(write(tmp_path, make_bundle(FILES, keys(), 1, datetime(2021, 1, 1, tzinfo=UTC))), root())


def test_one_of_several_versions_is_refused(tmp_path: Path) -> None:
    bundle = contents(1)
    bundle["trust.json"] = signed(bundle["trust.json"], keys().trust, lambda found: found.update(version=2))
    with pytest.raises(FleetError, match="several versions"):
        release.read(write(tmp_path, relisted(bundle)), root())


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="nowhere"):
        release.read(tmp_path / "nowhere", root())
