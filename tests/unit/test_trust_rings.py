"""A gate's address of its bundle may hold its ring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from trust_bundles import root

from gate.app import trust_slot
from gate.app.trust_source import source_of
from gate.clock import SystemClock
from gate.config import TrustConfig, TrustServerConfig
from gate.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

CLOCK = SystemClock()


def config(folder: Path, url: str) -> TrustConfig:
    (folder / "root.json").write_bytes(root())
    return TrustConfig(root=folder / "root.json", server=TrustServerConfig(url))


def test_a_gate_without_a_name_has_no_ring_and_somebody_is_told(tmp_path: Path) -> None:
    asked = config(tmp_path, "http://127.0.0.1/rings/{ring}")
    with pytest.raises(ConfigError, match=r"\[trust.server\] url: .* needs \[fleet\] device"):
        source_of(asked, tmp_path, CLOCK)
    (fault,) = trust_slot.faults(asked, tmp_path, CLOCK)
    assert "[fleet] device" in fault


def test_an_address_without_rings_needs_no_name(tmp_path: Path) -> None:
    assert source_of(config(tmp_path, "http://127.0.0.1/gates"), tmp_path, CLOCK).wait_s() is not None
