"""The folder that gates fetch from is whole at every moment."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from static_site import RingGate, named, served
from trust_bundles import FILES, contents, root, write

from fleet.errors import FleetError
from fleet.publishing import release
from fleet.publishing.site import Site
from gate.trust.ring import RINGS, own_name, ring_name, ring_of

if TYPE_CHECKING:
    from pathlib import Path

ALL = tuple(map(ring_name, range(RINGS)))
KILLED = """
import os, pathlib, signal, sys
from fleet.publishing.site import Site
from gate.trust.ring import RINGS, ring_name

def names():
    for ring in range(RINGS):
        if ring == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        yield ring_name(ring)

Site(pathlib.Path(sys.argv[1])).switch(names(), 2)
"""


def put(site: Site, folder: Path, version: int) -> None:
    files = {**FILES, "value-sets.json": b'{"v%d": []}' % version}
    bundle = write(folder / f"bundle-{version}", contents(version, files))
    site.put(release.read(bundle, root()).bundle)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Everybody finds version 1; 2 is there."""
    found = Site(tmp_path / "site")
    for version in (1, 2):
        put(found, tmp_path, version)
    found.switch(ALL, 1)
    return found


@pytest.mark.parametrize("after", [0, 1, 37, 99])
def test_one_that_was_killed_between_two_switches_leaves_every_gate_with_something_whole(
    site: Site, tmp_path: Path, after: int
) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "site"), str(after)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    (tmp_path / "site" / "rings" / ".50.new").symlink_to("../views/1")  # and one that was killed within a switch
    with served(tmp_path / "site") as base:
        for low in (0, 30, 60, 98):
            gate = RingGate(named(low, low + 2, "gate"), base, tmp_path / f"gate-{low}")
            assert gate.fetch() == ("trust@2" if ring_of(gate.name) < after else "trust@1")
            assert gate.fault is None
        assert site.switch(ALL, 2) == RINGS - after
        assert RingGate("gate-7", base, tmp_path / "gate-7").fetch() == "trust@2"


def test_who_fetches_while_the_ring_is_switched_gets_one_of_them_whole(site: Site, tmp_path: Path) -> None:
    def after(path: str) -> None:
        if path.endswith("timestamp.json") and "gate-" not in path:
            site.switch(ALL, 2)

    with served(tmp_path / "site", after) as base:
        gate = RingGate("gate-7", base, tmp_path / "gate")
        assert (gate.fetch(), gate.fault, gate.content) == ("trust@1", None, "v1")
        assert (gate.fetch(), gate.fault, gate.content) == ("trust@2", None, "v2")


def test_a_gate_of_its_own_comes_before_its_ring(site: Site, tmp_path: Path) -> None:
    site.switch([own_name("gate-7")], 2)
    with served(tmp_path / "site") as base:
        gates = [RingGate(name, base, tmp_path / name) for name in ("gate-7", "gate-8")]
        assert [gate.fetch() for gate in gates] == ["trust@2", "trust@1"]
        site.switch(ALL, 2)
        site.forget_gates()
        assert [gate.fetch() for gate in gates] == ["trust@2", "trust@2"]
        assert [gate.fault for gate in gates] == [None, None]


def test_contents_are_there_once(site: Site, tmp_path: Path) -> None:
    del site
    files = [path for path in (tmp_path / "site").rglob("*") if path.is_file() and not path.is_symlink()]
    assert len([path for path in files if path.name.endswith(".cn.toml")]) == 1
    assert {path.parent.name for path in files if path.name == "timestamp.json"} == {"1", "2"}


def test_a_name_that_was_published_never_means_something_else(site: Site, tmp_path: Path) -> None:
    other = write(tmp_path / "other", contents(2, {"value-sets.json": b'{"other": []}'}))
    with pytest.raises(FleetError, match="with another content"):
        site.put(release.read(other, root()).bundle)
