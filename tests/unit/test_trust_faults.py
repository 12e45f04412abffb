"""Everything that a network, a server and a disk do wrong while a bundle is fetched: the one before is used on."""

from __future__ import annotations

import resource
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from net_rig import Server, head
from reliability import Found, note
from trust_bundles import FILES, contents
from trust_site import Site, held, placed, start, versioned

from gate.app.rule_files import LAST_GOOD
from gate.app.trust_source import STAGING
from gate.clock import SystemClock
from gate.model import Moment
from gate.trust import refresh
from gate.trust.copies import PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from net_rig import Peer

    from gate.app.trust_slot import TrustSlot

PORTAL = b"<!DOCTYPE html><title>Welcome</title><p>Please accept our conditions."
RULES = {"rules": {"a.json": b"{}"}}
NEW = placed(versioned(4, others=RULES))
"""What a gate fetches that has version 3."""


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    with Server(site.serve) as running:
        yield running


@pytest.fixture
def slot(site: Site, server: Server, tmp_path: Path) -> TrustSlot:
    """A gate that uses version 3, while the server has version 4."""
    site.put(versioned(3))
    found = start(tmp_path, server)
    found.refresh()
    assert held(found) == "v3"
    site.put(versioned(4, others=RULES))
    return found


def goes_on(slot: TrustSlot, why: str = "") -> None:
    slot.refresh()
    assert held(slot) == "v3"
    assert slot.state.fault is not None
    assert why in slot.state.fault
    assert not slot.state.fresh(Moment(datetime.now(UTC), trusted=True))
    note(Found("signed bundle: wrong, slow or no answers while it is fetched", 1))


def recovers(slot: TrustSlot, site: Site) -> None:
    """As soon as it can be had, the new one is used, whatever was half fetched before."""
    site.behave = None
    slot.refresh()
    assert held(slot) == "v4"
    assert slot.state.fault is None


