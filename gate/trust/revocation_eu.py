"""The EU gateway's batches of revoked certificates -> lists of ours.

A batch is JSON with ``country``, ``kid``, ``hashType`` and up to 1,000 ``entries``, each the Base64 of the first 128
bits of a digest. The gateway sends each in a CMS signature, which whoever fetches it has verified.

Keys are not kept apart (see ``revocation``). ``expires`` says from when on the publisher may forget the entries; we
do when it does.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from gate.credentials.revocation import NameKind
from gate.trust import digest_lists
from gate.trust.revocation import Country  # noqa: TC001 - read at run time: part of a form
from gate.trust.revocation_files import PublishedList
from gate.trust.revocation_source import base64, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["SIGNATURE", "UCI", "COUNTRYCODEUCI"]
KINDS: Final[Mapping[str, NameKind]] = {
    "SIGNATURE": NameKind.SIGNATURE,
    "UCI": NameKind.UCI,
    "COUNTRYCODEUCI": NameKind.COUNTRY_UCI,
}
_WHAT: Final = "a batch of the EU's gateway"


class _Entry(Struct):
    hash: Annotated[str, Meta(min_length=24, max_length=24)]


class _Batch(Struct):
    country: Country
    hash_type: Kind = msgspec.field(name="hashType")
    entries: Annotated[list[_Entry], Meta(min_length=1, max_length=1000)]


def read(batches: Iterable[bytes], number: int) -> dict[str, list[PublishedList]]:
    """Put batches together.

    Args:
        batches: content of every batch that the gateway names and has not deleted.
        number: of the lists that are made, greater than that of those before.

    Returns:
        Country -> its lists. A country of the gateway without any batch revokes nothing.

    Raises:
        TrustError: a batch is not of that form.
    """
    digests: dict[tuple[str, NameKind], set[bytes]] = defaultdict(set)
    for data in batches:
        batch = parse(data, _Batch, _WHAT)
        found = (base64(entry.hash, _WHAT, digest_lists.WIDTH) for entry in batch.entries)
        digests[batch.country, KINDS[batch.hash_type]].update(found)
    lists: dict[str, list[PublishedList]] = defaultdict(list)
    for (country, kind), every in digests.items():
        lists[country].append(PublishedList((kind,), "hashes", number, digest_lists.whole(every, number)))
    return dict(lists)
