"""Keys of the day for tests, with the private halves that an operator keeps."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gate.credentials.sealing_keys import SealingKey, SealingKeys

if TYPE_CHECKING:
    from collections.abc import Iterable


@cache
def private_key(name: str = "today") -> X25519PrivateKey:
    """The same for the same name."""
    del name
    return X25519PrivateKey.generate()


def key(first: date, last: date | None = None, name: str | None = None) -> SealingKey:
    name = name or first.isoformat()
    return SealingKey(name, first, last or first, private_key(name).public_key())


def for_ever(name: str = "for-ever") -> SealingKeys:
    """One key for every day."""
    return SealingKeys((key(date.min, date.max, name),))


def daily(first: date, days: int) -> list[dict[str, Any]]:
    """Entries of the file, one a day."""
    return [entry(key(first + timedelta(days=number))) for number in range(days)]


def entry(one: SealingKey, **changes: Any) -> dict[str, Any]:
    public = urlsafe_b64encode(one.public_key.public_bytes_raw()).decode().rstrip("=")
    usual = {"id": one.id, "first_day": str(one.first_day), "last_day": str(one.last_day), "public_key": public}
    return {**usual, **changes}


def keys_file(entries: Iterable[dict[str, Any]]) -> bytes:
    return json.dumps({"sealing_keys": list(entries)}).encode()
