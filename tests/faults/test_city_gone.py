"""The city's gateway, or whatever sits in its place, does everything wrong while people stand before the gate."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from gateway_rig import Told, said
from lane_rig import KEY, Rig, Source, all_well, card, serve
from net_rig import Authority, Server, head
from reliability import Found, note

from drivers.simulated import id_cards
from gate.app.demo.people import healthy
from gate.app.judgement import STATUS_OFFLINE
from gate.credentials import resident_id
from gate.net.client import Client
from gate.net.trust import TlsTrust
from gate.status.lookup import Lookup
from gate.status.online import OnlineFirst
from gate.wire import message, status
from gate.wire.records import known_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from net_rig import Certificate, Peer

    from gate.status.source import StatusSource

DEADLINE_S = 0.3
CONTENT = f"Content-Type: {message.MEDIA_TYPE}"


def all_in_order() -> bytes:
    """The answer by which the person would be let in, were it believed."""
    holder = resident_id.parse(id_cards.citizen(1)).holder
    assert holder is not None
    assert holder.document is not None
    person = status.Person(KEY.pseudonym(holder.document), known_of(healthy(datetime.now(UTC))))
    return said(status.HolderAnswer(person))


@dataclass(frozen=True)
class Fault:
    """What a server does once it was asked, and what it proves itself by."""

    name: str
    does: Callable[[Peer], None]
    certificate: Callable[[Authority], Certificate] = Authority.certificate
    pinned: bool = False
    """Only another key than the server's is believed."""


def sends(content: bytes) -> Callable[[Peer], None]:
    return lambda peer: peer.link.sendall(content)


def once_asked(does: Callable[[Peer], None]) -> Callable[[Peer], None]:
    """Who breaks off while he finds out whom he talks to asks nothing."""

    def serve_one(peer: Peer) -> None:
        for _ in peer.requests():
            does(peer)
            return

    return serve_one


def lets_in(peer: Peer) -> None:
    peer.link.sendall(all_in_order())


def drips(peer: Peer) -> None:
    peer.drip(all_in_order(), 0.05)


def half(peer: Peer) -> None:
    whole = all_in_order()
    peer.link.sendall(whole[: -len(whole) // 2])


def hangs(peer: Peer) -> None:
    peer.over.wait()


FAULTS = (
    *(
        Fault(f"city: the server answers {code}", sends(head(b"no", status=f"{code} No")))
        for code in (400, 401, 404, 409, 413, 429, 500, 503)
    ),
    Fault("city: the server answers 200 and no JSON", sends(head(b"\xff\x00{", CONTENT))),
    Fault("city: the server answers with what is no HTTP", sends(b"\x16\x03\x01 this is no HTTP\r\n\r\n")),
    Fault("city: HTML", sends(head(b"<html>welcome to our hotel", "Content-Type: text/html"))),
    Fault("city: captive portal redirects", sends(head(b"", "Location: http://192.0.2.1/", status="302 Found"))),
    Fault("city: half a body", half),
    Fault("city: slow drip", drips),
    Fault("city: no answer at all", hangs),
    Fault("city: closed socket", sends(b"")),
    Fault("city: TLS with the wrong name", lets_in, lambda by: by.certificate("elsewhere.example")),
    Fault("city: TLS expired", lets_in, lambda by: by.certificate(from_days=-10, to_days=-1)),
    Fault("city: TLS with a key that was withdrawn", lets_in, pinned=True),
)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def stand_before(gone: Server, trust: TlsTrust, folder: Path, fault: str) -> None:
    """Two people in order, one where nothing is held here, one where the same is."""
    heard: list[str] = []

    def person(held: StatusSource | None) -> list[str]:
        """Marks of the record."""
        told = Told()
        found: list[list[str]] = []

        async def scenario(rig: Rig) -> None:
            rig.service.take(card())
            heard.extend(await rig.observed.until("said"))
            await rig.settled()
            found.extend(json.loads(marks) for (marks,) in rig.look("marks"))

        client = Client(gone.base, trust)
        lookup = Lookup(client, DEADLINE_S, told.dates.append, told.changes.append)
        (state := folder / str(len(heard))).mkdir()
        serve(state, scenario, status=OnlineFirst(lookup, held, DEADLINE_S), status_deadline_s=DEADLINE_S + 2)
        client.close()
        (marks,) = found
        return list(marks)

    assert STATUS_OFFLINE not in person(None)
    assert STATUS_OFFLINE in person(Source(all_well))
    assert heard == ["status_unavailable", "green_code"]
    remark = "Referred where nothing is held here, else judged by that, and `status-offline` on record."
    note(Found(fault, 2, heard=tuple(heard), remark=remark))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_nobody_is_let_in_by_what_is_no_answer(fault: Fault, authority: Authority, tmp_path: Path) -> None:
    trust = TlsTrust(authority.file, frozenset({authority.certificate().pin})) if fault.pinned else authority.trust
    with Server(once_asked(fault.does), fault.certificate(authority).context()) as server:
        stand_before(server, trust, tmp_path, fault.name)


def test_nobody_is_let_in_by_a_stranger_with_a_certificate_of_his_own(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "somebody else")
    with Server(once_asked(lets_in), stranger.certificate().context()) as server:
        stand_before(server, authority.trust, tmp_path, "city: TLS of an unknown authority, as a captive portal's")


def test_nobody_listens(authority: Authority, tmp_path: Path) -> None:
    with Server(once_asked(lets_in), authority.certificate().context()) as server:
        pass
    stand_before(server, authority.trust, tmp_path, "city: nobody listens")


@pytest.fixture
def silent_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The C library waits for a name server that never answers; nothing can interrupt it."""
    answers, real = threading.Event(), socket.getaddrinfo

    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        answers.wait()
        return real(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield answers
    answers.set()


def test_a_name_server_never_answers(authority: Authority, tmp_path: Path, silent_name_server: threading.Event) -> None:
    with Server(once_asked(lets_in), authority.certificate().context()) as server:
        stand_before(server, authority.trust, tmp_path, "city: DNS never answers")
    assert server.connections == 0
    assert not silent_name_server.is_set()


def test_the_same_answer_lets_in_where_it_is_believed(authority: Authority, tmp_path: Path) -> None:
    """Else all of the above would show nothing."""

    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        assert await rig.observed.until("said") == ["green_code"]

    told = Told()
    with Server(once_asked(lets_in), authority.certificate().context()) as server:
        city = OnlineFirst(told.lookup(server, authority), None, DEADLINE_S)
        serve(tmp_path, scenario, status=city, status_deadline_s=20)
