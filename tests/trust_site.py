"""A real web server of static files that gates fetch bundles from, and whatever else may sit in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from net_rig import Server, head
from trust_bundles import FILES, contents, root

from gate.config import TrustConfig, TrustServerConfig
from gate.trust import bundle, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from net_rig import Peer

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

    def publish(self, files: Mapping[str, bytes], pinned: bytes | None = None) -> None:
        """Put a bundle there, beside what is there already, as ``gate trust publish`` does."""
        found = bundle.verify(lambda name, _: files.get(name), pinned or root())
        self.files |= publish.site(found)

    def serve(self, peer: Peer) -> None:
        for request, _ in peer.requests():
            path = request.split(b" ", 2)[1].decode().lstrip("/")
            self.asked.append(path)
            if self.behave is not None:
                self.behave(peer, path)
            elif path in self.files:
                self.sent += len(self.files[path])
                peer.link.sendall(head(self.files[path]))
            else:
                peer.link.sendall(head(b"<h1>no</h1>", status="404 Not Found"))


def versioned(version: int, name: str | None = None, **more: bytes) -> dict[str, bytes]:
    """A bundle whose value sets say which one it is."""
    says = {"value-sets.json": b'{"%s": []}' % (name or f"v{version}").encode()}
    return contents(version, FILES | says | more)


def installed(folder: Path, server: Server) -> TrustConfig:
    """What a gate needs that fetches from there."""
    (folder / "root.json").write_bytes(root())
    return TrustConfig(root=folder / "root.json", server=TrustServerConfig(server.base))
