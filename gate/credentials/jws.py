"""JSON Web Signatures in their compact form (RFC 7515 section 3.1), as SMART Health Cards use them.

``header.payload.signature``, each part in base64url without padding; the payload is compressed with DEFLATE. Nothing
is believed here: whoever has a key asks ``es256`` about ``signed``.
"""

from __future__ import annotations

import re
import zlib
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from gate.errors import CredentialFault
from gate.model import Reason

MAX_PAYLOAD_BYTES = 32_768
"""Of the decompressed payload; cards in use have 1,000 to 3,000 bytes."""
_COMPACT = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_RAW_DEFLATE = -15
"""For zlib: no header around the stream."""


@dataclass(frozen=True, slots=True)
class Jws:
    """A message taken apart, its signature not yet verified."""

    key_id: str
    payload: bytes = field(repr=False)
    """Decompressed."""
    signature: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    """The exact characters that the signature covers (RFC 7515 section 5.1)."""


class _Header(msgspec.Struct):
    """Of two members with one name the last counts, as RFC 7515 section 4 allows."""

    alg: Literal["ES256"]
    zip: Literal["DEF"]
    kid: str
    crit: msgspec.Raw | UnsetType = UNSET


_HEADER = msgspec.json.Decoder(_Header)


def decode(text: bytes) -> Jws:
    """Take a message apart.

    Raises:
        CredentialFault: ``CODE_UNREADABLE`` where it is not three parts of base64url; ``CERTIFICATE_UNACCEPTABLE``
            where it is, but the header names no key, another algorithm than ES256, another compression than DEFLATE
            or a critical part, or the payload is not one such stream of at most ``MAX_PAYLOAD_BYTES``.
    """
    parts = _COMPACT.fullmatch(text)
    if parts is None:
        raise CredentialFault(Reason.CODE_UNREADABLE, "jws: not three parts of base64url")
    try:
        header = _HEADER.decode(from_base64url(parts[1]))
        signature = from_base64url(parts[3])
        payload = _inflate(from_base64url(parts[2]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unacceptable("a header without ES256, DEFLATE and a key id") from error
    except ValueError as error:
        raise CredentialFault(Reason.CODE_UNREADABLE, "jws: a part that is no base64url") from error
    if header.crit is not UNSET:
        raise _unacceptable("a header with critical parts")
    return Jws(header.kid, payload, signature, text[: parts.end(2)])


def from_base64url(text: bytes) -> bytes:
    """Decode base64url without padding, whose characters were looked at before.

    Raises:
        ValueError: no bytes have this many characters.
    """
    return urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def _inflate(data: bytes) -> bytes:
    """Undo raw DEFLATE (RFC 1951), of which the whole input must be one stream."""
    stream = zlib.decompressobj(_RAW_DEFLATE)
    try:
        payload = stream.decompress(data, MAX_PAYLOAD_BYTES)
    except zlib.error as error:
        raise _unacceptable("a payload without compression") from error
    if not stream.eof or stream.unused_data:
        raise _unacceptable("compressed data cut off, too long or followed by more")
    return payload


def _unacceptable(what: str) -> CredentialFault:
    return CredentialFault(Reason.CERTIFICATE_UNACCEPTABLE, f"jws: {what}")
