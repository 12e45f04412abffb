"""Keys of the day whose private halves only two people together have: made, given to gates, opened.

A file for each day, ``2026-12-01.key``, with its public half, and the private one wrapped; that one is nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from msgspec import Struct

from fleet.days import keyfiles, wrapping
from fleet.days.people import Key  # noqa: TC001 - read at run time
from fleet.days.wrapping import Pair  # noqa: TC001 - the same
from fleet.errors import FleetError
from gate import durable
from gate.credentials.sealing_keys import SealingKey, SealingKeys
from gate.trust import sealing_keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from fleet.days.people import Person, Unlocked

MOST_BYTES: Final = 64 * 1024
"""Of a file."""


class DayKey(Struct, forbid_unknown_fields=True, frozen=True):
    """What lies in a file."""

    day: str
    public_key: Key
    pairs: tuple[Pair, ...]


def make(folder: Path, days: Sequence[date], people: Sequence[Person]) -> None:
    """Make the keys of some days.

    Raises:
        FleetError: the people are no two, a day has a key already, or a file can't be written.
    """
    wrapping.check(people)
    if there := sorted(set(days) & set(keyfiles.days(folder))):
        raise FleetError(f"{folder}: {there[0]} has a key already; keys are never written over")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for day in days:
            private = X25519PrivateKey.generate()
            pairs = wrapping.wrap(str(day), private.private_bytes_raw(), people)
            made = DayKey(str(day), private.public_key().public_bytes_raw(), pairs)
            durable.write(keyfiles.path_of(folder, day), msgspec.json.encode(made), 0o600)
    except OSError as fault:
        raise FleetError(f"{folder}: can't be written ({fault.strerror})") from None


def read(folder: Path, day: date) -> DayKey | None:
    """The key of a day, still wrapped; None: it was destroyed, or never was here.

    Raises:
        FleetError: it is no such file.
    """
    path = keyfiles.path_of(folder, day)
    try:
        with path.open("rb") as file:
            found = msgspec.json.decode(file.read(MOST_BYTES), type=DayKey)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise FleetError(f"{path}: {fault.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise FleetError(f"{path}: no key of a day ({fault})") from None
    if found.day != str(day):
        raise FleetError(f"{path}: is the key of {found.day}")
    return found


def unlock(found: DayKey, here: tuple[Unlocked, Unlocked]) -> X25519PrivateKey:
    """What opens the boxes of the day.

    Raises:
        FleetError: these two can't, or the file was changed.
    """
    private = X25519PrivateKey.from_private_bytes(wrapping.unwrap(found.day, found.pairs, here))
    if private.public_key().public_bytes_raw() != found.public_key:
        raise FleetError(f"the key of {found.day} was changed: it is not the one that gates seal to")
    return private


def for_gates(folder: Path) -> bytes:
    """``sealing-keys.json``: the public halves of all days in the folder, for the files of a trust bundle.

    Raises:
        FleetError: there is no key, or a file is none.
    """
    found = [(day, key) for day in keyfiles.days(folder) if (key := read(folder, day)) is not None]
    if not found:
        raise FleetError(f"{folder}: there are no keys here")
    keys = (SealingKey(key.day, day, day, X25519PublicKey.from_public_bytes(key.public_key)) for day, key in found)
    return sealing_keys.encode(SealingKeys(tuple(keys)))
