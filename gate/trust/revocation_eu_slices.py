"""What servers of the EU's apps publish about revoked certificates -> lists of ours.

They divide the digests of a key: ``lists`` names keys and kinds, ``partitions`` (by none, one or two hexadecimal
digits) have chunks (by the next digit), and these have slices (one for each day from which on some may be forgotten):
either digests that are cut to a width of their own (dgca-partialvarhashfilter), or a Bloom filter (dgc-bloomfilter).
Which of a key's kinds a digest is of is not said: each of them is looked up.

Keys are not kept apart (see ``revocation``), and nobody is forgotten before the publisher does it.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from gate.errors import TrustError
from gate.trust import bloom, digest_lists
from gate.trust.bloom import BloomFilter
from gate.trust.revocation_eu import KINDS, Kind
from gate.trust.revocation_files import PublishedList
from gate.trust.revocation_source import base64, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gate.credentials.revocation import NameKind

MAX_SLICE_BYTES: Final = 16 << 20

_WHAT: Final = "the EU's slices"
_Digit = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]\Z")]


class _Key(Struct):
    kid: Annotated[str, Meta(max_length=24)]
    hash_types: Annotated[list[Kind], Meta(min_length=1)] = msgspec.field(name="hashTypes")


class _Slice(Struct):
    type: Literal["VARHASHLIST", "BLOOMFILTER"]
    hash: Annotated[str, Meta(max_length=100)]


class _Partition(Struct):
    kid: Annotated[str, Meta(max_length=24)]
    chunks: dict[_Digit, dict[str, _Slice]]
    x: _Digit | None = None
    y: _Digit | None = None


def read(
    keys: bytes,
    partitions: Iterable[bytes],
    slices: Mapping[str, bytes],
    country_of: Callable[[bytes], str | None],
    number: int,
) -> dict[str, list[PublishedList]]:
    """Put what a server of apps publishes together.

    Args:
        keys: ``lists``.
        partitions: ``lists/{kid}/partitions`` of every key.
        slices: every slice that they name, by its hash.
        country_of: whose key it is, by its id; None: nobody's whom the gate believes, so that it may be left out.
        number: of the lists that are made, greater than that of those before.

    Returns:
        Country -> its lists. A country without any key in ``lists`` revokes nothing.

    Raises:
        TrustError: something is not of its form, or a key's partitions or a slice are missing.
    """
    by_key = defaultdict(list)
    for partition in (one for data in partitions for one in parse(data, list[_Partition], _WHAT)):
        by_key[partition.kid].append(partition)
    lists: dict[str, dict[tuple[NameKind, ...], _Collected]] = defaultdict(lambda: defaultdict(_Collected))
    for key in parse(keys, list[_Key], _WHAT):
        country = country_of(base64(key.kid, _WHAT))
        if country is None:
            continue
        if not by_key[key.kid]:
            raise TrustError(f"{_WHAT}: a key without partitions")
        kinds = tuple(dict.fromkeys(KINDS[kind] for kind in sorted(key.hash_types)))
        for partition in by_key[key.kid]:
            lists[country][kinds].add(partition, slices)
    return {
        country: [made for kinds, found in by_kinds.items() for made in found.lists(kinds, number)]
        for country, by_kinds in lists.items()
    }


class _Collected:
    """What the slices of one country and the same kinds hold."""

    def __init__(self) -> None:
        self._digests: dict[int, set[bytes]] = defaultdict(set)
        """By their width."""
        self._filters: list[BloomFilter] = []

    def add(self, partition: _Partition, slices: Mapping[str, bytes]) -> None:
        for chunk, by_day in partition.chunks.items():
            prefix = f"{partition.x or ''}{partition.y or ''}{chunk}".lower()
            for one in by_day.values():
                data = slices.get(one.hash)
                if data is None or len(data) > MAX_SLICE_BYTES:
                    raise TrustError(f"{_WHAT}: one is missing, or too large")
                if one.type == "BLOOMFILTER":
                    self._filters.append(read_filter(data, prefix))
                else:
                    for digest in read_digests(data, prefix):
                        self._digests[len(digest)].add(digest)

    def lists(self, kinds: tuple[NameKind, ...], number: int) -> Iterable[PublishedList]:
        for width, digests in self._digests.items():
            yield PublishedList(kinds, "hashes", number, digest_lists.whole(digests, number, width))
        if self._filters:
            yield PublishedList(kinds, "bloom", number, bloom.write(self._filters, number))


_DIGESTS_HEAD: Final = struct.Struct(">hfib")
"""Version, odds, digests that it was made for, width."""
_FILTER_HEAD: Final = struct.Struct(">hBBfiii")
"""Version, rounds and hash function (of which there is one, 0), odds, digests it was made for and has, words."""
_VERSION: Final = 1


def read_digests(data: bytes, prefix: str) -> Sequence[bytes]:
    """Read a slice of digests (``VARHASHLIST``).

    The publisher's code writes a digest as a signed number in as few bytes as it needs and fills up with zeros, so
    that ``ff9a…`` becomes ``009a…``, which its own apps don't find again. What the chunk is for says that it was so.

    Args:
        data: the slice.
        prefix: hexadecimal digits that all of its digests begin with.

    Raises:
        TrustError: it is not of that form, or of another chunk.
    """
    if len(data) < _DIGESTS_HEAD.size:
        raise TrustError(f"{_WHAT}: one is cut off")
    version, _, _, width = _DIGESTS_HEAD.unpack_from(data)
    if version != _VERSION or width not in digest_lists.WIDTHS or (len(data) - _DIGESTS_HEAD.size) % width:
        raise TrustError(f"{_WHAT}: digests of another version or width, or cut off")
    digests = []
    for at in range(_DIGESTS_HEAD.size, len(data), width):
        digest = data[at : at + width]
        if prefix.startswith("f") and not digest[0]:
            kept = digest.lstrip(b"\0")
            digest = kept.rjust(width, b"\xff")
        if not digest.hex().startswith(prefix):
            raise TrustError(f"{_WHAT}: digests of another chunk")
        digests.append(digest)
    return digests


def read_filter(data: bytes, prefix: str) -> BloomFilter:
    """Read a slice that is a Bloom filter (``BLOOMFILTER``).

    Rounds and hash function stand in this order in the publisher's code, in the other one in its documentation;
    since the function is always 0, one of the two is 0 and the other says how many rounds.

    Raises:
        TrustError: it is not of that form.
    """
    if len(data) < _FILTER_HEAD.size:
        raise TrustError(f"{_WHAT}: one is cut off")
    version, one, other, _, _, _, words = _FILTER_HEAD.unpack_from(data)
    rounds = one or other
    if version != _VERSION or (one and other) or not 0 < rounds <= bloom.MAX_ROUNDS:
        raise TrustError(f"{_WHAT}: a Bloom filter of another version, hash function or number of rounds")
    bits = data[_FILTER_HEAD.size :]
    if not bits or len(bits) != 4 * words:
        raise TrustError(f"{_WHAT}: a Bloom filter that is empty or cut off")
    return BloomFilter(prefix, rounds, bits)
