"""Writes the files that ``revocation`` reads: what the desk puts into a signed bundle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import msgspec

from gate.trust.revocation import FORMAT, INDEX, Index, IssuerEntry, ListEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from gate.credentials.revocation import NameKind


@dataclass(frozen=True, slots=True)
class PublishedList:
    """One list of an issuer."""

    names: tuple[NameKind, ...]
    """Kinds of its digests; with several, nobody said which digest is of which."""
    form: Literal["hashes", "bloom"]
    number: int
    data: bytes = field(repr=False)
    """``digest_lists.whole`` or ``bloom.write``."""
    changes: tuple[bytes, ...] = field(default=(), repr=False)
    """``digest_lists.change``, in their order; ``number`` is that of the last."""


def files(issuers: Mapping[str, Sequence[PublishedList]], as_of: datetime, expires: datetime) -> dict[str, bytes]:
    """Write index and lists.

    Args:
        issuers: country -> its lists; none: it is known to publish nothing.
        as_of: when this was asked of the issuers. The dates inside of their lists are others: they say from when on
            somebody may be forgotten, and nothing about how old a list is.
        expires: from when on it says nothing any more.

    Returns:
        Name -> content.
    """
    made: dict[str, bytes] = {}
    entries = {}
    for country, lists in issuers.items():
        entries[country] = IssuerEntry(publishes=False, as_of=as_of, expires=expires)
        if lists:
            listed = [_entry(f"{country}-{order}", one, made, (as_of, expires)) for order, one in enumerate(lists)]
            entries[country] = IssuerEntry(lists=listed)
    index = msgspec.json.encode(Index(FORMAT, entries))
    return {INDEX: msgspec.json.format(index), **made}


def _entry(name: str, one: PublishedList, made: dict[str, bytes], times: tuple[datetime, datetime]) -> ListEntry:
    parts = {f"{name}.lst": one.data} | {f"{name}-{order}.lst": change for order, change in enumerate(one.changes, 1)}
    made |= parts
    file, *changes = parts
    as_of, expires = times
    return ListEntry(
        names=list(one.names),
        form=one.form,
        file=file,
        changes=changes,
        number=one.number,
        as_of=as_of,
        expires=expires,
    )
