"""Machines for the tests in here; tests/hil/README.md says how a test gets one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hil.by_hand import by_hand
from hil.devices.gpio import SimulatedGpio
from hil.entrance import BARRIER, CAMERA, GREEN, PASSAGE, READERS, RED, SMART_CARD, Entrance
from hil.machine.bench import Bench
from hil.machine.cached_disk import CachedDisk
from hil.machine.extras import install_extras
from hil.machine.gate import Gate
from hil.machine.guest import Guest
from hil.machine.image import Image, image
from hil.machine.setup import boot_and_save, copy, overlay, set_up
from hil.machine.site import GUN, ID_READER, Site, make_site
from hil.report import ABOUT, FACTS, Facts, Page
from vectors import ROOT

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_FACTS: pytest.StashKey[Facts] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="every test of the emulated machine")
    parser.addoption(
        "--device",
        metavar="HOST",
        help="a gate on a bench instead, by ssh as root; skipped tests say what to do by hand",
    )
    parser.addoption("--write", action="store_true", help="write docs/hil.md from what this run finds")


def pytest_configure(config: pytest.Config) -> None:
    write = config.getoption("--write")
    if config.getoption("--device") and write:
        raise pytest.UsageError("docs/hil.md is about the emulated machine: --write does not go with --device")
    config.addinivalue_line("markers", "on(device): what a test of the emulated machine is about")
    config.stash[_FACTS] = Facts()
    if write and not hasattr(config, "workerinput"):
        every_file = all(Path(argument).is_dir() for argument in config.args)
        afresh = config.getoption("--all") and every_file and not config.getoption("keyword")
        config.pluginmanager.register(Page(ROOT / "docs" / "hil.md", afresh=afresh))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What makes a line of docs/hil.md of each test."""
    report = yield
    if call.when == "call":
        marker = item.get_closest_marker("on")
        device = marker.args[0] if marker is not None else item.path.stem.removeprefix("test_")
        sentence = item.name.removeprefix("test_").split("[")[0].replace("_", " ")
        report.user_properties += [(ABOUT, (device, sentence)), (FACTS, item.config.stash[_FACTS].taken())]
    return report


@pytest.fixture(scope="session")
def facts(pytestconfig: pytest.Config) -> Facts:
    """What this run finds out."""
    return pytestconfig.stash[_FACTS]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without ``--all``, what is marked ``smoke`` and what is named; with ``--device`` all, some skipped by name."""
    if config.getoption("--device"):
        for item in items:
            if "any_gate" not in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(f"by hand: {by_hand(item.path.stem, item.name)}"))
        return
    named = any("::" in argument for argument in config.args)
    if config.getoption("--all") or named or config.getoption("keyword"):
        return
    left = [item for item in items if item.get_closest_marker("smoke") is None]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


@pytest.fixture(scope="session")
def hil_image(facts: Facts) -> Image:
    """The image of this checkout."""
    for program in ("qemu-system-x86_64", "qemu-img", "mmdebstrap"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} on this machine: ./run hil installs it where there is apt-get")
    made = image()
    facts.about(made)
    return made


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The gate of most tests: an ID reader and a gun."""
    return make_site(tmp_path_factory.mktemp("site"), ID_READER, GUN)


@pytest.fixture(scope="session")
def booted(hil_image: Image, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk that holds a machine at work, saved when its gate was ready and nothing was plugged in."""
    return boot_and_save(hil_image, site, tmp_path_factory.mktemp("booted"))


@pytest.fixture
def any_gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gate]:
    """A gate that is ready, on a device where ``--device`` names one, else in a machine of its own."""
    host = request.config.getoption("--device")
    if host is None:
        yield request.getfixturevalue("gate_machine")
        return
    with Bench(host, tmp_path) as bench:
        yield Gate(bench)


@pytest.fixture(scope="session")
def full_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A gate with every reader, a barrier, and what belongs to it."""
    return make_site(tmp_path_factory.mktemp("full-site"), ID_READER, GUN, CAMERA, SMART_CARD, BARRIER)


@pytest.fixture(scope="module")
def entrance(hil_image: Image, full_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    """A machine whose gate has everything plugged in; the tests of a module follow each other on it."""
    folder = tmp_path_factory.mktemp("entrance")
    disk = overlay(hil_image, folder / "disk.qcow2")
    with Guest(hil_image, f"{disk},format=qcow2,cache=unsafe", folder) as guest:
        guest.wait()
        guest.mount_share()
        install_extras(guest)
        pins = SimulatedGpio(guest.console.check, {PASSAGE: "GPIO22", GREEN: "GPIO5", RED: "GPIO6"})
        pins.pull(PASSAGE, up=True)
        entrance = Entrance(set_up(guest, full_site), pins)
        try:
            entrance.plug_all()
            guest.console.check("systemctl start --no-block gate-camera.service")
            for reader in READERS:
                entrance.gate.online(reader)
            yield entrance
        finally:
            entrance.close()


@pytest.fixture(scope="session")
def set_up_disk(hil_image: Image, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CachedDisk]:
    """A disk for power cuts, of a machine whose gate was set up and that was switched off in order."""
    with CachedDisk(hil_image.disk) as disk:
        with Guest(hil_image, disk.source, tmp_path_factory.mktemp("set-up")) as guest:
            set_up(guest, site)
            guest.console.check("umount /hil; systemctl stop gate.service; sync", 120)
        yield disk


@pytest.fixture
def gate_machine(hil_image: Image, booted: Path, tmp_path: Path) -> Iterator[Gate]:
    """A machine of its own whose gate is ready, with nothing plugged in."""
    disk = copy(booted, tmp_path / "disk.qcow2")
    with Guest(hil_image, f"{disk},format=qcow2,cache=unsafe", tmp_path, saved=True) as guest:
        guest.wait()
        guest.mount_share()
        yield Gate(guest)
    disk.unlink()
