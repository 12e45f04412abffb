"""COSE_Sign1 (RFC 9052 section 4.2): one signer's signature over a payload, in CBOR (RFC 8949).

Everything is decoded with limits: nesting of at most 16, no map key twice, no tag that would make the decoder build
an object, no byte left over. Sizes are bounded by whoever hands the bytes in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, NoReturn

from cbor2 import CBORDecodeError, CBORDecoder
from cryptography.exceptions import InvalidSignature

from gate.credentials import es256
from gate.credentials.cose_algorithms import ALGORITHMS, ES256
from gate.errors import CredentialFault
from gate.model import Reason

if TYPE_CHECKING:
    from gate.credentials.signer import PublicKey

MAX_DEPTH = 16
ALG, CRIT, KID = 1, 2, 4
_CWT_TAG = b"\xd8\x3d"
_SIGN1_TAG = b"\xd2"
_PARTS = (bytes, dict, bytes, bytes)
"""Protected header, unprotected header, payload, signature."""


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1 message, its signature not yet verified."""

    algorithm: int
    key_id: bytes
    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    """The ``Sig_structure`` (RFC 9052 section 4.4) that the signature covers."""


def decode(message: bytes) -> Sign1:
    """Take a COSE_Sign1 apart; the tags 61 (CWT) and 18 (COSE_Sign1) may stand before it, as RFC 8392 orders them.

    Key id and algorithm are taken from the protected header, and only where it lacks them from the unprotected one:
    neither is critical, since the key must fit the algorithm and the signature the key (HCERT specification 3.3.2).

    Raises:
        CredentialFault: ``CODE_UNREADABLE`` if it is not well-formed CBOR; ``CERTIFICATE_UNACCEPTABLE`` if it is no
            COSE_Sign1, or has no key id, an algorithm that can't be verified or a critical header.
    """
    item = decode_cbor(message.removeprefix(_CWT_TAG).removeprefix(_SIGN1_TAG))
    # A match statement does the same, and takes as long as all of this function.
    if type(item) is not list or tuple(map(type, item)) != _PARTS:
        raise _unacceptable("not a COSE_Sign1 with its payload")
    protected_bytes, unprotected, payload, signature = item
    protected = decode_cbor(protected_bytes) if protected_bytes else {}
    if type(protected) is not dict or CRIT in protected:
        raise _unacceptable("a protected header that is no map or has critical parts")
    algorithm = protected.get(ALG, unprotected.get(ALG))
    if type(algorithm) is not int or algorithm not in ALGORITHMS:
        raise _unacceptable(f"an algorithm other than {', '.join(row.name for row in ALGORITHMS.values())}")
    if ALGORITHMS[algorithm].missing is not None:
        raise _unacceptable(f"{ALGORITHMS[algorithm].name}: {ALGORITHMS[algorithm].missing}")
    key_id = protected.get(KID, unprotected.get(KID))
    if type(key_id) is not bytes:
        raise _unacceptable("no key id")
    return Sign1(algorithm, key_id, payload, signature, sig_structure(protected_bytes if protected else b"", payload))


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """Bytes that are signed: ``["Signature1", protected, no external data, payload]`` (RFC 9052 section 4.4)."""
    return b"\x84\x6aSignature1" + _head(len(protected)) + protected + b"\x40" + _head(len(payload)) + payload


def verify(message: Sign1, key: PublicKey) -> bool:
    """Whether ``key`` is of the kind that the algorithm wants and has made the signature."""
    try:
        return ALGORITHMS[message.algorithm].verify(key, message.signature, message.signed)
    except InvalidSignature:
        return False


def unchangeable_part(message: Sign1) -> bytes:
    """What of the signature nobody but its signer can change: R of ECDSA, for (R, -S) is as good as (R, S)."""
    return message.signature[: es256.P256_BYTES] if message.algorithm == ES256 else message.signature


def decode_cbor(data: bytes) -> Any:
    """Decode exactly one CBOR item with the limits named above.

    A date-time with tag 0 gives its text; every other tag is refused.

    Raises:
        CredentialFault: ``CODE_UNREADABLE``.
    """
    stream = BytesIO(data)
    try:
        item = CBORDecoder(stream, max_depth=MAX_DEPTH, allow_duplicate_keys=False, semantic_decoders=_TAGS).decode()
    except (CBORDecodeError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise CredentialFault(Reason.CODE_UNREADABLE, f"cbor: {type(error).__name__}") from error
    if stream.tell() != len(data):
        raise CredentialFault(Reason.CODE_UNREADABLE, "cbor: bytes after the end")
    return item


class _Tags(dict[int, Callable[[Any, bool], Any]]):
    """Tells the decoder what to do with each tag: with one that isn't listed, refuse the whole item."""

    def __missing__(self, tag: int) -> Callable[[Any, bool], Any]:
        return _refuse_tag


def _keep_text(value: Any, immutable: bool) -> str:  # noqa: FBT001 - the decoder's own signature
    del immutable
    if not isinstance(value, str):
        raise TypeError("a date-time that is no text")
    return value


def _refuse_tag(value: Any, immutable: bool) -> NoReturn:  # noqa: FBT001 - the decoder's own signature
    del value, immutable
    raise ValueError("a tag that has no place here")


_TAGS = _Tags({0: _keep_text})


def _head(length: int) -> bytes:
    """Head of a byte string in CBOR's shortest form (RFC 8949 section 3)."""
    if length < 24:  # noqa: PLR2004 - lengths below 24 lie in the head itself
        return bytes((0x40 | length,))
    if length <= 0xFF:  # noqa: PLR2004 - one byte of length
        return bytes((0x58, length))
    if length <= 0xFFFF:  # noqa: PLR2004 - two bytes of length
        return b"\x59" + length.to_bytes(2, "big")
    return b"\x5a" + length.to_bytes(4, "big")


def _unacceptable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CERTIFICATE_UNACCEPTABLE, f"cose: {what}")
