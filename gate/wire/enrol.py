"""How a device becomes a gate of a fleet: it asks with a claim that it was handed and a new key of its own."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from gate.errors import WireFault
from gate.wire.claims import (
    MOST_CHARACTERS,
    Declined,
    Refusal,
    Serial,
    SignedClaim,
    Url,
    is_signed,
    read_claim,
)
from gate.wire.message import DeviceId, Name, Problem
from gate.wire.passages import Word

if TYPE_CHECKING:
    from collections.abc import Collection

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PATH: Final = "/v1/enrol"
REFUSED: Final = 403
"""Status of an answer with a ``Refused``."""
_POSSESSION: Final = b"gate-enrol-1\0"
"""What stands before what is signed, so that no signature is good for something else."""

PinText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{43}=$", description="SHA-256 of a server's public key, base64")]
KeyText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$", description="Ed25519, 32 bytes, base64url")]
SignatureText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{86}$", description="Ed25519, 64 bytes, base64url")]


class EnrolRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Asks to be a gate of this fleet, with a claim. Asked again with the same key, it is answered again."""

    claim: Annotated[str, Meta(max_length=MOST_CHARACTERS)]
    """As it was read."""
    serial: Serial
    key: KeyText
    """The device's own, made on it."""
    proof: SignatureText
    """By that key, over ``gate-enrol-1``, a zero byte, the claim's SHA-256 and the serial number."""
    software: Word
    board: Name | None = None
    """E.g. ``Raspberry Pi 4 Model B Rev 1.4``; None: the board does not say."""


class EnrolAnswer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """It is one now; what its ``[fleet]`` has to say from now on."""

    device: DeviceId
    url: Url
    pins: Annotated[tuple[PinText, ...], Meta(max_length=8)] = ()
    """With ``ca`` or instead of it."""
    ca: Annotated[str, Meta(max_length=64 * 1024)] = ""
    """PEM certificates of the authorities that may name the fleet's server."""
    lease_hours: Annotated[int, Meta(ge=1, le=720)] = 72


class Refused(Problem, frozen=True, omit_defaults=True, kw_only=True):
    """Why, also in a word that a device can translate. One that it does not know is as good as none."""

    reason: Annotated[str, Meta(max_length=64, description=f"one of: {', '.join(Refusal)}")] = ""


def request(text: str, serial: str, key: Ed25519PrivateKey, software: str, board: str | None) -> EnrolRequest:
    """What a device asks with a claim.

    Args:
        text: the claim as it was read.
        serial: the device's own.
        key: the device's own.
        software: its version.
        board: what it runs on.
    """
    code = text.strip()
    return EnrolRequest(
        claim=code,
        serial=serial,
        key=_text(key.public_key().public_bytes_raw()),
        proof=_text(key.sign(_possession(code, serial))),
        software=software,
        board=board,
    )


def check_request(asked: EnrolRequest, claims_keys: Collection[bytes]) -> SignedClaim:
    """What the fleet can say about a request without its tables.

    Args:
        asked: by a device.
        claims_keys: public keys that this fleet's claims are signed by.

    Raises:
        Declined: it is not to be answered.
    """
    try:
        signed = read_claim(asked.claim)
    except WireFault as fault:
        raise Declined(Refusal.FORGED, str(fault)) from None
    if signed.key not in claims_keys:
        raise Declined(Refusal.FORGED, "the claim is another fleet's")
    if not is_signed(device_key(asked), _bytes(asked.proof), _possession(asked.claim, asked.serial)):
        raise Declined(Refusal.FORGED, "the device does not hold the key that it names")
    if asked.serial != signed.claim.serial:
        raise Declined(Refusal.OTHER_SERIAL, "the claim is for a device with another serial number")
    return signed


def device_key(asked: EnrolRequest) -> bytes:
    """The device's public key (Ed25519, 32 bytes)."""
    return _bytes(asked.key)


def _possession(code: str, serial: str) -> bytes:
    return _POSSESSION + sha256(code.encode()).digest() + serial.encode()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
