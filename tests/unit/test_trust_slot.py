"""What a gate believes through good bundles, bad ones, restarts and damaged disks."""

from __future__ import annotations

import asyncio
import logging
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from trust_bundles import UNTIL, contents, given, installed, keys, root, rotated, signed, write

from gate import durable
from gate.app.logs import configure
from gate.app.rule_files import LAST_GOOD
from gate.app.trust_slot import FLOOR, TrustSlot
from gate.clock import SystemClock
from gate.trust import copies, publish

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.config import TrustConfig


def held(slot: TrustSlot) -> list[str]:
    """The name of the value set that says which bundle is believed."""
    return sorted(slot.current.value_sets)


def bundle(version: int, name: str | None = None) -> dict[str, bytes]:
    files = {"value-sets.json": b'{"%s": []}' % (name or f"v{version}").encode()}
    return contents(version, files)


def give(config: TrustConfig, files: Mapping[str, bytes]) -> None:
    shutil.rmtree(given(config.root.parent))
    write(given(config.root.parent), files)


@pytest.fixture
def config(tmp_path: Path) -> TrustConfig:
    return installed(tmp_path, bundle(3))


def start(config: TrustConfig) -> TrustSlot:
    return TrustSlot(config, config.root.parent / "state", SystemClock())


def copy(config: TrustConfig, place: str) -> Path:
    return config.root.parent / "state" / LAST_GOOD / place


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_without_a_bundle_nothing_and_nobody_is_believed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = installed(tmp_path)
    shutil.rmtree(given(config.root.parent))
    slot = start(config)
    assert slot.current.signers.candidates(b"12345678") == ()
    assert not slot.current.value_sets
    assert "trust-refused" in caplog.text
    config.root.unlink()
    slot.refresh()
    assert "the pinned root can't be read" in caplog.text


def test_a_newer_bundle_is_taken_and_a_bad_or_older_one_is_not(
    config: TrustConfig, caplog: pytest.LogCaptureFixture
) -> None:
    slot = start(config)
    assert held(slot) == ["v3"]
    believed = slot.current
    give(config, bundle(2))
    slot.refresh()
    assert slot.current is believed, "older"
    assert "version 2 is older than 3" in caplog.text
    give(config, bundle(4))
    damage(given(config.root.parent) / "trust/value-sets.json")
    with caplog.at_level(logging.ERROR):
        slot.refresh()
    assert slot.current is believed, "damaged"
    assert 'holds="trust@3"' in caplog.text
    give(config, contents(5, {"value-sets.json": b"[]"}))
    slot.refresh()
    assert slot.current is believed, "well signed, but of no use"
    shutil.rmtree(given(config.root.parent))
    slot.refresh()
    assert slot.current is believed, "gone"
    write(given(config.root.parent), bundle(4))
    slot.refresh()
    assert held(slot) == ["v4"]


def test_the_last_good_bundle_survives_a_restart_and_is_the_floor(config: TrustConfig) -> None:
    start(config)
    damage(given(config.root.parent) / "timestamp.json")
    assert held(start(config)) == ["v3"]
    give(config, bundle(2))
    assert held(start(config)) == ["v3"], "older than the one used before the restart"
    give(config, bundle(4))
    assert held(start(config)) == ["v4"]
    shutil.rmtree(given(config.root.parent))
    assert held(start(config)) == ["v4"], "the copy is of the one that was used last"


@pytest.mark.parametrize("place", copies.PLACES)
def test_either_copy_may_be_damaged(place: str, config: TrustConfig) -> None:
    start(config)
    give(config, bundle(4))
    start(config)
    damage(copy(config, place) / "trust/value-sets.json")
    assert held(start(config)) == ["v4"]
    shutil.rmtree(given(config.root.parent))
    assert held(start(config)) == ["v4"], "a damaged copy of the bundle in use was written anew"


def test_a_floor_that_was_lost_is_that_of_the_copy(config: TrustConfig, caplog: pytest.LogCaptureFixture) -> None:
    start(config)
    damage(copy(config, FLOOR))
    give(config, bundle(2))
    assert held(start(config)) == ["v3"]
    assert "trust-floor-lost" in caplog.text


def test_copies_that_were_lost_leave_the_floor(config: TrustConfig) -> None:
    start(config)
    for place in copies.PLACES:
        shutil.rmtree(copy(config, place), ignore_errors=True)
    give(config, bundle(2))
    assert held(start(config)) == [], "an old bundle is not believed because newer ones are gone"


class PowerCutError(Exception):
    """The device is without power from here on."""


