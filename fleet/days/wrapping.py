"""The private key of a day in two halves, for every two of some people; each of them alone has noise. Pure.

For a pair a pad is drawn: one of them gets the pad, the other one the key xor the pad, each in an HPKE box (RFC 9180,
X25519, ChaCha20-Poly1305) to their own key. The day and both names are in ``info``: a half of another day or pair does
not open.
"""

from __future__ import annotations

import secrets
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from msgspec import Meta, Struct

from fleet.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.days.people import Person, Unlocked

LEAST_PEOPLE: Final = 2
MOST_PEOPLE: Final = 8
SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_LABEL: Final = b"gate-key-of-the-day-1"

Half = Annotated[bytes, Meta(min_length=80, max_length=80)]


class Pair(Struct, forbid_unknown_fields=True, frozen=True):
    """What two people need to have the key."""

    people: tuple[str, str]
    halves: tuple[Half, Half]


def check(people: Sequence[Person]) -> None:
    """Refuse people of whom any two are not two.

    Raises:
        FleetError: that is so; the message says why.
    """
    if not LEAST_PEOPLE <= len(people) <= MOST_PEOPLE:
        raise FleetError(f"two people at least have to agree, and {MOST_PEOPLE} at most are given the keys")
    if len({person.name for person in people}) < len(people):
        raise FleetError("two of the people have one name")
    if len({person.public_key.public_bytes_raw() for person in people}) < len(people):
        raise FleetError("two of the people have one key: one of them could open the record alone")


def wrap(day: str, key: bytes, people: Sequence[Person]) -> tuple[Pair, ...]:
    """A key of 32 bytes, for every two of the people."""
    return tuple(_pair(day, key, one, other) for one, other in combinations(people, 2))


def unwrap(day: str, pairs: Iterable[Pair], here: tuple[Unlocked, Unlocked]) -> bytes:
    """The key.

    Raises:
        FleetError: it is not for these two, or was changed.
    """
    by_name = {person.name: person.private_key for person in here}
    for pair in pairs:
        if set(pair.people) == set(by_name) and len(by_name) == len(here):
            try:
                first, second = (
                    SUITE.decrypt(half, by_name[name], _info(day, pair.people, name))
                    for name, half in zip(pair.people, pair.halves, strict=True)
                )
            except InvalidTag:
                break
            return _xor(first, second)
    raise FleetError(f"the key of {day} is not one that {' and '.join(one.name for one in here)} can open together")


def _pair(day: str, key: bytes, one: Person, other: Person) -> Pair:
    pad, people = secrets.token_bytes(len(key)), (one.name, other.name)
    halves = (
        SUITE.encrypt(pad, one.public_key, _info(day, people, one.name)),
        SUITE.encrypt(_xor(key, pad), other.public_key, _info(day, people, other.name)),
    )
    return Pair(people, halves)


def _info(day: str, people: tuple[str, str], mine: str) -> bytes:
    return b"\0".join((_LABEL, day.encode(), *(name.encode() for name in people), mine.encode()))


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
