"""Challenges and tokens that need no table: whoever has the server's secret can tell its own ones. Pure.

A challenge that nobody answers costs nothing, so a flood of them fills nothing. That each is good once is for
the caller to see to; so is what became of the gate since its token was given.

Tokens for the city's gateway have a key of their own, so that the gateway, which has no database, can tell them and
make no others.
"""

from __future__ import annotations

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from gate.errors import WireFault

NONCE_LIFE_S: Final = 60
_NONCE: Final = struct.Struct(">Q16s")
_TOKEN: Final = struct.Struct(">QIQ16s")
_GATEWAY_TOKEN: Final = struct.Struct(">Q64s")
"""With the gate's name, which is ASCII and no longer than that (``gate.wire.message.DeviceId``)."""
_MAC_BYTES: Final = 32
_MOST_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose token it is."""

    device: int
    """Row of the gate."""
    generation: int
    """Of its key, when the token was given."""


def nonce(secret: bytes, device: str, now: float, chance: bytes) -> str:
    """A challenge for a gate.

    Args:
        secret: the server's.
        device: the gate's name.
        now: seconds since 1970.
        chance: 16 random bytes.
    """
    body = _NONCE.pack(int(now), chance)
    return _text(body + _mac(secret, b"nonce", body + device.encode()))


def check_nonce(secret: bytes, device: str, now: float, text: str) -> None:
    """Whether this server gave a challenge to that gate, a minute ago at most.

    Raises:
        WireFault: it did not.
    """
    body, mac = _parts(text, _NONCE.size)
    if not hmac.compare_digest(mac, _mac(secret, b"nonce", body + device.encode())):
        raise WireFault("this challenge was not given to this gate")
    given, _ = _NONCE.unpack(body)
    if not 0 <= int(now) - given <= NONCE_LIFE_S:
        raise WireFault("this challenge is too old; ask for another one")


def token(secret: bytes, holder: Holder, until: float, chance: bytes) -> str:
    """A token that is good up to ``until`` (seconds since 1970)."""
    body = _TOKEN.pack(holder.device, holder.generation, int(until), chance)
    return _text(body + _mac(secret, b"token", body))


def check_token(secret: bytes, now: float, text: str) -> Holder:
    """Whose token it is.

    Raises:
        WireFault: it is none of this server's, or its time is over.
    """
    body, mac = _parts(text, _TOKEN.size)
    if not hmac.compare_digest(mac, _mac(secret, b"token", body)):
        raise WireFault("no token of this server's")
    device, generation, until, _ = _TOKEN.unpack(body)
    if now >= until:
        raise WireFault("the token's time is over")
    return Holder(device, generation)


def gateway_key(secret: bytes) -> bytes:
    """What tokens for the city's gateway are made with, of the server's secret."""
    return _mac(secret, b"gateway key", b"")


def gateway_token(key: bytes, gate: str, until: float) -> str:
    """A token that is good at the gateway up to ``until`` (seconds since 1970)."""
    body = _GATEWAY_TOKEN.pack(int(until), gate.encode())
    return _text(body + _mac(key, b"gateway token", body))


def check_gateway_token(key: bytes, now: float, text: str) -> str:
    """The name of the gate whose token it is.

    Raises:
        WireFault: it is none of this fleet's, or its time is over.
    """
    body, mac = _parts(text, _GATEWAY_TOKEN.size)
    if not hmac.compare_digest(mac, _mac(key, b"gateway token", body)):
        raise WireFault("no token of this fleet's for its gateway")
    until, name = _GATEWAY_TOKEN.unpack(body)
    if now >= until:
        raise WireFault("the token's time is over")
    gate: str = name.rstrip(b"\0").decode()
    return gate


def _mac(secret: bytes, purpose: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, purpose + b"\0" + body, sha256)


def _parts(text: str, size: int) -> tuple[bytes, bytes]:
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) <= _MOST_CHARACTERS else b""
    except ValueError:
        found = b""
    if len(found) != size + _MAC_BYTES or _text(found) != text:
        raise WireFault("this was not given by this server")
    return found[:size], found[size:]


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
