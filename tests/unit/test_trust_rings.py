"""A gate's address of its bundle may hold its ring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from net_rig import Peer, Server, head
from static_site import RingGate
from trust_bundles import root
from trust_site import Site, placed, versioned

from gate.app import trust_slot
from gate.app.trust_source import source_of
from gate.clock import SystemClock
from gate.config import TrustConfig, TrustServerConfig
from gate.errors import ConfigError
from gate.trust.ring import own_name, ring_name, ring_of

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


@pytest.mark.parametrize("none_there", ["403 Forbidden", "404 Not Found"])
def test_a_gate_looks_for_its_own_and_then_for_its_rings(tmp_path: Path, none_there: str) -> None:
    site, ring = Site(), f"rings/{ring_name(ring_of('gate-7'))}"
    site.files = {f"{ring}/{name}": data for name, data in placed(versioned(1)).items()}

    def behave(peer: Peer, path: str) -> None:
        if path in site.files:
            site.answer(peer, path)
        else:
            peer.link.sendall(head(b"none", status=none_there))

    site.behave = behave
    with Server(site.serve) as server:
        gate = RingGate("gate-7", server.base, tmp_path)
        assert (gate.fetch(), gate.fault) == ("trust@1", None)
        assert site.asked[0] == f"rings/{own_name('gate-7')}/timestamp.json"
        site.files |= {f"rings/{own_name('gate-7')}/{name}": data for name, data in placed(versioned(2)).items()}
        assert (gate.fetch(), gate.fault) == ("trust@2", None)


def test_where_nobody_knows_whether_there_is_one_of_its_own_nothing_changes(tmp_path: Path) -> None:
    site = Site()
    site.behave = lambda peer, _: peer.link.sendall(head(b"", status="500 Internal Server Error"))
    with Server(site.serve) as server:
        gate = RingGate("gate-7", server.base, tmp_path)
        assert gate.fetch() is None
        assert gate.fault is not None
        assert all(path.startswith(f"rings/{own_name('gate-7')}/") for path in site.asked)
