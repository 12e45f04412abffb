"""What all documents have in common in which others publish revocations: JSON with Base64 in it, of some size."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Final, TypeVar

import msgspec

from gate.errors import TrustError

MAX_DOCUMENT_BYTES: Final = 16 << 20
"""Italian chunks in production had 510,000 bytes."""

_Form = TypeVar("_Form")


def parse(data: bytes, form: type[_Form], what: str) -> _Form:
    """Read one document.

    Raises:
        TrustError: it is not of that form; ``what`` names it.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise TrustError(f"{what} has more than {MAX_DOCUMENT_BYTES >> 20} MiB")
    try:
        return msgspec.json.decode(data, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise TrustError(f"{what} is not of its form: {error}") from error


def base64(text: str, what: str, size: int | None = None) -> bytes:
    """Bytes, of which there must be ``size`` where it is given.

    Raises:
        TrustError: it is no Base64, or of another size.
    """
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise TrustError(f"{what} has something that is no Base64") from None
    if size is not None and len(data) != size:
        raise TrustError(f"{what} has something of {len(data)} bytes instead of {size}")
    return data
