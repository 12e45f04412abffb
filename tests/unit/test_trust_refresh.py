"""A gate fetches its bundle from a server: what it costs, what it takes, and what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from net_rig import Server
from trust_site import Site, installed, versioned

from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    with Server(site.serve) as running:
        yield running


def start(folder: Path, server: Server) -> TrustSlot:
    return TrustSlot(installed(folder, server), folder / "state", SystemClock())


def held(slot: TrustSlot) -> list[str]:
    return sorted(slot.current.value_sets)


def test_a_bundle_is_fetched(site: Site, server: Server, tmp_path: Path) -> None:
    slot = start(tmp_path, server)
    assert held(slot) == []
    site.publish(versioned(1))
    slot.refresh()
    assert held(slot) == ["v1"]
    site.asked.clear()
    slot.refresh()
    assert site.asked == ["2.root.json", "timestamp.json"], "nothing is new"
    site.asked.clear()
    site.publish(versioned(2))
    slot.refresh()
    assert held(slot) == ["v2"]
    assert len(site.asked) == 6, "the issuers' file is here already"
    assert slot.state.fresh(SystemClock().moment())
    assert held(start(tmp_path, server)) == ["v2"]
