"""A real web server of static files that gates fetch bundles from, and whatever else may sit in its place."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import TYPE_CHECKING

from net_rig import head
from trust_bundles import FILES, contents, root

from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock
from gate.config import TrustConfig, TrustServerConfig
from gate.model import Moment
from gate.trust import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from net_rig import Peer, Server

    from gate.clock import Clock

    Behaviour = Callable[[Peer, str], None]


class Site:
    """Files by their path, without the slash in front, and who asked for what."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.sent = 0
        """Bytes of content."""
        self.behave: Behaviour | None = None
        """Answers in place of the files."""

    def put(self, bundle: Mapping[str, bytes]) -> None:
        """Put a bundle there, good or bad, beside what is there already."""
        self.files |= placed(bundle)

    def replace(self, bundle: Mapping[str, bytes]) -> None:
        """Put a bundle there, and nothing else."""
        self.files = placed(bundle)

    def serve(self, peer: Peer) -> None:
        for request, _ in peer.requests():
            path = request.split(b" ", 2)[1].decode().lstrip("/")
            self.asked.append(path)
            if self.behave is not None:
                self.behave(peer, path)
            else:
                self.answer(peer, path)

    def answer(self, peer: Peer, path: str) -> None:
        """As a web server does."""
        if path in self.files:
            self.sent += len(self.files[path])
            peer.link.sendall(head(self.files[path], f"Date: {formatdate(usegmt=True)}"))
        else:
            peer.link.sendall(head(b"<h1>no</h1>", status="404 Not Found"))


def placed(bundle: Mapping[str, bytes]) -> dict[str, bytes]:
    """Where ``publish.site`` puts the files of a bundle, which may be a bad one here."""
    found = {}
    for name, data in bundle.items():
        folder, slash, base = name.rpartition("/")
        if slash:
            name = f"{folder}/{hashlib.sha256(data).hexdigest()}.{base}"  # noqa: PLW2901
        elif name != "timestamp.json" and not name.endswith(".root.json"):
            name = f"{json.loads(data)['signed']['version']}.{name}"  # noqa: PLW2901
        found[name] = data
    return found


def versioned(
    version: int, name: str | None = None, others: Mapping[str, Mapping[str, bytes]] = publish.NO_OTHERS
) -> dict[str, bytes]:
    """A bundle whose value sets say which one it is."""
    says = {"value-sets.json": b'{"%s": []}' % (name or f"v{version}").encode()}
    return contents(version, {**FILES, **says}, others=others)


def installed(folder: Path, server: Server) -> TrustConfig:
    """What a gate needs that fetches from there."""
    (folder / "root.json").write_bytes(root())
    return TrustConfig(root=folder / "root.json", server=TrustServerConfig(server.base))


def start(folder: Path, server: Server, clock: Clock | None = None) -> TrustSlot:
    """What a gate has right after its start, before it has asked anybody."""
    return TrustSlot(installed(folder, server), folder / "state", clock or SystemClock())


def held(slot: TrustSlot) -> str | None:
    """Which bundle is believed."""
    names = sorted(slot.current.value_sets)
    return names[0] if names else None


class WrongClock:
    """The clock of a machine that is wrong by so much, and its floor."""

    def __init__(self, wrong_by: timedelta) -> None:
        self._wrong_by = wrong_by
        self.floor = datetime(2020, 1, 1, tzinfo=UTC)
        self.witnesses: list[datetime] = []

    def moment(self) -> Moment:
        shown = datetime.now(UTC) + self._wrong_by
        return Moment(shown, trusted=shown >= self.floor)

    def raise_floor(self, to: datetime) -> None:
        self.floor = max(self.floor, to)

    def heard(self, server: str, date: datetime) -> None:
        del server
        self.witnesses.append(date)
