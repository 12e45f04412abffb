"""Real servers for the network's tests: real sockets, real TLS, and whatever behaviour a test asks for."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from gate.net.trust import TlsTrust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME = "localhost"


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as files that a server loads."""

    chain: Path
    key: Path
    pin: bytes

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class Authority:
    """Somebody who signs servers' certificates."""

    def __init__(self, folder: Path, name: str = "test authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1000))
            .not_valid_after(now + timedelta(days=1000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / f"{name.replace(' ', '-')}.pem"
        self.file.write_bytes(made.public_bytes(Encoding.PEM))

    @property
    def trust(self) -> TlsTrust:
        return TlsTrust(self.file)

    def certificate(self, name: str = NAME, *, from_days: float = -1, to_days: float = 1) -> Certificate:
        """For ``name`` and, where that is this machine, its loopback address; valid from and to (days from now)."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == NAME:
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        serial = x509.random_serial_number()
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(now + timedelta(days=from_days))
            .not_valid_after(now + timedelta(days=to_days))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        chain, key_file = self._folder / f"{serial}.pem", self._folder / f"{serial}.key"
        chain.write_bytes(made.public_bytes(Encoding.PEM))
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return Certificate(chain, key_file, hashlib.sha256(public).digest())

    def revoke(self, certificate: Certificate) -> bytes:
        """A revocation list (PEM) with it on it."""
        now = datetime.now(UTC)
        made = x509.load_pem_x509_certificate(certificate.chain.read_bytes())
        entry = x509.RevokedCertificateBuilder().serial_number(made.serial_number).revocation_date(now).build()
        revoked = x509.CertificateRevocationListBuilder().issuer_name(self._name).last_update(now)
        revoked = revoked.next_update(now + timedelta(days=1)).add_revoked_certificate(entry)
        return revoked.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


def head(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An answer with a Content-Length and further header lines."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Server:
    """Serves connections one thread each until the end of the ``with`` block.

    Args:
        serve: speaks over one accepted connection; its end closes it.
        context: TLS, or None.
    """

    def __init__(self, serve: Callable[[Peer], None], context: ssl.SSLContext | None = None) -> None:
        self._serve = serve
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._links: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.over = threading.Event()
        """Set when the test is over; what hangs waits for it."""

    @property
    def base(self) -> str:
        return f"https://{NAME}:{self.port}" if self._context else f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for link in self._links:
            link.close()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            handle = link.dup()
            self._links.append(handle)
            thread = threading.Thread(target=self._talk, args=(link, handle))
            self._threads.append(thread)
            thread.start()

    def _talk(self, link: socket.socket, handle: socket.socket) -> None:
        with contextlib.suppress(OSError), link:
            if self._context is None:
                self._serve(Peer(link, self.over))
            else:
                with self._context.wrap_socket(link, server_side=True) as secured:
                    self._serve(Peer(secured, self.over))
        with contextlib.suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)  # the handle alone would keep the connection open


class Peer:
    """One connection as the server sees it."""

    def __init__(self, link: socket.socket, over: threading.Event) -> None:
        self.link = link
        self.over = over
        self._read = b""

    def requests(self) -> Iterator[tuple[bytes, bytes]]:
        """Each request's head and body, until the client goes."""
        while True:
            while b"\r\n\r\n" not in self._read:
                if not self._more():
                    return
            request, _, self._read = self._read.partition(b"\r\n\r\n")
            length = 0
            for line in request.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            while len(self._read) < length:
                if not self._more():
                    return
            body, self._read = self._read[:length], self._read[length:]
            yield request, body

    def _more(self) -> bool:
        piece = self.link.recv(65536)
        self._read += piece
        return bool(piece)

    def drip(self, content: bytes, every_s: float) -> None:
        """Send byte by byte."""
        for byte in content:
            self.link.sendall(bytes([byte]))
            if self.over.wait(every_s):
                return


def answering(*answers: bytes) -> Callable[[Peer], None]:
    """Answer each connection's requests with these in turn, the last one again and again."""

    def serve(peer: Peer) -> None:
        for number, _ in enumerate(peer.requests()):
            peer.link.sendall(answers[min(number, len(answers) - 1)])

    return serve
