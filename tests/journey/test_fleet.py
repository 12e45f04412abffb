"""A whole gate that reports to a fleet: what people's presentations and a pulled plug look like from there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from receiver import Receiver
from uploads import DEVICE, WAIT_S, enrolled, in_journal

from gate.app.demo.people import people
from gate.app.demo.stage import CONFIG, Stage, set_stage
from gate.config_file import load
from gate.credentials import resident_id
from gate.model import Outcome
from gate.wire.commands import Command, CommandResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


def installed(folder: Path, url: str, key: Ed25519PrivateKey) -> Path:
    """The demonstration's configuration, and a fleet."""
    text = CONFIG.read_text(encoding="utf-8").replace("rules/", f"{CONFIG.parent}/rules/")
    fleet = f'\n[kiosk]\nport = 0\n[fleet]\nurl = "{url}"\ndevice = "{DEVICE}"\nkey = "device.key"\n'
    path = folder / "demo.toml"
    path.write_text(text + fleet, encoding="utf-8")
    (folder / "state").mkdir()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "state" / "device.key").write_bytes(pem)
    return path


async def seen(receiver: Receiver, true: Callable[[], bool]) -> bool:
    return await asyncio.to_thread(receiver.wait_until, true, WAIT_S)


async def lay(stage: Stage, card: str) -> Outcome:
    stage.daemon.forget_answers()
    await stage.devices.lay_card(card)
    answer = await stage.daemon.answer()
    stage.devices.clear()
    return answer.outcome


def gone(receiver: Receiver) -> set[str]:
    newest: Any = receiver.store.heartbeats[-1] if receiver.store.heartbeats else None
    return set() if newest is None else {one.name for one in newest.readers if one.gone_s is not None}


def test_the_fleet_sees_who_passed_without_names_and_which_reader_is_gone(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_VECTORS", "/nonexistent")
    config = installed(tmp_path, receiver.url, enrolled(receiver))
    store, state = receiver.store, tmp_path / "state"
    store.commands["command-1"] = Command("command-1", "refresh", 600)

    async def shift() -> None:
        async with set_stage(state, config) as stage:
            for reader in ("id-reader", "gun", "camera"):
                await stage.daemon.online(reader)
            assert [await lay(stage, "citizen"), await lay(stage, "red")] == [Outcome.PASS, Outcome.REFER]
            assert await seen(receiver, lambda: store.count() == 2), stage.daemon.lines
            assert await seen(receiver, lambda: bool(store.heartbeats) and not gone(receiver)), stage.daemon.lines
            stage.devices.unplug_reader()
            assert await seen(receiver, lambda: gone(receiver) == {"id-reader"}), stage.daemon.lines
            assert "reader_offline" in store.heartbeats[-1].flags
            assert [one.result for one in store.outcomes] == [CommandResult.DONE]
            log = "\n".join(stage.daemon.lines)
            assert "fleet-not-reached" not in log
            assert "upload-waits" not in log

    asyncio.run(shift())
    assert store.passages() == in_journal(state / "journal.sqlite")
    assert [part.driver for part in store.inventories[0].parts] == ["idcard", "barcode", "camera-folder"]
    with store.lock:
        everything = "\n".join(store._db.iterdump()).encode()
    demo = load(config, state).demo
    assert demo is not None
    for person in people(demo.clock).values():
        card = resident_id.read_card(person.block)
        for secret in (card.number, card.name):
            assert secret.encode().hex().upper().encode() not in everything
            assert secret.encode() not in everything


def test_without_a_key_people_are_served_all_the_same(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_VECTORS", "/nonexistent")
    config = installed(tmp_path, receiver.url, enrolled(receiver))
    (tmp_path / "state" / "device.key").unlink()

    async def shift() -> None:
        async with set_stage(tmp_path / "state", config) as stage:
            await stage.daemon.online("id-reader")
            assert await lay(stage, "citizen") is Outcome.PASS

    asyncio.run(shift())
    assert receiver.store.heartbeats == []
