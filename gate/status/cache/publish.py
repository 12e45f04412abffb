"""What the city's desk does: makes lists and changes of them, signs them, and packs them for the way to the gates."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gate import durable
from gate.errors import ConfigError, StatusUnavailable
from gate.status.cache import change, parcel
from gate.status.cache.file import write_signed
from gate.status.cache.folder import ListFolder, Name, names
from gate.status.cache.layout import HEAD_BYTES, MOST_CHANGES, MOST_PEOPLE, SALT_BYTES, Header
from gate.status.cache.whole import Sorter, WholeList, bits_for, buckets, content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gate.status.cache.crypto import ListKey
    from gate.status.cache.generation import Generation
    from gate.status.cache.layout import Covered, Kind
    from gate.status.cache.whole import Rows

_DAY_S: Final = 24 * 3600
_BEFORE_S: Final = 60 * _DAY_S
"""How far back a list's times begin."""
_LATEST_S: Final = 75 * _DAY_S
"""After its origin; past that the next list begins later."""


def origin_for(as_of: int) -> int:
    """Where the times of a list begin that is of this moment."""
    return max(0, as_of - _BEFORE_S) // _DAY_S * _DAY_S


@dataclass(frozen=True, slots=True)
class Terms:
    """What is said of a list as a whole."""

    as_of: int
    until: int
    covers: tuple[Covered, ...] = ()


class Desk:
    """Publishes into one folder.

    Args:
        folder: of one list; what is in it goes to the gates but for ``*.whole``, which they make.
        kind: which list.
        key: the fleet's.
        signer: whom gates have to believe.
        told: how much of how much is done.

    Raises (everywhere):
        ConfigError: what is there, or what is given, does not fit; nothing is changed.
        OSError: the disk does not take it.
    """

    def __init__(
        self, folder: Path, kind: Kind, key: ListKey, signer: Ed25519PrivateKey, told: Callable[[int, int], None]
    ) -> None:
        self._folder = folder
        self._kind = kind
        self._key = key
        self._signer = signer
        self._public = signer.public_key().public_bytes_raw()
        self._told = told

    def whole(self, people: Sorter, terms: Terms) -> Header:
        """Make a generation of everybody who was taken in, and its parcel."""
        if people.people > MOST_PEOPLE:
            raise ConfigError(f"more than {MOST_PEOPLE:,} people")
        bits = bits_for(people.people)
        rows = buckets(people.drained(), bits)
        return self._whole(rows, self._new(terms, bits=bits, origin=origin_for(terms.as_of)))

    def newest(self) -> Generation:
        """The newest generation."""
        try:
            return ListFolder(self._folder, self._kind, self._key).newest(frozenset({self._public}))
        except StatusUnavailable as fault:
            raise ConfigError(f"{fault}; build a whole list first") from None

    def change(self, people: Sorter, terms: Terms) -> Header:
        """Make the next change of the newest generation."""
        opened = self.newest()
        before = opened.newest
        number = opened.changes + 1
        if number > MOST_CHANGES:
            raise ConfigError(f"there are {MOST_CHANGES} changes already; fold them into a new generation")
        if terms.as_of < before.as_of:
            raise ConfigError("the table is older than the list that it is to change")
        if terms.covers != before.covers:
            raise ConfigError("the table has other columns than that of the list, so it speaks of other things")
        try:
            raw, changed, added = change.content(people.drained(), opened.list)
        except ValueError as fault:
            raise ConfigError(str(fault)) from None
        blocks = change.packed(raw)
        salt = secrets.token_bytes(SALT_BYTES).hex()
        said = self._new(terms, bits=opened.whole.bits, origin=opened.whole.origin)
        said |= {"number": opened.whole.number, "change": number, "of": opened.whole.salt, "salt": salt}
        said |= {"people": changed, "added": added, "raw": len(raw), "blocks": len(blocks)}
        path = self._folder / str(Name(opened.whole.number, number, "change"))
        return write_signed(path, len(blocks), blocks, self._key.blocks(salt), self._describing(said))

    def fold(self) -> Header:
        """Make the newest generation and its changes into the next one: a parcel, and a head for who has them."""
        opened = self.newest()
        newest, whole = opened.newest, opened.whole
        origin = whole.origin if newest.as_of - whole.origin <= _LATEST_S else origin_for(newest.as_of)
        terms = Terms(newest.as_of, newest.until, newest.covers)
        said = self._new(terms, bits=whole.bits, origin=origin)
        header = self._whole(opened.folded(origin), {**said, "of": whole.salt, "changes": opened.changes})
        name = Name(header.number, 0, "head")
        with (self._folder / str(Name(header.number, 0, "whole"))).open("rb") as file:
            durable.write(self._folder / str(name), file.read(HEAD_BYTES), 0o600)
        return header

    def _whole(self, rows: Iterable[Rows], said: dict[str, Any]) -> Header:
        path, people = self._folder / str(Name(said["number"], 0, "whole")), 0

        def contents() -> Iterator[bytes]:
            nonlocal people
            for number, bucket in enumerate(rows):
                people += len(bucket)
                if number % 1024 == 0:
                    self._told(number, said["blocks"])
                yield content(bucket)

        def described(directory: str, size: int) -> tuple[Header, Ed25519PrivateKey]:
            return self._describing({**said, "people": people})(directory, size)

        try:
            header = write_signed(path, said["blocks"], contents(), self._key.blocks(said["salt"]), described)
            whole = WholeList(path, self._key, frozenset({self._public}))
            parcel.write(path.with_suffix(".pack"), whole, self._key, self._told)
        except (ValueError, StatusUnavailable) as fault:
            raise ConfigError(str(fault)) from None
        return header

    def _new(self, terms: Terms, *, bits: int, origin: int) -> dict[str, Any]:
        number = max((name.number for name in names(self._folder)), default=0) + 1
        said: dict[str, Any] = {"kind": self._kind, "number": number, "salt": secrets.token_bytes(SALT_BYTES).hex()}
        said |= {"as_of": terms.as_of, "until": terms.until, "covers": terms.covers, "origin": origin}
        return said | {"bits": bits, "blocks": 1 << bits, "signer": self._public.hex()}

    def _describing(self, said: dict[str, Any]) -> Callable[[str, int], tuple[Header, Ed25519PrivateKey]]:
        return lambda directory, size: (Header(**said, directory=directory, bytes=size), self._signer)
