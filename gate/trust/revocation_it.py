"""The Italian list of revoked certificates (DRL) -> lists of ours.

It comes in chunks of JSON: those of a whole list with ``revokedUcvi``, then those of each change with ``delta``
(``insertions``, ``deletions``). Each has ``version``, ``chunk`` and ``lastChunk``; an entry is the Base64 of the
SHA-256 of a certificate's identifier. Whoever is inserted and deleted by one change is deleted.

``totalNumberUCVI`` and the first and last element of a chunk are not looked at: in the test data that others
publish they contradict the entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from gate.credentials.revocation import NameKind
from gate.errors import TrustError
from gate.trust import digest_lists
from gate.trust.revocation import MOST_CHANGES
from gate.trust.revocation_files import PublishedList
from gate.trust.revocation_source import base64, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WHAT: Final = "the Italian list"
_DIGEST_BYTES: Final = 32

_Number = Annotated[int, Meta(ge=1, le=digest_lists.MAX_NUMBER)]
_Hash = Annotated[str, Meta(min_length=44, max_length=44)]


class _Delta(Struct):
    insertions: list[_Hash] = []
    deletions: list[_Hash] = []


class _Chunk(Struct, rename="camel"):
    version: _Number
    chunk: _Number
    last_chunk: _Number
    from_version: int | None = None
    revoked_ucvi: list[_Hash] | None = None
    delta: _Delta | None = None


def read(chunks: Iterable[bytes]) -> PublishedList:
    """Put the chunks of a whole list and of the changes to it together.

    Args:
        chunks: all of them, in the order in which they were published.

    Raises:
        TrustError: a chunk is not of that form, missing, or out of its order.
    """
    versions: list[list[_Chunk]] = []
    for chunk in (parse(data, _Chunk, _WHAT) for data in chunks):
        if chunk.chunk == 1:
            versions.append([])
        if not versions or chunk.chunk != len(versions[-1]) + 1:
            raise TrustError(f"{_WHAT}: chunk {chunk.chunk} of version {chunk.version} is out of its order")
        versions[-1].append(chunk)
    for version in versions:
        _check_complete(version)
    if not versions or versions[0][0].revoked_ucvi is None:
        raise TrustError(f"{_WHAT}: it must begin with a whole list")
    whole, *changes = versions
    if len(changes) > MOST_CHANGES:
        raise TrustError(f"{_WHAT}: more than {MOST_CHANGES} changes: fetch a newer whole list")
    number = whole[0].version
    data = digest_lists.whole(_digests(one.revoked_ucvi or () for one in whole), number)
    written = []
    for change in changes:
        written.append(_change(change, number))
        number = change[0].version
    return PublishedList((NameKind.UCI,), "hashes", number, data, tuple(written))


def _check_complete(version: Sequence[_Chunk]) -> None:
    first = version[0]
    if any((one.version, one.last_chunk) != (first.version, len(version)) for one in version):
        raise TrustError(f"{_WHAT}: chunks of version {first.version} are missing, or of another version")
    if any((one.revoked_ucvi is None) == (one.delta is None) for one in version):
        raise TrustError(f"{_WHAT}: a chunk of version {first.version} is neither of a whole list nor a change")
    if any((one.delta is None) != (first.delta is None) for one in version):
        raise TrustError(f"{_WHAT}: version {first.version} is both a whole list and a change")


def _change(version: Sequence[_Chunk], before: int) -> bytes:
    """One change; it says what it changes, or is the next."""
    first = version[0]
    starts_from = first.version - 1 if first.from_version is None else first.from_version
    if first.delta is None or starts_from != before or first.version <= before:
        raise TrustError(f"{_WHAT}: version {first.version} is no change of version {before}")
    deltas = [one.delta for one in version if one.delta]
    restored = set(_digests(delta.deletions for delta in deltas))
    revoked = set(_digests(delta.insertions for delta in deltas)) - restored
    return digest_lists.change(revoked, restored, before, first.version)


def _digests(hashes: Iterable[Iterable[str]]) -> Iterable[bytes]:
    return (base64(text, _WHAT, _DIGEST_BYTES) for chunk in hashes for text in chunk)
