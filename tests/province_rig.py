"""A simulated province and the city's gateway before it, over real sockets, with the vices that a test asks for."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from vectors import ROOT

from fleet.gateway.config import load
from fleet.gateway.server import server
from fleet.province.people import Citizen
from fleet.province.server import Wire, keys
from fleet.province.systems import Systems
from fleet.province.vices import parsed
from gate.model import CodeReference, Document, DocumentType
from gate.net.client import Client
from gate.net.trust import NO_TRUST
from gate.status.lookup import Lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from fleet.gateway.config import Config
    from gate.net.answer import Answer
    from gate.pseudonym import PseudonymKey
    from gate.status.source import Found

GREEN, YELLOW, RED = Citizen(1), Citizen(3), Citizen(4)
ISSUER = "cn-national"


def settings(folder: Path, province: int, **changes: str) -> Path:
    """The configuration that comes with the gateway, before a province at a port; gives its file.

    Args:
        folder: an empty one.
        province: its port; keys are made.
        changes: key of any file -> what it is instead, where it stands first.
    """
    for name in ("gateway", "health-codes"):
        shutil.copytree(ROOT / "config" / name, folder / name)
    keys(folder / "gateway" / "keys")
    changes = {"address": f'"http://127.0.0.1:{province}"'} | changes
    for file in (folder / "gateway").rglob("*.toml"):
        text = file.read_text("utf-8")
        for key, value in changes.items():
            found = re.search(rf"\b{key} = (\"[^\"]*\"|\[[^\]]*\]|[0-9.]+)", text)
            if found is not None:
                text = f"{text[: found.start(1)]}{value}{text[found.end(1) :]}"
        file.write_text(text, "utf-8")
    return folder / "gateway" / "gateway.toml"


@dataclass
class City:
    """Both, while they run."""

    config: Config
    wire: Wire
    url: str
    key: str
    pseudonyms: PseudonymKey
    clients: list[Client] = field(default_factory=list)

    def lookup(self, deadline_s: float = 20.0, token: Callable[[], str | None] | None = None) -> Lookup:
        """A gate's own client."""
        self.clients.append(Client(self.url, NO_TRUST))
        return Lookup(self.clients[-1], deadline_s, lambda _: None, lambda _: None, token)

    def code(self, citizen: Citizen, lookup: Lookup | None = None) -> Sequence[Found]:
        """Somebody shows a health code at a gate."""
        return self.token(citizen.token, lookup)

    def token(self, token: str, lookup: Lookup | None = None, issuer: str = ISSUER) -> Sequence[Found]:
        return asyncio.run((lookup or self.lookup()).resolve(CodeReference(issuer, token)))

    def card(self, *citizens: Citizen, lookup: Lookup | None = None) -> Found:
        """Somebody presents an identity card."""
        return asyncio.run((lookup or self.lookup()).find([self.pseudonym(one) for one in citizens]))

    def asks(self, method: str, path: str, body: bytes, **headers: str) -> Answer:
        """Anything, by anybody."""
        self.clients.append(Client(self.url, NO_TRUST))
        return self.clients[-1].request(method, path, body=body, headers=headers, deadline_s=20, most_bytes=1 << 20)

    def pseudonym(self, citizen: Citizen) -> bytes:
        return self.pseudonyms.pseudonym(Document(DocumentType.RESIDENT_ID, citizen.number))

    def counted(self) -> list[str]:
        """What it wrote about who asked."""
        return self.config.counts.read_text("utf-8").splitlines()


@contextlib.contextmanager
def city(
    folder: Path, vices: str = "", deadline_s: float = 20.0, token_key: bytes | None = None, **changes: str
) -> Iterator[City]:
    """A province with vices and a gateway, until the end of the ``with`` block.

    Args:
        folder: an empty one.
        vices: of ``fleet province``.
        deadline_s: of the gateway; long, so that a busy machine changes nothing.
        token_key: of the gateway; None: whoever has a gate's address is answered.
        changes: as in ``settings``.
    """
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    file = settings(folder, listeners[0].getsockname()[1], **changes)
    key, pseudonyms = keys(folder / "gateway" / "keys")
    config = replace(load(file), deadline_s=deadline_s, token_key=token_key)
    wire = Wire(Systems(key, pseudonyms, parsed(vices)))
    gateway = server(config)
    thread = threading.Thread(target=asyncio.run, args=[_serve(wire, gateway, listeners)], name="city")
    thread.start()
    found = City(config, wire, f"http://127.0.0.1:{listeners[1].getsockname()[1]}", key, pseudonyms)
    try:
        yield found
    finally:
        for client in found.clients:
            client.close()
        gateway.should_exit = True
        thread.join()
        for listener in listeners:
            listener.close()


async def _serve(wire: Wire, gateway: Any, listeners: list[socket.socket]) -> None:
    province = await asyncio.start_server(wire.serve, sock=listeners[0])
    await gateway.serve([listeners[1]])
    province.close()
