"""The Italian list: whole, then changed, chunk by chunk."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from signed_certificates import ISSUED, NOW

from gate.credentials.revocation import NameKind, Standing
from gate.errors import TrustError
from gate.trust import revocation_it
from gate.trust.revocation import MOST_CHANGES, RevocationIndex
from gate.trust.revocation_files import files

NAMES = "abcdef"


def entry(name: str) -> str:
    return b64encode(sha256(name.encode()).digest()).decode()


def chunk(version: int, number: int, last: int, **more: Any) -> bytes:
    return json.dumps({"version": version, "chunk": number, "lastChunk": last, "id": "x"} | more).encode()


def whole(version: int, names: str, number: int = 1, last: int = 1) -> bytes:
    return chunk(version, number, last, revokedUcvi=[entry(name) for name in names])


def delta(version: int, revoked: str, restored: str = "", number: int = 1, last: int = 1, **more: Any) -> bytes:
    changes = {"insertions": [entry(name) for name in revoked], "deletions": [entry(name) for name in restored]}
    return chunk(version, number, last, delta=changes, **more)


def revoked_by(*chunks: bytes) -> str:
    """Who is revoked after all of these chunks."""
    made = files({"IT": [revocation_it.read(chunks)]}, ISSUED, ISSUED + timedelta(days=60))
    index = RevocationIndex.load(made)
    assert not index.notes
    revoked = ""
    for name in NAMES:
        digest = sha256(name.encode()).digest()
        standing = index.standing("IT", partial(_only, digest), NOW)
        assert standing is not Standing.UNKNOWN
        revoked += name if standing is Standing.REVOKED else ""
    return revoked


def _only(digest: bytes, kind: NameKind) -> list[bytes]:
    assert kind is NameKind.UCI
    return [digest]


def test_a_whole_list_of_several_chunks() -> None:
    assert revoked_by(whole(1, "a")) == "a"
    assert revoked_by(whole(1, "")) == ""
    assert revoked_by(whole(7, "ab", 1, 3), whole(7, "c", 2, 3), whole(7, "a", 3, 3)) == "abc"


def test_changes_follow_each_other() -> None:
    start = whole(2, "ab")
    assert revoked_by(start, delta(3, "c", "a")) == "bc"
    assert revoked_by(start, delta(3, "c", "a"), delta(4, "a", "b")) == "ac"
    assert revoked_by(start, delta(3, "c", "", 1, 2), delta(3, "d", "ac", 2, 2)) == "bd", "a deletion wins"
    assert revoked_by(start, delta(9, "c", fromVersion=2)) == "abc"


def test_null_means_that_it_is_not_there() -> None:
    assert revoked_by(chunk(1, 1, 1, revokedUcvi=[entry("a")], delta=None, fromVersion=None)) == "a"
    assert revoked_by(whole(1, "a"), chunk(2, 1, 1, revokedUcvi=None, delta={"insertions": [entry("b")]})) == "ab"


@pytest.mark.parametrize(
    "chunks",
    [
        (),
        (delta(1, "a"),),
        (whole(1, "a", 1, 2),),
        (whole(1, "a", 2, 2),),
        (whole(1, "a", 1, 3), whole(1, "a", 3, 3)),
        (whole(1, "a", 1, 2), whole(2, "a", 2, 2)),
        (whole(1, "a", 1, 2), delta(1, "a", "", 2, 2)),
        (whole(1, "a"), whole(2, "a")),
        (whole(1, "a"), delta(1, "b")),
        (whole(1, "a"), delta(3, "b")),
        (whole(1, "a"), delta(2, "b", fromVersion=0)),
        (whole(1, "a"), delta(2, "b"), delta(4, "c")),
        (whole(3, "a"), delta(2, "b", fromVersion=3)),
        (whole(1, "a"), delta(2, "b", "", 1, 2)),
        (chunk(1, 1, 1),),
        (chunk(1, 1, 1, revokedUcvi=[], delta={}),),
        (whole(1, "a"), *(delta(number, "b") for number in range(2, MOST_CHANGES + 3))),
    ],
)
def test_what_is_missing_or_out_of_its_order_is_refused(chunks: tuple[bytes, ...]) -> None:
    with pytest.raises(TrustError):
        revocation_it.read(chunks)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b" " * (17 << 20),
        chunk(0, 1, 1, revokedUcvi=[]),
        chunk(1, 1, 1, revokedUcvi=["a"]),
        chunk(1, 1, 1, revokedUcvi=["*" * 44]),
        chunk(1, 1, 1, revokedUcvi=["A" * 44]),
        chunk(1, 1, 1, revokedUcvi=["é" * 44]),
        chunk(1, 1, 1, revokedUcvi=[7]),
        chunk(1 << 32, 1, 1, revokedUcvi=[]),
    ],
)
def test_what_is_no_chunk_is_refused(data: bytes) -> None:
    with pytest.raises(TrustError):
        revocation_it.read([data])
