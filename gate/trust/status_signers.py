"""Who may sign lists of people (docs/offline-lists.md): ``status-signers.json``.

::

    {"signers": [{"name": "city desk", "public_key": "<base64, 32 bytes of Ed25519>"}]}
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Annotated, Final

import msgspec

from gate.errors import TrustError

_KEY_BYTES: Final = 32
_FAULTS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Signer(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    public_key: Annotated[str, msgspec.Meta(max_length=64)]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    signers: Annotated[list[_Signer], msgspec.Meta(max_length=64)]


def load(data: bytes) -> frozenset[bytes]:
    """Their raw public keys.

    Raises:
        TrustError: it is not of the form above.
    """
    try:
        entries = msgspec.json.decode(data, type=_File).signers
        keys = frozenset(b64decode(entry.public_key, validate=True) for entry in entries)
    except (*_FAULTS, binascii.Error, ValueError) as fault:
        raise TrustError(f"status-signers.json: is not of its form: {fault}") from None
    if any(len(key) != _KEY_BYTES for key in keys):
        raise TrustError(f"status-signers.json: a public key has {_KEY_BYTES} bytes")
    return keys
