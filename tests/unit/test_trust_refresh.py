"""A gate fetches its bundle from a server: what it costs, what it takes, and what it shows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from net_rig import Authority, Server
from trust_bundles import UNTIL, keys, root, rotated, signed
from trust_site import Site, WrongClock, held, installed, start, versioned

from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock
from gate.config import TrustConfig, TrustServerConfig
from gate.errors import ConfigError
from gate.model import Moment
from gate.trust import publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = Moment(datetime.now(UTC), trusted=True)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    with Server(site.serve) as running:
        yield running


def test_what_is_new_is_fetched_and_nothing_else(site: Site, server: Server, tmp_path: Path) -> None:
    slot = start(tmp_path, server)
    assert held(slot) is None
    site.put(versioned(1))
    slot.refresh()
    assert held(slot) == "v1"
    site.asked.clear()
    slot.refresh()
    assert site.asked == ["2.root.json", "timestamp.json"], "nothing is new"
    site.asked.clear()
    site.put(versioned(2))
    slot.refresh()
    assert held(slot) == "v2"
    assert len(site.asked) == 6, "the file about an issuer is here already"
    assert held(start(tmp_path, server)) == "v2", "known at the next start, before anybody was asked"


def test_fresh_is_only_what_was_found_to_be_the_newest_and_is_within_its_time(
    site: Site, server: Server, tmp_path: Path
) -> None:
    site.put(versioned(1))
    slot = start(tmp_path, server)
    assert not slot.state.fresh(NOW)
    slot.refresh()
    assert slot.state.fresh(NOW)
    assert not slot.state.fresh(Moment(NOW.at, trusted=False)), "on a clock that may be wrong nothing is known of time"
    assert not slot.state.fresh(Moment(UNTIL, trusted=True))
    after_a_restart = start(tmp_path, server)
    assert held(after_a_restart) == "v1"
    assert not after_a_restart.state.fresh(NOW), "nobody was asked yet"
    site.put({"timestamp.json": b"<h1>Welcome</h1>"})
    slot.refresh()
    assert not slot.state.fresh(NOW)
    assert held(slot) == "v1"
    site.put(versioned(1))
    slot.refresh()
    assert slot.state.fresh(NOW), "and it is noticed when that is over"


def test_a_timestamp_signed_anew_keeps_a_bundle_fresh(site: Site, server: Server, tmp_path: Path) -> None:
    soon = NOW.at.replace(microsecond=0) + timedelta(days=1)
    made = versioned(1)
    made["timestamp.json"] = publish.renew(made["timestamp.json"], keys().timestamp, soon)
    site.put(made)
    slot = start(tmp_path, server)
    slot.refresh()
    assert slot.current.renew_by == soon
    site.put({"timestamp.json": publish.renew(made["timestamp.json"], keys().timestamp, soon + timedelta(days=1))})
    site.asked.clear()
    slot.refresh()
    assert slot.current.renew_by == soon + timedelta(days=1)
    assert len(site.asked) == 2
    assert not slot.current.overdue(Moment(soon, trusted=True))
    places = sorted(path.name for path in (tmp_path / "state/last-good").iterdir() if path.is_dir())
    assert places == ["trust-a"], "nothing but the timestamp was written"
    assert start(tmp_path, server).current.renew_by == soon + timedelta(days=1)


def test_new_roots_are_followed(site: Site, server: Server, tmp_path: Path) -> None:
    site.put(versioned(1))
    slot = start(tmp_path, server)
    slot.refresh()
    second = rotated(root=keys("2").root, timestamp=keys("2").timestamp)
    fresh = publish.make_bundle({"value-sets.json": b'{"again": []}'}, second, 2, UNTIL)
    site.put(fresh | {"2.root.json": publish.make_root(second, UNTIL, 2, keys().root)})
    slot.refresh()
    assert held(slot) == "again"
    assert held(start(tmp_path, server)) == "again", "the roots in between are kept with it"


def test_another_root_pinned_is_another_beginning(site: Site, server: Server, tmp_path: Path) -> None:
    site.put(versioned(1))
    start(tmp_path, server).refresh()
    others = keys("others")
    site.replace(publish.make_bundle({"value-sets.json": b'{"others": []}'}, others, 1, UNTIL))
    config = installed(tmp_path, server)
    config.root.write_bytes(publish.make_root(others, UNTIL))
    slot = TrustSlot(config, tmp_path / "state", SystemClock())
    assert held(slot) is None
    slot.refresh()
    assert held(slot) == "others"


def test_time_that_was_signed_is_past_also_after_a_restart(site: Site, server: Server, tmp_path: Path) -> None:
    site.put(versioned(1))
    start(tmp_path, server).refresh()
    back = WrongClock(timedelta(days=-400))
    assert back.moment().trusted
    start(tmp_path, server, back)
    assert not back.moment().trusted, "the bundle was signed later than this clock shows"


def test_an_online_key_says_nothing_about_time_beyond_what_was_signed_offline(
    site: Site, server: Server, tmp_path: Path
) -> None:
    soon = NOW.at.replace(microsecond=0) + timedelta(hours=1)
    made = publish.make_bundle({}, keys(), 1, soon)
    made["timestamp.json"] = _later(made["timestamp.json"])
    site.put(made)
    clock = WrongClock(timedelta(0))
    start(tmp_path, server, clock).refresh()
    assert clock.floor == soon
    fresh = rotated(timestamp=keys("2").timestamp)
    site.put(publish.make_bundle({}, fresh, 3, soon))
    site.put({"2.root.json": publish.make_root(fresh, UNTIL, 2, keys().root)})
    start(tmp_path, server).refresh()
    after = WrongClock(timedelta(0))
    start(tmp_path, server, after)
    assert after.moment().trusted, "and what the stolen key said goes with it"


def _later(timestamp: bytes) -> bytes:
    """A timestamp as a thief of its key signs it."""
    return signed(
        timestamp,
        keys().timestamp,
        lambda found: found.update(issued_at="2039-01-01T00:00:00Z", expires="2040-01-01T00:00:00Z"),
    )


@pytest.mark.parametrize("told", [True, False])
def test_the_daemon_asks_at_its_start_and_then_when_told_to_or_by_itself(
    told: bool, site: Site, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.app.trust_source.MINUTE_S", 1e6 if told else 0.01)

    async def scenario() -> None:
        loop, taken = asyncio.get_running_loop(), asyncio.Event()
        slot = TrustSlot(
            installed(tmp_path, server),
            tmp_path / "state",
            SystemClock(),
            lambda _: loop.call_soon_threadsafe(taken.set),
        )
        task = asyncio.create_task(slot.run())
        async with asyncio.timeout(60):
            for version in (1, 2):
                await taken.wait()
                taken.clear()
                assert held(slot) == f"v{version}"
                site.put(versioned(version + 1))
                if told:
                    slot.ask()
        task.cancel()

    site.put(versioned(1))
    asyncio.run(scenario())


def test_over_tls_only_the_server_that_was_named_is_asked(site: Site, tmp_path: Path) -> None:
    ours, other = Authority(tmp_path), Authority(tmp_path, "another")
    site.put(versioned(1))
    (tmp_path / "root.json").write_bytes(root())
    with Server(site.serve, ours.certificate().context()) as server:
        for authority, found in ((other, None), (ours, "v1")):
            config = TrustConfig(
                root=tmp_path / "root.json", server=TrustServerConfig(server.base, ca_file=authority.file)
            )
            clock = WrongClock(timedelta(0))
            slot = TrustSlot(config, tmp_path / "state", clock)
            slot.refresh()
            assert held(slot) == found
            assert bool(clock.witnesses) == (found is not None), "who proved who it is says what time it is"


@pytest.mark.parametrize(
    ("url", "pins", "why"),
    [
        ("http://example.org", (), "in clear"),
        ("https://example.org", (), "name a CA file or pins"),
        ("https://example.org", ("xyz",), "is no pin"),
    ],
)
def test_a_server_that_can_not_be_asked_safely_is_a_fault_of_the_configuration(
    url: str, pins: tuple[str, ...], why: str, tmp_path: Path
) -> None:
    config = TrustConfig(root=tmp_path / "root.json", server=TrustServerConfig(url, pins=pins))
    with pytest.raises(ConfigError, match=why):
        TrustSlot(config, tmp_path / "state", SystemClock())
