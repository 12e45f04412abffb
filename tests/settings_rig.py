"""A gate whose fleet sets something: its configuration, its bundles, and one start after the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from trust_bundles import FILES, contents, root, write

from gate.app.demo.stage import CONFIG, install
from gate.app.settings.slot import Patience, SettingsSlot
from gate.app.settings.start import Started, start
from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock
from gate.trust import settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.config import GateConfig
DEVICE = "station-north-1"
AT_ONCE = Patience(quiet=0, settles=0, gives_up=0, looks=0.001)
FLEET = """
[fleet]
url = "http://127.0.0.1:9"
device = "{device}"
key = "device.key"
"""
WORKS = frozenset({"id-reader", "gun", "camera"})


class Lives:
    """How a gate is."""

    def __init__(self, works: frozenset[str] = WORKS, quiet_s: float = 60.0) -> None:
        self.works = works
        self.quiet_s = quiet_s


class SetGate:
    """One gate, on one disk."""

    def __init__(self, folder: Path, device: str = DEVICE, server: str | None = None, added: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.state, self.device = folder, device
        self.file = install(CONFIG, folder)
        text = self.file.read_text("utf-8").replace('bundle = "trust"', "" if server else 'bundle = "trust"')
        if server is not None:
            text += f'[trust.server]\nurl = "{server}"\n'
        self.file.write_text(text + FLEET.format(device=device) + added, "utf-8")
        (self.file.parent / "root.json").write_bytes(root())
        self.key = Ed25519PrivateKey.generate()
        secret = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "device.key").write_bytes(secret)
        (folder / "status.json").write_text("{}")
        self.started: Started

    def given(self, version: int, said: Mapping[str, Mapping[str, Any]]) -> None:
        """A signed bundle where the gate looks, by gate what it sets."""
        write(self.state / "trust", bundle(version, said))

    def begin(self) -> SettingsSlot:
        """As a process that starts; it has looked at the newest bundle."""
        self.started = start(self.file, self.state)
        assert self.started.kept is not None
        slot = SettingsSlot(self.started, self.started.kept, AT_ONCE)
        trust = TrustSlot(self.started.config.trust, self.state, SystemClock(), slot.offer, self.device)
        trust.refresh()
        slot.look()
        return slot

    @property
    def config(self) -> GateConfig:
        """In force at the last start."""
        return self.started.config


def bundle(version: int, said: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    return contents(version, FILES, others={"config": settings.written(said)})


def until_restart(slot: SettingsSlot, lives: Lives) -> None:
    """Let it work until it wants to start anew."""

    async def work() -> None:
        async with asyncio.timeout(30):
            await slot.run(lives, lambda: None)

    asyncio.run(work())


def while_at_work(slot: SettingsSlot, lives: Lives, looks: int = 30) -> None:
    """Let it look so many times, in which it does not want to start anew."""

    async def work() -> None:
        running = asyncio.create_task(slot.run(lives, lambda: None))
        for _ in range(looks):
            await asyncio.sleep(AT_ONCE.looks)
        assert not running.done()
        running.cancel()

    asyncio.run(work())
