"""How a gate shows who it is: it signs the server's challenge with its own key, and gets a token for ten minutes.

The challenge stands in for the time: a gate whose clock is wrong must still be able to report, and the server's answers
are one way for it to learn the time.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from msgspec import Meta

from gate.errors import WireFault
from gate.wire.message import DeviceId, decode, encode

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CHALLENGE_PATH: Final = "/v1/challenge"
TOKEN_PATH: Final = "/v1/token"  # noqa: S105 - a path
LIFE_S: Final = 600
"""How long a token usually lives."""

Nonce = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22,128}$", description="128 random bits at least; good once")]
Opaque = Annotated[str, Meta(pattern=r"^[!-~]{16,4096}$", description="the server's own business")]

_HEADER: Final = urlsafe_b64encode(b'{"alg":"EdDSA","typ":"gate-assertion+jwt"}').rstrip(b"=")
_MOST_CHARACTERS: Final = 4096


class ChallengeRequest(msgspec.Struct, frozen=True):
    """Asks for something to sign; anybody may."""

    device: DeviceId


class Challenge(msgspec.Struct, frozen=True):
    """What to sign, once, within a minute."""

    nonce: Nonce


class Assertion(msgspec.Struct, frozen=True):
    """The claims that a gate signs. They are those of a JWT (RFC 7519), so any library can check them."""

    iss: DeviceId
    aud: Annotated[str, Meta(max_length=400, description="the server's address as the gate has it")]
    """What is signed for one server is of no use before another one."""
    nonce: Nonce


class TokenRequest(msgspec.Struct, frozen=True):
    """Asks for a token."""

    device: DeviceId
    assertion: Annotated[
        str,
        Meta(max_length=_MOST_CHARACTERS, description="compact JWS (RFC 7515), EdDSA over Ed25519, of an Assertion"),
    ]


class Token(msgspec.Struct, frozen=True):
    """Goes with every other question, as ``Authorization: Bearer …``."""

    token: Opaque
    life_s: Annotated[int, Meta(ge=1, le=86_400)] = LIFE_S
    gateway: Opaque | None = None
    """As long-lived, for the city's gateway: there ``token`` is never shown. None: this fleet gives none."""


def sign(assertion: Assertion, key: Ed25519PrivateKey) -> str:
    """The assertion under a signature."""
    signed = b".".join((_HEADER, _base64(encode(assertion))))
    return b".".join((signed, _base64(key.sign(signed)))).decode("ascii")


def verify(text: str, key: Ed25519PublicKey) -> Assertion:
    """What the holder of a key has signed; whether it is meant for this server and is new is for the caller to say.

    Raises:
        WireFault: it is of another form, or somebody else signed it.
    """
    header, claims, signature = _parts(text)
    if header != _HEADER:
        raise WireFault("the assertion is signed in another way")
    try:
        key.verify(_unbase64(signature), b".".join((header, claims)))
    except InvalidSignature:
        raise WireFault("the assertion is not signed by this gate's key") from None
    return decode(_unbase64(claims), Assertion)


def _parts(text: str) -> tuple[bytes, bytes, bytes]:
    parts = text.encode("ascii", "replace").split(b".") if len(text) <= _MOST_CHARACTERS else ()
    match parts:
        case [header, claims, signature]:
            return header, claims, signature
        case _:
            raise WireFault("the assertion is no compact JWS")


def _base64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _unbase64(text: bytes) -> bytes:
    try:
        return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except ValueError:
        raise WireFault("the assertion is no base64url") from None
