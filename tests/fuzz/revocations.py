"""Targets: everything that reads what somebody has revoked."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import pairwise
from typing import Final

from fuzz.codes import NOW
from fuzz.documents import JSON_TOKENS, read_json
from fuzz.engine import Target
from fuzz.mutate import mutate_json
from gate.trust import bloom, digest_lists, revocation_eu, revocation_eu_slices, revocation_it
from gate.trust.bloom import BloomFile
from gate.trust.digest_lists import ListFile
from gate.trust.revocation import INDEX, RevocationIndex

DIGESTS: Final = [sha256(bytes([number])).digest() for number in range(40)]
FILES: Final = {
    "whole.lst": digest_lists.whole(DIGESTS, 1),
    "change.lst": digest_lists.change(DIGESTS[:3], DIGESTS[3:5], 1, 2),
    "filters.lst": bloom.write([bloom.fill(DIGESTS)], 2),
}


def _index(data: bytes) -> str:
    index = RevocationIndex.load(FILES | {INDEX: data})
    return "".join(index.standing(issuer, lambda _: DIGESTS[:1], NOW) for issuer in ("XX", "YY"))


def _digests(data: bytes) -> str:
    """A file that is read is in order: nobody on it is overlooked."""
    file = ListFile.load(data)
    for part in (file.revoked, file.restored):
        if part is not None:
            raw = data[part.end - part.count * part.width : part.end]
            kept = [raw[at : at + part.width] for at in range(0, len(raw), part.width)]
            assert all(before < after for before, after in pairwise(kept))
            assert all(digest in part for digest in kept)
    return f"{file.revoked.count} {file.restored is None}"


def _filters(data: bytes) -> str:
    found = BloomFile(data)
    assert 0 <= found.odds <= 1
    return str(sum(digest in found for digest in DIGESTS))


def _italian(data: bytes) -> str:
    """Chunks in a JSON list; what is made of them can be read."""
    chunks = read_json(data)
    listed = revocation_it.read(json.dumps(one).encode() for one in (chunks if isinstance(chunks, list) else [chunks]))
    ListFile.load(listed.data)
    return str([ListFile.load(change).revoked.count for change in listed.changes])


def _batch(data: bytes) -> str:
    (((listed,),),) = (revocation_eu.read([data], 1).values(),)
    return str(ListFile.load(listed.data).revoked.count)


def _slice(data: bytes) -> str:
    """A slice whose prefix is its first byte."""
    prefix, data = data[:1].hex()[:1], data[1:]
    if len(data) % 2:
        return str(len(revocation_eu_slices.read_digests(data, prefix)))
    one = revocation_eu_slices.read_filter(data, prefix)
    return str(sum(digest in BloomFile(bloom.write([one], 1)) for digest in DIGESTS))


def _slices(data: bytes) -> str:
    """``[keys, partitions]``, in JSON; the slices that may be named are at hand."""
    match read_json(data):
        case [keys, partitions]:
            known = {"digests": SLICE, "filter": FILTER_SLICE}
            given = (json.dumps(keys).encode(), [json.dumps(partitions).encode()], known)
            lists = revocation_eu_slices.read(*given, lambda _: "XX", 1)
            return str([one.form for found in lists.values() for one in found])
        case _:
            return "no pair"


SLICE: Final = bytes.fromhex("00012b8cbccc00000001042a503f7c")
FILTER_SLICE: Final = bytes.fromhex("000121002edbe6ff000000010000000100000002") + bytes(8)

_HEADS: Final = (b"GRL1", b"GRB1", b"\0\0\0\1", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x10\0", b"\x20\x0c", b"\0\1")

TARGETS: Final = (
    Target("revocation index", _index, structure=mutate_json, tokens=JSON_TOKENS, cost=4),
    Target("digest list", _digests, tokens=_HEADS, cost=2),
    Target("bloom filters", _filters, tokens=_HEADS, cost=4),
    Target("italian list", _italian, structure=mutate_json, tokens=JSON_TOKENS, cost=6),
    Target("eu batch", _batch, structure=mutate_json, tokens=JSON_TOKENS, cost=4),
    Target("eu slice", _slice, tokens=_HEADS, cost=2),
    Target("eu partitions", _slices, structure=mutate_json, tokens=JSON_TOKENS, cost=6),
)
