"""A server is asked within a deadline and within bounds, whatever it, the network or the name server does."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from net_rig import Server, answering, head

from gate.errors import ConfigError, NetworkFault, NetworkTrouble
from gate.net.answer import moment_of, unpacked
from gate.net.client import MOST_LEFT_BEHIND, Client
from gate.net.trust import NO_TRUST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from net_rig import Peer

    from gate.net.answer import Answer

PATIENT_S = 20.0
"""Never reached on a machine that works at all."""
HURRIED_S = 0.2
MOST = 1000


def ask(client: Client, deadline_s: float = PATIENT_S, body: bytes | None = None) -> Answer:
    return client.request("POST" if body else "GET", "/x", body=body, deadline_s=deadline_s, most_bytes=MOST)


def fault(serve: Callable[[Peer], None], deadline_s: float = PATIENT_S) -> NetworkFault:
    with Server(serve) as server:
        return refused(Client(server.base, NO_TRUST), deadline_s)


def refused(client: Client, deadline_s: float = PATIENT_S) -> NetworkFault:
    with pytest.raises(NetworkFault) as found:
        ask(client, deadline_s)
    client.close()
    return found.value


def test_an_answer_arrives_whole_over_one_kept_connection() -> None:
    with Server(answering(head(b"first", "X-Kind: a"), head(b"second", status="404 Not Found"))) as server:
        client = Client(server.base, NO_TRUST)
        first, second = ask(client), ask(client, body=b"question")
        client.close()
    assert (first.status, first.body, first.headers["x-kind"]) == (200, b"first", "a")
    assert (second.status, second.body) == (404, b"second")
    assert server.connections == 1


def test_the_question_arrives_as_it_was_asked() -> None:
    seen: list[tuple[bytes, bytes]] = []

    def serve(peer: Peer) -> None:
        for request in peer.requests():
            seen.append(request)
            peer.link.sendall(head(b""))

    with Server(serve) as server:
        client = Client(f"{server.base}/gateway/", NO_TRUST)
        client.request("POST", "/v1", body=b"abc", headers={"X-A": "1"}, deadline_s=PATIENT_S, most_bytes=MOST)
        client.close()
    (request, body), *_ = seen
    assert request.startswith(b"POST /gateway/v1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}".encode() in request
    assert b"X-A: 1" in request
    assert body == b"abc"


def test_a_kept_connection_that_the_server_closed_is_opened_anew() -> None:
    def serve(peer: Peer) -> None:
        for _ in peer.requests():
            peer.link.sendall(head(b"answer"))
            return

    with Server(serve) as server:
        client = Client(server.base, NO_TRUST)
        assert [ask(client).body for _ in range(3)] == [b"answer"] * 3
        client.close()
    assert server.connections == 3


def test_a_kept_connection_that_breaks_as_it_is_used_again_is_opened_anew() -> None:
    second = threading.Event()

    def serve(peer: Peer) -> None:
        for number, _ in enumerate(peer.requests()):
            if number == 1 and not second.is_set():
                second.set()
                return
            peer.link.sendall(head(b"answer"))

    with Server(serve) as server:
        client = Client(server.base, NO_TRUST)
        assert [ask(client).body for _ in range(2)] == [b"answer"] * 2
        client.close()
    assert second.is_set()


# --- slow ------------------------------------------------------------------------------------------------------------


def says_nothing(peer: Peer) -> None:
    peer.over.wait()


def drips(peer: Peer) -> None:
    next(peer.requests())
    peer.drip(head(b"x" * 500), 0.05)


def drips_the_body(peer: Peer) -> None:
    next(peer.requests())
    peer.link.sendall(head(b"", length=500))
    peer.drip(b"x" * 500, 0.05)


def stops_half_way(peer: Peer) -> None:
    next(peer.requests())
    peer.link.sendall(head(b"half", length=500))
    peer.over.wait()


def does_not_read(peer: Peer) -> None:
    peer.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.over.wait()


@pytest.mark.parametrize("serve", [says_nothing, drips, drips_the_body, stops_half_way])
def test_the_deadline_holds_against_a_slow_server(serve: Callable[[Peer], None]) -> None:
    found = fault(serve, HURRIED_S)
    assert found.kind is NetworkTrouble.TIMEOUT
    assert "in time" in str(found)


def test_the_deadline_holds_while_sending() -> None:
    with Server(does_not_read) as server:
        client = Client(server.base, NO_TRUST)
        with pytest.raises(NetworkFault) as found:
            ask(client, HURRIED_S, body=bytes(30_000_000))
        client.close()
    assert found.value.kind is NetworkTrouble.TIMEOUT


def test_after_a_slow_answer_the_next_call_gets_its_own() -> None:
    slow = threading.Event()

    def serve(peer: Peer) -> None:
        for _ in peer.requests():
            if not slow.is_set():
                slow.set()
                peer.over.wait(3 * HURRIED_S)
                peer.link.sendall(head(b"too late"))
            peer.link.sendall(head(b"in time"))

    with Server(serve) as server:
        client = Client(server.base, NO_TRUST)
        with pytest.raises(NetworkFault):
            ask(client, HURRIED_S)
        assert ask(client).body == b"in time"
        client.close()


@pytest.fixture
def silent_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The C library waits for a name server that never answers; nothing can interrupt it."""
    answers = threading.Event()
    real = socket.getaddrinfo

    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        answers.wait()
        return real(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield answers
    answers.set()


def test_a_name_server_that_never_answers_costs_the_deadline_and_a_few_threads(
    silent_name_server: threading.Event,
) -> None:
    before = threading.active_count()
    with Server(answering(head(b"answer"))) as server:
        client = Client(server.base, NO_TRUST)
        kinds = [refused(client, 0.02).kind for _ in range(MOST_LEFT_BEHIND + 3)]
        assert kinds == [NetworkTrouble.TIMEOUT] * MOST_LEFT_BEHIND + [NetworkTrouble.BUSY] * 3
        hanging = [thread for thread in threading.enumerate() if thread.name == "net"]
        assert len(hanging) == MOST_LEFT_BEHIND
        assert "name server" in str(refused(client))

        silent_name_server.set()
        for thread in hanging:
            thread.join()
        assert server.connections == 0  # who gave up does not ask after all
        assert ask(client).body == b"answer"
        client.close()
    assert threading.active_count() <= before


def test_calls_of_several_threads_take_turns_and_count_the_wait() -> None:
    asked, go = threading.Event(), threading.Event()

    def serve(peer: Peer) -> None:
        for _ in peer.requests():
            asked.set()
            go.wait()
            peer.link.sendall(head(b"answer"))

    with Server(serve) as server:
        client = Client(server.base, NO_TRUST)
        first = threading.Thread(target=ask, args=(client,))
        first.start()
        asked.wait()
        with pytest.raises(NetworkFault, match="earlier call"):
            ask(client, 0.02)
        go.set()
        first.join()
        assert ask(client).body == b"answer"
        client.close()
    assert server.connections == 1


# --- wrong -----------------------------------------------------------------------------------------------------------


def closes(_: Peer) -> None:
    pass


def closes_after_reading(peer: Peer) -> None:
    next(peer.requests())


def half_a_body(peer: Peer) -> None:
    next(peer.requests())
    peer.link.sendall(head(b"half", length=500))


def half_a_chunk(peer: Peer) -> None:
    next(peer.requests())
    peer.link.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe")


def garbage(peer: Peer) -> None:
    next(peer.requests())
    peer.link.sendall(bytes(range(256)) + b"\r\n\r\n")


def endless_line(peer: Peer) -> None:
    next(peer.requests())
    while not peer.over.is_set():
        peer.link.sendall(b"x" * 65536)


@pytest.mark.parametrize(
    ("serve", "kind"),
    [
        (closes, NetworkTrouble.UNREACHABLE),
        (closes_after_reading, NetworkTrouble.UNREACHABLE),
        (half_a_body, NetworkTrouble.GARBLED),
        (half_a_chunk, NetworkTrouble.GARBLED),
        (garbage, NetworkTrouble.GARBLED),
        (endless_line, NetworkTrouble.GARBLED),
    ],
)
def test_an_answer_that_is_none(serve: Callable[[Peer], None], kind: NetworkTrouble) -> None:
    assert fault(serve).kind is kind


def test_nobody_listens() -> None:
    with Server(closes) as server:
        pass
    found = refused(Client(server.base, NO_TRUST))
    assert found.kind is NetworkTrouble.UNREACHABLE
    assert "is the server up" in str(found)


def test_a_body_of_chunks_is_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with Server(answering(chunked)) as server:
        client = Client(server.base, NO_TRUST)
        assert [ask(client).body, ask(client).body] == [b"abcde"] * 2
        client.close()
    assert server.connections == 1


def endless_body(peer: Peer) -> None:
    next(peer.requests())
    peer.link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not peer.over.is_set():
        peer.link.sendall(b"x" * 65536)


def endless_chunk(peer: Peer) -> None:
    next(peer.requests())
    peer.link.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffff\r\n")
    while not peer.over.is_set():
        peer.link.sendall(b"x" * 65536)


def a_bomb(peer: Peer) -> None:
    next(peer.requests())
    peer.link.sendall(head(gzip.compress(bytes(500_000)), "Content-Encoding: gzip"))


@pytest.mark.parametrize("serve", [endless_body, endless_chunk, a_bomb])
def test_more_than_was_asked_for_is_not_read(serve: Callable[[Peer], None]) -> None:
    found = fault(serve)
    assert found.kind is NetworkTrouble.TOO_LARGE
    assert str(found).startswith("127.0.0.1: ")
    assert str(MOST) in str(found)


@pytest.mark.parametrize("size", [MOST, MOST + 1])
def test_the_bound_is_exact(size: int) -> None:
    with Server(answering(head(bytes(size)))) as server:
        client = Client(server.base, NO_TRUST)
        if size > MOST:
            assert refused(client).kind is NetworkTrouble.TOO_LARGE
        else:
            assert len(ask(client).body) == MOST
        client.close()


def test_a_captive_portals_redirect_is_an_answer_and_is_not_followed() -> None:
    with Server(answering(head(b"<html>", "Location: http://192.0.2.1/login", status="302 Found"))) as server:
        client = Client(server.base, NO_TRUST)
        assert ask(client).status == 302
        client.close()
    assert server.connections == 1


def test_nothing_of_the_environment_and_no_cookie_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:1")
    requests: list[bytes] = []

    def serve(peer: Peer) -> None:
        for request, _ in peer.requests():
            requests.append(request.lower())
            peer.link.sendall(head(b"", "Set-Cookie: a=b"))

    with Server(serve) as server:
        client = Client(server.base, NO_TRUST)
        ask(client)
        ask(client)
        client.close()
    assert len(requests) == 2
    assert not any(b"cookie" in request or b"authorization" in request for request in requests)


def test_a_clock_over_a_plain_connection_proves_nothing() -> None:
    with Server(answering(head(b"", "Date: Sat, 21 Nov 2026 10:00:00 GMT"))) as server:
        client = Client(server.base, NO_TRUST)
        assert ask(client).date is None
        client.close()


@pytest.mark.parametrize(
    "base",
    [
        *(
            "",
            "gateway",
            "ftp://localhost",
            "https://",
            "https://a:b",
            "https://a:99999",
            "https://[::1",
            "https://a?b",
        ),
        *("https://user@a", "https://a/#b", "https://a\n", "http://gateway.example", "http://localhost"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_what_to_write(base: str) -> None:
    with pytest.raises(ConfigError, match="https://"):
        Client(base, NO_TRUST)


# --- hostile ---------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 ", b"HTTP/9 999\r\n", b"200", b"\r\n", b"\r\n\r\n", b"\n", b" ", b":"),
        *(b"Content-Length: ", b"Content-Length: -1\r\n", b"Content-Length: 1, 2\r\n", b"Content-Encoding: gzip\r\n"),
        *(b"Transfer-Encoding: chunked\r\n", b"-5\r\n", b"0\r\n", b"zz\r\n", b"Location: //[\r\n", b"\x00", b"\xff"),
        *(b"Set-Cookie: \xff=;\r\n", b"Content-Type: text/html; charset=\x00\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ]
)


def outcome(client: Client) -> NetworkTrouble | None:
    try:
        answer = ask(client)
    except NetworkFault as found:
        return found.kind
    assert len(answer.body) <= MOST
    return None


def test_whatever_a_server_says_there_is_an_answer_or_a_declared_fault() -> None:
    said = [b""]

    def serve(peer: Peer) -> None:
        for _ in peer.requests():
            peer.link.sendall(said[0])
            return

    with Server(serve) as server:

        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(st.lists(PIECES | st.binary(max_size=8), max_size=12))
        def hostile(pieces: list[bytes]) -> None:
            said[0] = b"".join(pieces)
            client = Client(server.base, NO_TRUST)
            assert outcome(client) in {None, *NetworkTrouble} - {NetworkTrouble.TIMEOUT, NetworkTrouble.TLS}
            client.close()

        hostile()


@given(st.binary(max_size=200), st.integers(0, 200), st.sampled_from(["", "gzip", "identity", "br"]))
def test_unpacking_is_bounded_and_fails_only_as_declared(body: bytes, most: int, encoding: str) -> None:
    for packed in (body, gzip.compress(body, mtime=0), gzip.compress(body, mtime=0)[:-3], zlib.compress(body)):
        try:
            content = unpacked(packed, encoding, most)
        except NetworkFault:
            continue
        assert content in {body, packed}
        if encoding == "gzip":
            assert len(content) <= most


@given(st.text(max_size=60) | st.none())
def test_a_date_is_one_or_none(header: str | None) -> None:
    found = moment_of(header)
    assert found is None or found.tzinfo is not None


def test_the_time_that_counts_is_the_machines_steady_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    with Server(answering(head(b"answer"))) as server:
        client = Client(server.base, NO_TRUST)
        assert ask(client).body == b"answer"
        client.close()
