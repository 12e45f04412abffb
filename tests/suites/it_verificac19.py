"""The Italian list in the test data of pyverificac19: a whole list and two changes, and certificates on none of them.

After each step every digest that is named anywhere in it is asked for. What is expected is what a set would hold.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from vectors import vectors_dir

from drivers.camera_worker import decode
from gate.credentials import hcert
from gate.credentials.revocation import Standing
from gate.model import Moment
from gate.trust import revocation_it
from gate.trust.revocation import RevocationIndex
from gate.trust.revocation_files import files
from suites.count import Count, count

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = vectors_dir("it-verificac19")
pytest.importorskip("zxingcpp")

STEPS = (("CRL-v1-c1", "CRL-v1-c2"), ("CRL-v2-c1",), ("CRL-v3-c1",))
"""Chunks of the whole list, then of each change."""
AT = datetime(2021, 11, 24, tzinfo=UTC)


@cache
def indexes() -> tuple[RevocationIndex, ...]:
    """What a gate knows after each step."""
    found = []
    for end in range(1, len(STEPS) + 1):
        listed = revocation_it.read(_data(name) for step in STEPS[:end] for name in step)
        found.append(RevocationIndex.load(files({"IT": [listed]}, AT, AT + timedelta(days=2))))
    return tuple(found)


@cache
def states() -> tuple[frozenset[str], ...]:
    """Who is revoked after each step, in the list's own words."""
    revoked: frozenset[str] = frozenset()
    found = []
    for step in STEPS:
        for chunk in map(_chunk, step):
            delta = chunk.get("delta") or {}
            revoked |= {*(chunk.get("revokedUcvi") or ()), *delta.get("insertions", ())}
            revoked -= set(delta.get("deletions", ()))
        found.append(revoked)
    return tuple(found)


def entries() -> frozenset[str]:
    """Every digest that is named anywhere."""
    named: set[str] = set()
    for chunk in (_chunk(name) for step in STEPS for name in step):
        delta = chunk.get("delta") or {}
        named.update(chunk.get("revokedUcvi") or (), delta.get("insertions", ()), delta.get("deletions", ()))
    return frozenset(named)


def certificates() -> Iterator[tuple[str, bytes]]:
    """The pictures of certificates beside it: the digest of each identifier. One has two entries with the same."""
    for path in sorted((FOLDER / "eu_test_certificates").glob("*.png")):
        (code,) = decode(path.read_bytes())
        content: Any = hcert.decode(code).content
        for identifier in {entry["ci"] for group in ("v", "t", "r") for entry in content.get(group) or ()}:
            yield path.stem, sha256(identifier.encode()).digest()


def standing(step: int, digest: bytes) -> Standing:
    """What is known after a step."""
    return indexes()[step].standing("IT", lambda _: [digest], Moment(AT, trusted=True))


def counts() -> list[Count]:
    """The list, step by step, and the certificates."""
    listed = (
        (f"{step} {entry}", partial(_is_as_expected, step, entry))
        for step in range(len(STEPS))
        for entry in sorted(entries())
    )
    shown = ((name, partial(_is_good, digest)) for name, digest in certificates())
    return [
        count("Italian revocation list: whole list and changes", listed),
        count("Italian revocation list: certificates on none", shown),
    ]


def _is_as_expected(step: int, entry: str) -> bool:
    expected = Standing.REVOKED if entry in states()[step] else Standing.GOOD
    return standing(step, base64.b64decode(entry)) is expected


def _is_good(digest: bytes) -> bool:
    return all(standing(step, digest) is Standing.GOOD for step in range(len(STEPS)))


def _chunk(name: str) -> dict[str, Any]:
    chunk: dict[str, Any] = json.loads(_data(name))
    return chunk


def _data(name: str) -> bytes:
    return (FOLDER / "mock_request" / f"{name}.json").read_bytes()