@pytest.mark.parametrize("name", [*sorted(set(NEW) - set(placed(versioned(3)))), "timestamp.json"])
def test_any_file_may_be_missing_cut_off_changed_or_another_one(name: str, site: Site, slot: TrustSlot) -> None:
    whole = site.files[name]
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    for wrong in (None, whole[: len(whole) // 2], bytes(changed), whole + b"x" * 2000, b"", PORTAL, b"[" * 100_000):
        site.files.pop(name, None)
        if wrong is not None:
            site.files[name] = wrong
        goes_on(slot)
    site.files[name] = whole
    recovers(slot, site)


@pytest.mark.parametrize(
    "answer",
    [
        head(PORTAL, "Content-Type: text/html"),
        head(b"", "Location: http://portal.example/", status="302 Found"),
        head(b"", status="304 Not Modified"),
        head(b"no", status="401 Unauthorized"),
        head(b"later", "Retry-After: 3600", status="429 Too Many Requests"),
        head(b"oh", status="500 Internal Server Error"),
        head(b"x", length=10**12),
        head(b"half", length=4000),
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
)
def test_any_other_answer_than_the_file(answer: bytes, site: Site, slot: TrustSlot) -> None:
    def behave(peer: Peer, _: str) -> None:
        peer.link.sendall(answer)
        peer.link.close()

    site.behave = behave
    goes_on(slot)
    recovers(slot, site)


def test_a_slow_drip_is_given_up(site: Site, slot: TrustSlot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "ANSWER_S", 0.2)
    monkeypatch.setattr(refresh, "SLOWEST", 10**12)
    site.behave = lambda peer, path: peer.drip(head(site.files.get(path, b"{}")), 0.05)
    goes_on(slot, "no whole answer in time")
    monkeypatch.undo()
    assert not [path for path in (tmp_path / "state").rglob("*") if path.name.startswith("tmp")]
    recovers(slot, site)


def test_all_of_a_refresh_has_an_end_as_well(site: Site, slot: TrustSlot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file within its own time, and never an end: a server may name thousands."""
    monkeypatch.setattr(refresh, "WHOLE_S", 0.0)
    goes_on(slot)
    monkeypatch.undo()
    recovers(slot, site)


def test_what_never_ends_is_cut_off_by_its_size(site: Site, slot: TrustSlot) -> None:
    sent = 0

    def endless(peer: Peer, path: str) -> None:
        nonlocal sent
        if path != "4.snapshot.json":
            site.answer(peer, path)
            return
        peer.link.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not peer.over.is_set():
            peer.link.sendall(b" " * 65536)
            sent += 65536

    site.behave = endless
    goes_on(slot, "larger than")
    assert sent < 32 << 20, "of which most lies in the buffers of the two sockets"
    recovers(slot, site)


def test_a_file_larger_than_all_may_be_is_not_even_asked_for(
    site: Site, slot: TrustSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.trust.bundle.MAX_FILES_BYTES", 1000)
    site.put(contents(5, {**FILES, "anchors.json": b" " * 1001}))
    site.asked.clear()
    goes_on(slot, "MiB together")
    assert not [path for path in site.asked if "anchors" in path]


def test_nobody_listens(slot: TrustSlot, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.__exit__()
    goes_on(slot, "127.0.0.1")
    assert "trust-not-reached" in caplog.text


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """What a full disk does to whoever writes: what still fits is written, and then comes an ``OSError``."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_while_fetching_or_taking(
    site: Site, server: Server, slot: TrustSlot, tmp_path: Path
) -> None:
    sizes = sorted({0, 1, *(len(data) - 1 for data in NEW.values()), *(len(data) // 2 for data in NEW.values())})
    for size in sizes:
        with no_file_larger_than(size):
            slot.refresh()
        found = start(tmp_path, server)
        assert held(found) in {"v3", "v4"}, f"a file of {size} bytes at most"
        assert held(found) in {held(slot), "v3"}
    recovers(slot, site)
    assert held(start(tmp_path, server)) == "v4"
    note(Found("signed bundle: disk full while it is fetched and taken", len(sizes)))


def test_a_disk_that_can_not_be_written_at_all(site: Site, server: Server, tmp_path: Path) -> None:
    site.put(versioned(1))
    slot = start(tmp_path, server)
    (tmp_path / "state").write_text("in the way")
    slot.refresh()
    assert held(slot) is None
    assert slot.state.fault is not None


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("places", [PLACES[:1], PLACES[1:], PLACES])
@pytest.mark.parametrize("how", ["flip", "cut", "empty", "gone"])
def test_copies_that_are_damaged_at_the_start(
    places: tuple[str, ...], how: str, site: Site, server: Server, slot: TrustSlot, tmp_path: Path
) -> None:
    slot.refresh()
    assert held(slot) == "v4"
    for place in places:
        folder = tmp_path / "state" / LAST_GOOD / place
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            match how:
                case "flip":
                    damage(path)
                case "cut":
                    path.write_bytes(path.read_bytes()[:-1])
                case "empty":
                    path.write_bytes(b"")
        if how == "gone":
            shutil.rmtree(folder)
    after = start(tmp_path, server)
    assert held(after) == {PLACES[:1]: "v4", PLACES[1:]: "v3", PLACES: None}[places]
    now = SystemClock().moment()
    assert after.current.overdue(now) == (held(after) == "v3"), "an older one serves, and every record says so"
    assert not after.state.fresh(now)
    site.replace(versioned(3))
    after.refresh()
    assert after.state.fault is not None, "but nobody can make a gate older by what he gives it"
    site.replace(versioned(4, others=RULES))
    after.refresh()
    assert not after.current.overdue(now)
    assert held(after) == "v4", "the network heals it"
    note(Found("signed bundle: copies damaged, cut off, emptied or gone at the start", 1))
    assert held(start(tmp_path, server, SystemClock())) == "v4"


def test_what_lies_in_the_staging_folder_is_believed_no_more_than_the_network(
    site: Site, slot: TrustSlot, tmp_path: Path
) -> None:
    staging = tmp_path / "state" / STAGING
    for path in sorted(staging.rglob("*.json")):
        if path.is_file() and not path.is_symlink():
            damage(path)
    recovers(slot, site)
    (staging / "trust").mkdir(exist_ok=True)
    site.put(versioned(5))
    target = staging / "trust" / "value-sets.json"
    target.unlink(missing_ok=True)
    target.symlink_to(tmp_path / "elsewhere")
    slot.refresh()
    slot.refresh()
    assert held(slot) == "v5"
