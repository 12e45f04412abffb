"""A city's gateway for tests: real TLS, the contract's own structs, and whatever else a test wants it to do."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from net_rig import Server, head

from gate.net.client import Client
from gate.status.lookup import Lookup
from gate.wire import message, status
from gate.wire.records import known_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import msgspec
    from net_rig import Authority, Peer

    from gate.model import Records


@dataclass
class Gateway:
    """What it knows, and what it was asked. ``now`` is what its clock shows."""

    holders: dict[bytes, Records] = field(default_factory=dict)
    chief: dict[bytes, bytes] = field(default_factory=dict)
    """Pseudonym of a document -> the one under which its holder is known."""
    codes: dict[tuple[str, str], status.CodeAnswer] = field(default_factory=dict)
    asked: list[msgspec.Struct] = field(default_factory=list)
    raw: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Every request as it came over the wire."""
    instead: Callable[[Peer], None] | None = None
    """What it does in place of an answer."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    was_asked: threading.Event = field(default_factory=threading.Event)

    def serve(self, peer: Peer) -> None:
        for request, body in peer.requests():
            self.raw.append((request, body))
            self.was_asked.set()
            if self.instead is not None:
                self.instead(peer)
                return
            peer.link.sendall(self._answer(request, body))

    def _answer(self, request: bytes, body: bytes) -> bytes:
        date = f"Date: {format_datetime(self.now(), usegmt=True)}"
        path = request.split(b" ", 2)[1].decode()
        content_type = next(
            (line[14:].decode() for line in request.split(b"\r\n") if line.lower().startswith(b"content-type: ")), None
        )
        kinds: dict[str, type[msgspec.Struct]] = {
            status.HOLDER_PATH: status.HolderQuestion,
            status.CODE_PATH: status.CodeQuestion,
        }
        if path not in kinds:
            return head(b"", date, status="404 Not Found")
        if (problem := message.not_spoken(content_type)) is not None:
            return said(problem, date, status="415 Unsupported Media Type")
        question = message.decode(body, kinds[path])
        self.asked.append(question)
        return said(self._said(question), date)

    def _said(self, question: msgspec.Struct) -> msgspec.Struct:
        if isinstance(question, status.CodeQuestion):
            nothing = status.CodeAnswer(status.CodeState.UNRECOGNISED)
            return self.codes.get((question.issuer, question.token), nothing)
        assert isinstance(question, status.HolderQuestion)
        people = [self.chief.get(holder, holder) for holder in question.holders]
        holder = next((person for person in people if person in self.holders), people[0])
        records = self.holders.get(holder)
        return status.HolderAnswer(status.Person(holder, None if records is None else known_of(records)))

    def at(self, authority: Authority) -> Server:
        """Served over TLS, until the end of a ``with`` block."""
        return Server(self.serve, authority.certificate().context())


def said(answer: msgspec.Struct, *headers: str, status: str = "200 OK") -> bytes:
    """An answer in the words of the contract."""
    return head(message.encode(answer), f"Content-Type: {message.MEDIA_TYPE}", *headers, status=status)


@dataclass
class Told:
    """What a lookup says besides its answers."""

    dates: list[datetime] = field(default_factory=list)
    changes: list[str | None] = field(default_factory=list)

    def lookup(self, server: Server, authority: Authority, deadline_s: float = 20.0) -> Lookup:
        client = Client(server.base, authority.trust)
        return Lookup(client, deadline_s, self.dates.append, self.changes.append)
