from __future__ import annotations

from typing import TYPE_CHECKING

from gate.keys import keeping
from gate.wire.heartbeat import KeyTier

if TYPE_CHECKING:
    from pathlib import Path


def test_keys_are_said_to_be_files_and_what_a_thief_has_by_them(tmp_path: Path) -> None:
    found = keeping(tmp_path)
    assert found.tier is KeyTier.FILE
    assert found.unused == ()
    assert "pseudonym key" in found.stolen_card


def test_a_better_place_that_is_not_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/tpmrm0").touch()
    assert keeping(tmp_path).unused == (KeyTier.HARDWARE,)
