"""Keys of the day: ``sealing-keys.json``, to which a gate seals who was there.

::

    {"sealing_keys": [{"id": "2026-12-01", "first_day": "2026-12-01", "last_day": "2026-12-01",
                       "public_key": "<X25519 (RFC 7748): 32 bytes in base64url>"}, …]}

One key a day, so that with a day's private key the record of that day ends; months may be given ahead. Days are those
of the gate's own time zone.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, timedelta
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from msgspec import Meta, Struct

from gate.credentials.sealing_keys import SealingKey, SealingKeys
from gate.errors import TrustError

MAX_FILE_BYTES: Final = 4 * 1024 * 1024
MAX_KEYS: Final = 10_000
_FAULTS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TRIAL: Final = X25519PrivateKey.from_private_bytes(bytes(32))
"""Meets every key once: with one of low order (RFC 7748 section 6.1) there is no secret, whoever the other is."""


class _Key(Struct, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{1,40}\Z")]
    first_day: date
    last_day: date
    public_key: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{43}\Z")]


class _File(Struct, forbid_unknown_fields=True):
    sealing_keys: Annotated[list[_Key], Meta(min_length=1, max_length=MAX_KEYS)]


def load(data: bytes) -> tuple[SealingKeys, tuple[str, ...]]:
    """Read a file of the form above.

    Returns:
        The keys, and which were left out and why, one sentence each: their days have no key then.

    Raises:
        TrustError: it is not of that form, or two keys have one id.
    """
    if len(data) > MAX_FILE_BYTES:
        raise TrustError(f"the file of sealing keys has more than {MAX_FILE_BYTES >> 20} MiB")
    try:
        listed = msgspec.json.decode(data, type=_File).sealing_keys
    except _FAULTS as error:
        raise TrustError(f"the file of sealing keys is not of its form: {error}") from None
    if len({key.id for key in listed}) < len(listed):
        raise TrustError("the file of sealing keys gives one id to two keys: nobody could tell what opens a record")
    keys, notes = [], []
    for number, key in enumerate(listed, 1):
        try:
            keys.append(_key(key))
        except ValueError as fault:
            notes.append(f"sealing key {number} left out: {fault}")
    return SealingKeys(tuple(keys)), tuple(notes)


def make(first: date, days: int) -> tuple[bytes, dict[str, bytes]]:
    """New keys, one a day.

    Args:
        first: the first day, which names its key, as every other day does.
        days: how many.

    Returns:
        The file's content, and the private keys (32 bytes each) by their ids.
    """
    private = {str(first + timedelta(days=number)): X25519PrivateKey.generate() for number in range(days)}
    return encode(
        SealingKeys(
            tuple(
                SealingKey(day, date.fromisoformat(day), date.fromisoformat(day), key.public_key())
                for day, key in private.items()
            )
        )
    ), {day: key.private_bytes_raw() for day, key in private.items()}


def encode(keys: SealingKeys) -> bytes:
    """The file's content; ``load`` reads it back."""
    return msgspec.json.encode(
        _File(
            [
                _Key(
                    key.id,
                    key.first_day,
                    key.last_day,
                    urlsafe_b64encode(key.public_key.public_bytes_raw()).decode().rstrip("="),
                )
                for key in keys.keys
            ]
        )
    )


def _key(key: _Key) -> SealingKey:
    if key.last_day < key.first_day:
        raise ValueError("its last day is before its first")
    public_key = X25519PublicKey.from_public_bytes(urlsafe_b64decode(key.public_key + "="))
    try:
        _TRIAL.exchange(public_key)
    except ValueError:
        raise ValueError("no secret can be agreed on with it") from None
    return SealingKey(key.id, key.first_day, key.last_day, public_key)
