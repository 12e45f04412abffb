"""Which server is believed to be itself: by an authority's certificate, by its own public key, or by both.

Of the machine's own list of authorities nothing is used: any of a hundred of them could name a server of ours.

With authorities the certificate's chain, name and dates are checked. Pins alone name keys: the name and the dates of
the certificate are then of no account, and so a machine whose clock is wrong still finds its server. Certificates are
never asked about at the issuer's (no CRL, no OCSP): a list that can't be had must not stop a gate. What withdraws a
server's key is the configuration: its pin, or its authority, is taken out.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gate.errors import ConfigError, NetworkFault, NetworkTrouble

if TYPE_CHECKING:
    import socket
    from pathlib import Path

PIN_BYTES: Final = 32
_HTTPS: Final = 443
_HTTP: Final = 80

_WHY: Final = {
    9: "its certificate is not valid yet; is this machine's clock right?",
    10: "its certificate has expired; have it renewed, or set this machine's clock right",
    18: "its certificate was signed by nobody but itself; name its key as a pin, or its authority in the CA file",
    19: "its authority is not in the CA file; a captive portal in between looks like this too",
    20: "its authority is not in the CA file; a captive portal in between looks like this too",
    21: "its authority is not in the CA file; a captive portal in between looks like this too",
    62: "its certificate is for another name; a captive portal in between looks like this too",
    64: "its certificate is for another address; write the name that the certificate has",
}
"""OpenSSL's verification errors (X509_V_ERR_…) that people meet, and what they can do."""


@dataclass(frozen=True, slots=True)
class TlsTrust:
    """Whom to believe; at least one of the two for ``https``, where both are given both must hold."""

    ca_file: Path | None = None
    """PEM certificates of authorities."""
    pins: frozenset[bytes] = frozenset()
    """SHA-256 of the server's public key (DER SubjectPublicKeyInfo), 32 bytes each: the one in use and a spare."""


NO_TRUST: Final = TlsTrust()
"""For plain HTTP inside this machine."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server as it is dialled."""

    host: str
    port: int
    path: str
    """What every path of it begins with; without a slash at the end."""
    context: ssl.SSLContext | None
    """None: plain HTTP, inside this machine."""
    pins: frozenset[bytes]

    @property
    def base(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.context is None else 'https'}://{host}:{self.port}{self.path}"

    def secured(self, link: socket.socket) -> socket.socket:
        """The connection once the server proved who it is.

        Raises:
            NetworkFault: it did not; nothing was sent to it.
            OSError: the connection broke.
        """
        if self.context is None:
            return link
        try:
            secured = self.context.wrap_socket(link, server_hostname=self.host)
        except ssl.SSLCertVerificationError as fault:
            why = _WHY.get(fault.verify_code, f"its certificate was refused ({fault.verify_message})")
            raise NetworkFault(NetworkTrouble.TLS, f"{self.host}: {why}") from None
        except ssl.SSLError as fault:
            raise NetworkFault(
                NetworkTrouble.TLS,
                f"{self.host}: no TLS connection ({fault.reason or 'cut off'}); is port {self.port} the right one?",
            ) from None
        if self.pins and pin_of(secured.getpeercert(binary_form=True) or b"") not in self.pins:
            secured.close()
            raise NetworkFault(
                NetworkTrouble.TLS,
                f"{self.host}: its key is none of the pinned ones; was it changed, or is somebody in between?",
            )
        return secured


def server(base: str, trust: TlsTrust) -> Server:
    """The server that ``base`` names: ``https://name[:port][/path]``, or ``http://`` at a loopback address.

    Raises:
        ConfigError: it is no such address, nothing says whom to believe, or the CA file can't be used.
    """
    try:
        parts = urlsplit(base)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError(f"{base!r} is no address; write https://name or https://name:port") from None
    if not host or parts.query or parts.fragment or parts.username is not None or not base.isprintable():
        raise ConfigError(f"{base!r} is no address of a server; write https://name or https://name:port, no more")
    path = parts.path.rstrip("/")
    if parts.scheme == "http" and _is_loopback(host):
        return Server(host, port or _HTTP, path, None, frozenset())
    if parts.scheme != "https":
        raise ConfigError(f"{base!r} would go over the network in clear; write https://")
    return Server(host, port or _HTTPS, path, _context(base, trust), trust.pins)


def pin_from(text: str) -> bytes:
    """A pin as it is written, in base64 (as ``openssl dgst -sha256 -binary | base64`` prints it).

    Raises:
        ConfigError: it is none.
    """
    try:
        pin = base64.b64decode(text, validate=True)
    except ValueError:
        pin = b""
    if len(pin) != PIN_BYTES:
        raise ConfigError(f"{text!r} is no pin: it is the SHA-256 of a server's public key in base64, 44 characters")
    return pin


def pin_of(certificate: bytes) -> bytes:
    """What a certificate (DER) is pinned by; empty where that can't be read."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except ValueError:
        return b""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def _context(base: str, trust: TlsTrust) -> ssl.SSLContext:
    if trust.ca_file is None and not trust.pins:
        raise ConfigError(f"{base}: nothing says which server to believe; name a CA file or pins")
    if any(len(pin) != PIN_BYTES for pin in trust.pins):
        raise ConfigError(f"{base}: a pin is the SHA-256 of a public key, {PIN_BYTES} bytes")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if trust.ca_file is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the pin is compared before anything is sent
        return context
    try:
        context.load_verify_locations(trust.ca_file)
    except (OSError, ssl.SSLError) as fault:
        why = fault.strerror or "no certificate in it"
        raise ConfigError(f"{trust.ca_file}: CA file can't be used ({why}); it holds PEM certificates") from None
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
