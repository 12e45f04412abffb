"""A gate from its box to its end: ``gate enrol --scan`` and ``gate run`` as processes, on simulated devices."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from trust_bundles import root

from gate.app.demo.daemon import Daemon
from gate.app.demo.devices import Devices
from gate.app.demo.people import people
from gate.app.demo.stage import CONFIG
from gate.config_file import load
from gate.credentials import resident_id
from gate.pseudonym import load_or_make_key
from gate.status.file import encode
from voice.simulated import SimulatedSoundCard

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from gate.app.demo.daemon import Reported

T = TypeVar("T")

DEADLINE_S = 180
SOURCES = {
    'sets = ["rules/station-48h.json"]': "from_bundle = true",
    '"rules/certificates.json"': f'"{CONFIG.parent}/rules/certificates.json"',
    'bundle = "trust"': "",
    'site_class = "station"': 'site_class = "metro"',
}
"""The demonstration's settings, and what stands in their place: rules come signed, from a server."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What became of a claim."""

    status: int
    said: str


class JourneyGate:
    """``with JourneyGate(folder, site) as gate``; everything of it goes by a loop in a thread of its own.

    Args:
        folder: empty.
        site: the address of what ``fleet publish`` fills.
    """

    def __init__(self, folder: Path, site: str) -> None:
        self.state = folder / "state"
        self.config = folder / "gate.toml"
        self._root = folder / "root.json"
        self.state.mkdir(parents=True)
        self._root.write_bytes(root())
        self._install(site)
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), daemon=True)

    def _install(self, site: str) -> None:
        text = CONFIG.read_text("utf-8")
        for shipped, ours in SOURCES.items():
            assert shipped in text
            text = text.replace(shipped, ours)
        text += f'\n[kiosk]\nport = 0\n\n[trust.server]\nurl = "{site}/rings/{{ring}}"\n'
        self.config.write_text(text, "utf-8")
        config = load(self.config, self.state)
        assert config.demo is not None
        assert config.status.file is not None
        self.people, known = people(config.demo.clock), {}
        key = load_or_make_key(config.status.key)
        for person in self.people.values():
            holder = resident_id.parse(person.block).holder
            if person.records is not None and holder is not None and holder.document is not None:
                known[key.pseudonym(holder.document)] = person.records
        config.status.file.write_bytes(encode(known))

    async def _work(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        with SimulatedSoundCard(self._sound()) as sound:
            self._environment = {**os.environ, **sound.environment}
            self.daemon = Daemon()
            self._devices = Devices(self.state, self.people, self.daemon.offline, self.daemon.online)
            try:
                self._ready.set_result(None)
                await self._end.wait()
            finally:
                await self.daemon.stop()
                self._devices.close()

    def _sound(self) -> Path:
        folder = self.state / "sound"
        folder.mkdir()
        return folder

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result(DEADLINE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(DEADLINE_S)

    def scan(self, code: str) -> Scanned:
        """Have ``gate enrol --scan`` read a code with the gate's own gun."""
        return self._done(self._scan(code))

    def start(self) -> str:
        """Let the daemon work; gives its screen's address."""
        return self._done(self.daemon.start(self.config, self.state, self._environment))

    def lay(self, card: str) -> Reported:
        """Lay somebody's card on the reader; gives what the gate made of it."""
        return self._done(self._lay(card))

    def pull_reader_out(self) -> None:
        """Pull the ID reader's cable; the gate has noticed when this is over."""
        self._devices.unplug_reader()
        self._done(self.daemon.offline("id-reader"))

    def put_reader_back(self) -> None:
        """Put it back; the gate serves it when this is over."""
        self._devices.plug_reader()
        self._done(self.daemon.online("id-reader"))

    def files(self) -> set[str]:
        """What lies in the state directory."""
        return {path.name for path in self.state.iterdir()}

    async def _scan(self, code: str) -> Scanned:
        where = ("--config", self.config, "--state", self.state, "--root", self._root)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-u", "-m", "gate", "enrol", "--scan", *map(str, where)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert child.stdout is not None
        said = await child.stdout.readline()  # that it listens now
        await self._devices.type_code(code)
        said += await child.stdout.read()
        return Scanned(await child.wait(), said.decode())

    async def _lay(self, card: str) -> Reported:
        await self.daemon.online("id-reader")
        self.daemon.forget_answers()
        await self._devices.lay_card(card)
        try:
            return await self.daemon.answer()
        finally:
            self._devices.clear()

    def _done(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)
