"""The outside of every file of a list: a signed header, a directory of its blocks, then the blocks.

::

    0     magic, length of the header (2 bytes), header (JSON), Ed25519 signature over both (64), zeros up to 2048
    2048  for each block where it ends, counted from the first (4 bytes, big endian); for each block the first 16 bytes
          of its SHA-256
    …     the blocks, each encrypted and authenticated by itself

The header holds the directory's digest, so the signature reaches every byte: a gate that was stolen has the key that
encrypts, and still can write no list that another gate believes.
"""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate.errors import StatusUnavailable
from gate.status.cache.payload import STEP_S

HEAD_BYTES: Final = 2048
HASH_BITS: Final = 48
HASH_BYTES: Final = HASH_BITS // 8
MOST_PEOPLE: Final = 20_000_000
MOST_BITS: Final = 18
MOST_CHANGES: Final = 16
"""Changes that may follow a whole list before it has to be made anew."""
DIGEST_BYTES: Final = 16
SALT_BYTES: Final = 16

_MAGIC: Final = b"GSL1"
_HASH: Final = sha256()
"""Copied for every block: that costs a third less than to begin a new one."""
_LENGTH: Final = struct.Struct(">4sH")
_SIGNATURE_BYTES: Final = 64
_SIGNED_AS: Final = b"gate status list 1\0"

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_PEOPLE)]
Time = Annotated[int, msgspec.Meta(ge=0, le=1 << 36)]
Hex16 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Kind = Literal["exceptions", "city"]
Covered = Literal["code", "pop_up", "travel"]


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a file says about itself."""

    format: Literal[1] = 1
    kind: Kind
    number: Annotated[int, msgspec.Meta(ge=1, le=1 << 40)]
    """Of the generation; a gate takes no older one than it had."""
    change: Annotated[int, msgspec.Meta(ge=0, le=MOST_CHANGES)] = 0
    """Which change of this generation it is; 0: it is the whole list."""
    salt: Hex16
    """Random, of this file alone: its keys come from it, and it names the file."""
    of: Hex16 | None = None
    """Of a change: the salt of the whole list that it changes. Of a whole list: of the one that it was made from."""
    changes: Annotated[int, msgspec.Meta(ge=0, le=MOST_CHANGES)] = 0
    """Of a whole list that was made from another: how many of the other's changes are in it."""
    as_of: Time
    until: Time
    """From then on the list's silence and its good news say nothing any more."""
    origin: Time
    """Where its times begin."""
    people: Count
    """On the list, or changed."""
    added: Count = 0
    """Of a change: people who are not on the whole list."""
    bits: Annotated[int, msgspec.Meta(ge=0, le=MOST_BITS)]
    """How many bits of a person's hash choose the bucket."""
    hash_bits: Literal[48] = HASH_BITS
    step_s: Literal[900] = STEP_S
    covers: tuple[Covered, ...] = ()
    """Of exceptions: about what the list is complete, so that silence means something."""
    blocks: Annotated[int, msgspec.Meta(ge=1, le=1 << MOST_BITS)]
    bytes: Annotated[int, msgspec.Meta(ge=0, le=1 << 29)]
    """Of all blocks together."""
    raw: Annotated[int, msgspec.Meta(ge=0, le=1 << 27)] = 0
    """Of a change: bytes of its content once it is unpacked."""
    directory: Hex32
    """SHA-256 of the directory."""
    signer: Hex32
    """Public key."""

    @property
    def false_match(self) -> float:
        """Odds that somebody who is not on the list is taken for somebody who is."""
        return false_match(self.people)

    @property
    def suffix_bytes(self) -> int:
        """What a row keeps of a hash; the bucket says the rest."""
        return suffix_bytes(self.bits)


def suffix_bytes(bits: int) -> int:
    """Bytes of a hash that the first ``bits`` bits don't say."""
    return HASH_BYTES - bits // 8


def false_match(people: int) -> float:
    """Odds that the hash of somebody who is not on a list of so many is that of one who is: n / 2^48."""
    return people / (1 << HASH_BITS)


def shared_place(people: int) -> float:
    """How many pairs of people on a list are expected to share a hash; both are then unknown to it."""
    return people * (people - 1) / 2 / (1 << HASH_BITS)


def sign(header: Header, signer: Ed25519PrivateKey) -> bytes:
    """The first ``HEAD_BYTES`` of a file."""
    content = msgspec.json.encode(header)
    start = _LENGTH.pack(_MAGIC, len(content)) + content
    signed = start + signer.sign(_SIGNED_AS + start)
    if len(signed) > HEAD_BYTES:
        raise ValueError(f"a header of {len(signed)} bytes")
    return signed.ljust(HEAD_BYTES, b"\0")


def read_head(data: bytes, signers: frozenset[bytes]) -> Header:
    """Read and verify the first ``HEAD_BYTES`` of a file.

    Args:
        data: exactly those.
        signers: raw public keys of whoever may sign lists.

    Raises:
        StatusUnavailable: it is damaged, not signed by any of them, or of another form.
    """
    if len(data) != HEAD_BYTES or not data.startswith(_MAGIC):
        raise StatusUnavailable("is no list of people")
    end = _LENGTH.size + _LENGTH.unpack_from(data)[1]
    signed, signature, rest = data[:end], data[end : end + _SIGNATURE_BYTES], data[end + _SIGNATURE_BYTES :]
    if len(signature) < _SIGNATURE_BYTES or any(rest):
        raise StatusUnavailable("is damaged")
    try:
        header = msgspec.json.decode(signed[_LENGTH.size :], type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise StatusUnavailable("is damaged, or of a form that this gate does not know") from None
    signer = bytes.fromhex(header.signer)
    if signer not in signers:
        raise StatusUnavailable("is signed by nobody whom the trust bundle names (status-signers.json)")
    try:
        Ed25519PublicKey.from_public_bytes(signer).verify(signature, _SIGNED_AS + signed)
    except (InvalidSignature, ValueError):
        raise StatusUnavailable("is not what was signed") from None
    return header


@dataclass(frozen=True, slots=True)
class Directory:
    """Where each block ends, and its digest."""

    ends: array[int]
    digests: bytes

    @classmethod
    def read(cls, where: bytes, digests: bytes, header: Header) -> Directory:
        """Read its two parts, as long as they have to be; in two, since a megabyte is not copied then.

        Raises:
            StatusUnavailable: it is not the one that was signed.
        """
        whole = sha256(where)
        whole.update(digests)
        if whole.hexdigest() != header.directory:
            raise StatusUnavailable("its directory is not what was signed")
        ends = array("I")
        ends.frombytes(where)
        if sys.byteorder == "little":
            ends.byteswap()
        return cls(ends, digests)

    def write(self) -> bytes:
        """Its bytes."""
        ends = array("I", self.ends)
        if sys.byteorder == "little":
            ends.byteswap()
        return ends.tobytes() + self.digests


def directory_bytes(blocks: int) -> int:
    """Of a file with so many blocks."""
    return blocks * (4 + DIGEST_BYTES)


def digest(block: bytes) -> bytes:
    """Of an encrypted block, as the directory has it."""
    hashing = _HASH.copy()
    hashing.update(block)
    return hashing.digest()[:DIGEST_BYTES]
