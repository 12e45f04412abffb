"""Which servers are believed over TLS, and what a person reads where one is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from net_rig import Authority, Server, answering, head

from gate.errors import ConfigError, NetworkFault, NetworkTrouble
from gate.net.client import Client
from gate.net.trust import NO_TRUST, TlsTrust, pin_of

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from net_rig import Peer

    from gate.net.answer import Answer

DATE = "Date: Sat, 21 Nov 2026 10:00:00 GMT"
ANSWER = head(b"answer", DATE)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def asked(context: ssl.SSLContext, trust: TlsTrust) -> Answer:
    with Server(answering(ANSWER), context) as server:
        client = Client(server.base, trust)
        try:
            return client.request("GET", "/", deadline_s=20, most_bytes=100)
        finally:
            client.close()


def refused(context: ssl.SSLContext, trust: TlsTrust) -> str:
    with pytest.raises(NetworkFault) as found:
        asked(context, trust)
    assert found.value.kind is NetworkTrouble.TLS
    return str(found.value)


def test_a_server_with_a_certificate_of_the_authority_is_believed_and_its_clock_too(authority: Authority) -> None:
    answer = asked(authority.certificate().context(), authority.trust)
    assert answer.body == b"answer"
    assert answer.date == datetime(2026, 11, 21, 10, tzinfo=UTC)


def test_one_connection_is_kept(authority: Authority) -> None:
    with Server(answering(ANSWER), authority.certificate().context()) as server:
        client = Client(server.base, authority.trust)
        for _ in range(3):
            client.request("GET", "/", deadline_s=20, most_bytes=100)
        client.close()
    assert server.connections == 1


def test_a_certificate_for_another_name(authority: Authority) -> None:
    assert "another name" in refused(authority.certificate("elsewhere.example").context(), authority.trust)


def test_a_certificate_that_expired(authority: Authority) -> None:
    said = refused(authority.certificate(from_days=-10, to_days=-1).context(), authority.trust)
    assert "expired" in said
    assert "clock" in said


def test_a_certificate_of_the_future_or_a_clock_of_the_past(authority: Authority) -> None:
    said = refused(authority.certificate(from_days=1, to_days=10).context(), authority.trust)
    assert "not valid yet" in said
    assert "clock" in said


def test_a_certificate_of_an_unknown_authority(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "somebody else")
    assert "not in the CA file" in refused(stranger.certificate().context(), authority.trust)


def test_a_pinned_key_is_believed_whatever_the_certificate_says(authority: Authority) -> None:
    certificate = authority.certificate("elsewhere.example", from_days=-10, to_days=-1)
    assert asked(certificate.context(), TlsTrust(pins=frozenset({bytes(32), certificate.pin}))).body == b"answer"


def test_nothing_is_said_to_a_server_with_another_key(authority: Authority) -> None:
    heard: list[bytes] = []

    def serve(peer: Peer) -> None:
        heard.extend(request for request, _ in peer.requests())

    with Server(serve, authority.certificate().context()) as server:
        client = Client(server.base, TlsTrust(pins=frozenset({bytes(32)})))
        with pytest.raises(NetworkFault, match="none of the pinned") as found:
            client.request("GET", "/secret", deadline_s=20, most_bytes=100)
        client.close()
    assert found.value.kind is NetworkTrouble.TLS
    assert heard == []


def test_where_both_are_given_both_must_hold(authority: Authority) -> None:
    good, other = authority.certificate(), authority.certificate()
    both = TlsTrust(authority.file, frozenset({good.pin}))
    assert asked(good.context(), both).body == b"answer"
    assert "pinned" in refused(other.context(), both)
    expired = authority.certificate(to_days=-0.5)
    assert "expired" in refused(expired.context(), TlsTrust(authority.file, frozenset({expired.pin})))


def test_what_withdraws_a_servers_key_is_the_configuration_and_no_list(authority: Authority, tmp_path: Path) -> None:
    stolen, fresh = authority.certificate(), authority.certificate()
    with_list = tmp_path / "with-list.pem"
    with_list.write_bytes(authority.file.read_bytes() + authority.revoke(stolen))
    assert asked(stolen.context(), TlsTrust(with_list)).body == b"answer"
    assert "pinned" in refused(stolen.context(), TlsTrust(with_list, frozenset({fresh.pin})))


def test_a_server_that_speaks_no_tls(authority: Authority) -> None:
    def serve(peer: Peer) -> None:
        peer.link.recv(1000)
        peer.link.sendall(head(b"this is no TLS", status="400 Bad Request"))

    with Server(serve) as server:
        client = Client(f"https://localhost:{server.port}", authority.trust)
        with pytest.raises(NetworkFault, match="is port") as found:
            client.request("GET", "/", deadline_s=20, most_bytes=100)
        client.close()
    assert found.value.kind is NetworkTrouble.TLS


def test_the_deadline_holds_against_half_a_handshake(authority: Authority) -> None:
    def serve(peer: Peer) -> None:
        peer.over.wait()

    with Server(serve) as server:
        client = Client(f"https://localhost:{server.port}", authority.trust)
        with pytest.raises(NetworkFault) as found:
            client.request("GET", "/", deadline_s=0.2, most_bytes=100)
        client.close()
    assert found.value.kind is NetworkTrouble.TIMEOUT


def test_a_trust_that_cannot_be_used_is_refused_with_what_to_write(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"no certificate")
    for trust, said in [
        (NO_TRUST, "name a CA file or pins"),
        (TlsTrust(tmp_path / "missing.pem"), "CA file can't be used"),
        (TlsTrust(empty), "CA file can't be used"),
        (TlsTrust(pins=frozenset({b"short"})), "32 bytes"),
    ]:
        with pytest.raises(ConfigError, match=said):
            Client("https://localhost", trust)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_certificate_have_no_pin(certificate: bytes) -> None:
    assert pin_of(certificate) == b""
