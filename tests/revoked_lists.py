"""Lists of revoked certificates, for tests: those of the country whose signers ``signed_certificates`` makes."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from signed_certificates import ENTRIES, ISSUED

from gate.credentials.revocation import NameKind
from gate.trust import digest_lists
from gate.trust.revocation import RevocationIndex
from gate.trust.revocation_files import PublishedList, files

if TYPE_CHECKING:
    from collections.abc import Iterable

ISSUER = "XX"
AS_OF = ISSUED
EXPIRES = ISSUED + timedelta(days=60)
UCI = ENTRIES["v"]["ci"]
UCI_DIGEST = sha256(UCI.encode()).digest()
"""By which the certificates of ``signed_certificates`` are named: they all have one identifier."""


def listed(digests: Iterable[bytes], kind: NameKind = NameKind.UCI) -> PublishedList:
    return PublishedList((kind,), "hashes", 1, digest_lists.whole(digests, 1))


def files_of(digests: Iterable[bytes], kind: NameKind = NameKind.UCI) -> dict[str, bytes]:
    """The files of an issuer that has one list."""
    return files({ISSUER: [listed(digests, kind)]}, AS_OF, EXPIRES)


def index_of(digests: Iterable[bytes], kind: NameKind = NameKind.UCI) -> RevocationIndex:
    """What a gate knows that has these files."""
    return RevocationIndex.load(files_of(digests, kind))
