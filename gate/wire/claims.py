"""What a device is handed so that it can ask to be a gate of a fleet: a claim.

A claim is good for one device (by its serial number), for one place, once. It travels as text: in a QR code, in a file,
on a sheet of paper. It is signed by the fleet's claims key, and for that key the holders of the pinned root vouch: a
device believes no fleet that it was not made for.

What is in the text is msgpack (msgspec's structs as arrays) in base32, which has nothing but capitals and digits: it
fits the alphanumeric mode of a QR code, and no keyboard layout and no caps lock of a gun spoils it.
"""

from __future__ import annotations

from base64 import b32decode, b32encode
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Meta

from gate.errors import WireFault
from gate.wire.message import DeviceId

if TYPE_CHECKING:
    from collections.abc import Collection

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX: Final = "GATECLAIM1:"
MOST_CHARACTERS: Final = 2048
"""Of a claim; one of usual length has 600, the largest QR code would hold 4,296."""
MOST_VOUCHERS: Final = 4


_CLAIM: Final = b"gate-claim-1\0"
_CLAIMS_KEY: Final = b"gate-claims-key-1\0"
"""What stands before what is signed, so that no signature is good for something else."""

Bytes8 = Annotated[bytes, Meta(min_length=8, max_length=8)]
Bytes16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, Meta(min_length=64, max_length=64)]
Serial = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{4,64}$", description="as the board or its label says")]
Url = Annotated[str, Meta(pattern=r"^https?://[!-~]{1,200}$")]
Place = Annotated[str, Meta(min_length=1, max_length=64)]


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """What somebody with a console gives to one device."""

    id: Bytes8
    """Names it, on paper and in logs; no secret."""
    secret: Bytes16
    """Random: the fleet keeps no more than its SHA-256."""
    url: Url
    """The fleet's address."""
    pins: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=3)]
    """SHA-256 of the fleet's server's public key, in use and spare: good on a device whose clock is wrong as well."""
    site: Place
    device: DeviceId
    """The name that the device will have."""
    serial: Serial
    """The device's own."""
    until: Annotated[int, Meta(ge=0, le=253_402_300_799)]
    """Seconds since 1970. The fleet judges it: a device that was never at work does not know the time."""

    @property
    def label(self) -> str:
        """Its id as it is written."""
        return self.id.hex()


class _Envelope(msgspec.Struct, frozen=True, array_like=True):
    claim: bytes
    key: Bytes32
    signature: Bytes64
    vouchers: Annotated[tuple[Bytes64, ...], Meta(max_length=MOST_VOUCHERS)]


class SignedClaim(msgspec.Struct, frozen=True):
    """A claim that ``key`` has signed; whose key that is, is for ``check_vouched`` or for the fleet to say."""

    claim: Claim
    key: bytes
    """Ed25519 public key, 32 bytes."""
    vouchers: tuple[bytes, ...]


class Refusal(StrEnum):
    """Why a device does not become a gate."""

    UNKNOWN = "unknown"
    """This fleet has given no such claim."""
    FORGED = "forged"
    """Signed by another key than this fleet's, or changed; or the device does not hold the key that it names."""
    USED = "used"
    """By another key: another device, or this one before it was reset. A new claim is needed."""
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    """Somebody at a console took it back."""
    OTHER_SERIAL = "other serial"
    """It is for another device."""
    OTHER_SITE = "other site"
    """The place that it names is no more, or has become another one's."""


class Declined(WireFault):
    """A request that is refused for a reason that has a word."""

    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def write_claim(claim: Claim, key: Ed25519PrivateKey, vouchers: Collection[bytes]) -> str:
    """A claim as text.

    Args:
        claim: what it says.
        key: the fleet's claims key.
        vouchers: signatures over ``to_vouch`` of its public half, by keys of the pinned root.

    Raises:
        WireFault: no claim can say this; the message names the field.
    """
    body = msgspec.msgpack.encode(claim)
    try:
        msgspec.msgpack.decode(body, type=Claim)
    except msgspec.ValidationError as fault:
        raise WireFault(f"no claim can say this: {fault}") from None
    envelope = _Envelope(body, key.public_key().public_bytes_raw(), key.sign(_CLAIM + body), tuple(vouchers))
    return PREFIX + b32encode(msgspec.msgpack.encode(envelope)).decode("ascii").rstrip("=")


def read_claim(text: str) -> SignedClaim:
    """Take a claim's text apart; blanks around it and the case of its letters are of no account.

    Raises:
        WireFault: it is none, or is damaged.
        Declined: it was changed after it was signed.
    """
    code = text.strip().upper()
    if not code.startswith(PREFIX) or len(code) > MOST_CHARACTERS:
        raise WireFault("this is no claim")
    letters = code.removeprefix(PREFIX)
    try:
        envelope = msgspec.msgpack.decode(b32decode(letters + "=" * (-len(letters) % 8)), type=_Envelope)
        claim = msgspec.msgpack.decode(envelope.claim, type=Claim)
    except (ValueError, RecursionError):  # msgspec's and binascii's errors are ValueErrors
        raise WireFault("the claim is damaged; read it again") from None
    if not is_signed(envelope.key, envelope.signature, _CLAIM + envelope.claim):
        raise Declined(Refusal.FORGED, "the claim is not what was signed")
    return SignedClaim(claim, envelope.key, envelope.vouchers)


def to_vouch(claims_key: bytes) -> bytes:
    """What the keys of the root sign to vouch for a claims key (Ed25519 public key, 32 bytes)."""
    return _CLAIMS_KEY + claims_key


def check_vouched(signed: SignedClaim, roots: Collection[bytes], threshold: int) -> None:
    """Whether the pinned root stands behind a claim.

    Args:
        signed: the claim.
        roots: the root's public keys (Ed25519, 32 bytes).
        threshold: how many of them it takes.

    Raises:
        WireFault: it does not.
    """
    said = to_vouch(signed.key)
    good = {root for root in roots if any(is_signed(root, voucher, said) for voucher in signed.vouchers)}
    if not roots or len(good) < threshold:
        raise WireFault("the claim is another fleet's: the pinned root of this device does not vouch for it")


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 key has signed this."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