def test_a_power_cut_at_any_write_leaves_a_good_bundle(config: TrustConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    start(config)
    real, left = durable.write, 0

    def write_until_the_power_fails(path: Path, content: bytes, mode: int) -> None:
        nonlocal left
        if left == 0:
            path.write_bytes(content[: len(content) // 2])
            raise PowerCutError
        left -= 1
        real(path, content, mode)

    for version in range(4, 20):
        left = version - 4
        give(config, bundle(version))
        with monkeypatch.context() as patched:
            patched.setattr(durable, "write", write_until_the_power_fails)
            try:
                start(config)
            except PowerCutError:
                survived = False
            else:
                survived = True
        shutil.rmtree(given(config.root.parent))
        after = held(start(config))
        assert after in ([f"v{version}"], [f"v{version - 1}"])
        write(given(config.root.parent), bundle(version))
        if survived:
            return
        assert held(start(config)) == [f"v{version}"]
    pytest.fail("the write that was cut off never came to its end")


def test_a_full_disk_does_not_keep_a_good_bundle_from_being_used(
    config: TrustConfig, caplog: pytest.LogCaptureFixture
) -> None:
    state = config.root.parent / "state"
    state.mkdir()
    (state / LAST_GOOD).write_text("in the way")
    assert held(start(config)) == ["v3"]
    assert "last-good-not-kept" in caplog.text


def test_numbers_that_a_thief_ran_up_count_no_more_once_the_keys_are_others(config: TrustConfig) -> None:
    slot = start(config)
    give(config, bundle(10**9))
    slot.refresh()
    assert held(slot) == ["v1000000000"]
    fresh = rotated(**{role: getattr(keys("new"), role) for role in ("targets", "trust", "snapshot", "timestamp")})
    newer = {"2.root.json": publish.make_root(fresh, UNTIL, 2, keys().root)}
    good = publish.make_bundle({"value-sets.json": b'{"again": []}'}, fresh, 4, UNTIL)
    give(config, good | newer)
    slot.refresh()
    assert held(slot) == ["again"]
    give(config, bundle(10**9 + 1))
    slot.refresh()
    assert held(slot) == ["again"], "nothing goes back to the root before"


def test_a_key_more_does_not_open_the_way_back(config: TrustConfig, caplog: pytest.LogCaptureFixture) -> None:
    """The key that signed before can still sign alone, so what it signed before still counts."""

    def one_is_enough(found: dict[str, Any]) -> None:
        found["roles"]["timestamp"]["threshold"] = 1

    slot = start(config)
    more = rotated(timestamp=(*keys().timestamp, *keys("more").timestamp))
    newer = signed(publish.make_root(more, UNTIL, 2), keys().root, one_is_enough)
    give(config, bundle(2) | {"2.root.json": newer})
    slot.refresh()
    assert held(slot) == ["v3"]
    assert "timestamp: version 2 is older than 3" in caplog.text


def test_a_signal_has_the_bundle_read_again_beside_the_lane(
    config: TrustConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        slot = start(config)
        real, loop, done = slot.refresh, asyncio.get_running_loop(), asyncio.Event()

        def refresh() -> None:
            real()
            loop.call_soon_threadsafe(done.set)

        monkeypatch.setattr(slot, "refresh", refresh)
        task = asyncio.create_task(slot.run())
        give(config, bundle(4))
        slot.ask()
        async with asyncio.timeout(20):
            await done.wait()
        assert held(slot) == ["v4"]
        task.cancel()

    asyncio.run(main())


def test_a_bug_in_the_thread_ends_the_task(config: TrustConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        slot = start(config)

        def broken() -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(slot, "refresh", broken)
        slot.ask()
        with pytest.raises(ZeroDivisionError):
            await slot.run()

    asyncio.run(main())


def test_files_that_this_gate_has_no_use_for_are_noted(config: TrustConfig, caplog: pytest.LogCaptureFixture) -> None:
    give(config, contents(4, {"anchor.json": b"{}"}))
    start(config)
    assert "anchor.json: this gate has no use for such a file" in caplog.text


@pytest.mark.parametrize("library", ["tuf.api.metadata", "securesystemslib.signer"])
def test_libraries_that_quote_what_they_refuse_are_not_heard(library: str) -> None:
    configure()
    assert not logging.getLogger(library).isEnabledFor(logging.INFO)


def test_another_root_pinned_is_another_beginning(config: TrustConfig) -> None:
    start(config)
    config.root.write_bytes(publish.make_root(keys("others"), UNTIL))
    assert held(start(config)) == [], "what the old root proved is believed no more"
    config.root.write_bytes(root())
    assert held(start(config)) == ["v3"]
