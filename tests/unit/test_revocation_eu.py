"""The EU's revocations: batches of the gateway, and the slices that servers of apps make of them."""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from signed_certificates import ISSUED, NOW

from gate.credentials.revocation import NameKind, Standing
from gate.errors import TrustError
from gate.trust import bloom, revocation_eu, revocation_eu_slices
from gate.trust.revocation import RevocationIndex
from gate.trust.revocation_files import PublishedList, files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KID = b64encode(b"12345678").decode()


def digest(name: str) -> bytes:
    return sha256(name.encode()).digest()


def revoked(lists: Mapping[str, Sequence[PublishedList]], country: str, found: bytes, kind: NameKind) -> bool:
    """Whether a certificate is revoked of which only one name is on a list."""
    index = RevocationIndex.load(files(lists, ISSUED, ISSUED + timedelta(days=60)))
    standing = index.standing(country, lambda asked: [found if asked is kind else bytes(32)], NOW)
    assert standing is not Standing.UNKNOWN
    return standing is Standing.REVOKED


# --- batches -----------------------------------------------------------------------------------------------------


def batch(country: str, kind: str, *names: str, **more: Any) -> bytes:
    entries = [{"hash": b64encode(digest(name)[:16]).decode()} for name in names]
    common = {"country": country, "expires": "2022-11-02T10:12:46.000Z", "kid": "UNKNOWN_KID", "hashType": kind}
    return json.dumps(common | {"entries": entries} | more).encode()


def test_batches_become_a_list_for_each_country_and_kind() -> None:
    batches = [
        batch("DE", "UCI", "a", "b"),
        batch("DE", "UCI", "c", kid=KID),
        batch("DE", "SIGNATURE", "d"),
        batch("FR", "COUNTRYCODEUCI", "e"),
    ]
    lists = revocation_eu.read(batches, 5)
    assert {country: [one.names for one in found] for country, found in lists.items()} == {
        "DE": [(NameKind.UCI,), (NameKind.SIGNATURE,)],
        "FR": [(NameKind.COUNTRY_UCI,)],
    }
    for name in "abc":
        assert revoked(lists, "DE", digest(name), NameKind.UCI)
        assert not revoked(lists, "DE", digest(name), NameKind.SIGNATURE)
    assert revoked(lists, "DE", digest("d"), NameKind.SIGNATURE)
    assert revoked(lists, "FR", digest("e"), NameKind.COUNTRY_UCI)
    assert not revoked(lists, "FR", digest("a"), NameKind.UCI)
    assert revocation_eu.read([], 1) == {}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        batch("DE", "UCI"),
        batch("de", "UCI", "a"),
        batch("DE", "RID", "a"),
        batch("DE", "UCI", *("a",) * 1001),
        batch("DE", "UCI", entries=[{"hash": b64encode(digest("a")[:15]).decode()}]),
        batch("DE", "UCI", entries=[{"hash": b64encode(digest("a")[:17]).decode()}]),
        batch("DE", "UCI", entries=[{"hash": "*" * 24}]),
        batch("DE", "UCI", entries=["a"]),
    ],
)
def test_what_is_no_batch_is_refused(data: bytes) -> None:
    with pytest.raises(TrustError):
        revocation_eu.read([data], 1)


# --- slices ------------------------------------------------------------------------------------------------------


def hash_slice(width: int, *digests: bytes) -> bytes:
    """As dgca-partialvarhashfilter writes it: signed numbers in as few bytes as they need, filled up with zeros."""
    written = []
    for one in digests:
        number = int.from_bytes(one[:width], "big", signed=True)
        length = next(size for size in range(1, width + 1) if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1)
        written.append(number.to_bytes(length, "big", signed=True).rjust(width, b"\0"))
    return struct.pack(">hfib", 1, 1e-12, len(digests), width) + b"".join(written)


def bloom_slice(*digests: bytes, documented: bool = False) -> bytes:
    """As dgc-bloomfilter writes it, or as its page says that it does."""
    one = bloom.fill(digests)
    order = (0, one.rounds) if documented else (one.rounds, 0)
    return struct.pack(">hBBfiii", 1, *order, 1e-10, len(digests), len(digests), len(one.bits) // 4) + bytes(one.bits)


def published(
    slices: Mapping[str, tuple[str, bytes]], kinds: Sequence[str] = ("UCI",), **more: Any
) -> dict[str, list[PublishedList]]:
    """A server's answers: slices by the digits that their digests begin with, of which the last is the chunk."""
    partitions: list[dict[str, Any]] = []
    for prefix, (form, data) in slices.items():
        partition, chunk = prefix[:-1], prefix[-1]
        named = dict(zip("xy", partition, strict=False))
        meta = {"2022-11-01T00:00:00Z": {"type": form, "version": "1.0", "hash": sha256(data).hexdigest()}}
        partitions.append({"kid": KID, "id": partition or None, "chunks": {chunk: meta}} | named | more)
    keys = json.dumps([{"kid": KID, "mode": "POINT", "hashTypes": kinds, "expires": "2022-11-01T00:00:00Z"}]).encode()
    by_hash = {sha256(data).hexdigest(): data for _, data in slices.values()}
    return revocation_eu_slices.read(keys, [json.dumps(partitions).encode()], by_hash, {b"12345678": "DE"}.get, 3)


@pytest.mark.parametrize("digits", [1, 2, 3])
@pytest.mark.parametrize(("form", "make"), [("VARHASHLIST", hash_slice), ("BLOOMFILTER", bloom_slice)])
def test_slices_become_lists_however_they_are_divided(digits: int, form: str, make: Any) -> None:
    found = digest("a")
    data = make(8, found) if form == "VARHASHLIST" else make(found)
    lists = published({found.hex()[:digits]: (form, data)})
    assert revoked(lists, "DE", found, NameKind.UCI)
    assert not revoked(lists, "DE", found, NameKind.SIGNATURE)
    assert not revoked(lists, "DE", digest("b"), NameKind.UCI)


def test_whoever_knows_the_kinds_of_a_key_asks_for_each() -> None:
    found = digest("a")
    lists = published({found.hex()[0]: ("VARHASHLIST", hash_slice(8, found))}, kinds=("SIGNATURE", "UCI"))
    assert revoked(lists, "DE", found, NameKind.UCI)
    assert revoked(lists, "DE", found, NameKind.SIGNATURE)
    assert not revoked(lists, "DE", found, NameKind.COUNTRY_UCI)


def test_slices_of_several_widths_and_forms_stand_beside_each_other() -> None:
    a, b, c = (bytes([0x10 * number]) + digest(str(number))[1:] for number in (1, 2, 3))
    lists = published(
        {
            "1": ("VARHASHLIST", hash_slice(4, a)),
            "2": ("VARHASHLIST", hash_slice(9, b)),
            "3": ("BLOOMFILTER", bloom_slice(c)),
        }
    )
    assert len(lists["DE"]) == 3
    assert all(revoked(lists, "DE", one, NameKind.UCI) for one in (a, b, c))
    assert not revoked(lists, "DE", bytes(32), NameKind.UCI)


@pytest.mark.parametrize(
    "start", ["ff9a", "ffff80", "ff80", "ff7f", "ff00", "fff0", "f080", "ffffffff", "007f", "0080", "0000", "80", "7f"]
)
def test_digests_that_the_publishers_code_shortens_are_found_all_the_same(start: str) -> None:
    found = bytes.fromhex(start) + digest("a")[len(start) // 2 :]
    lists = published({found.hex()[0]: ("VARHASHLIST", hash_slice(6, found))})
    assert revoked(lists, "DE", found, NameKind.UCI)
    if start == "ff9a":
        assert hash_slice(6, found)[11:13] == b"\x00\x9a"


def test_the_slice_of_the_eus_own_test_is_read() -> None:
    """Figures of dgca-verifier-app-android's tests: one digest, of which four bytes are kept."""
    data = bytes.fromhex("00012b8cbccc00000001042a503f7c")
    assert revocation_eu_slices.read_digests(data, "2") == [bytes.fromhex("2a503f7c")]


def test_rounds_stand_where_the_publishers_code_or_its_page_has_them() -> None:
    found = digest("a")
    for documented in (False, True):
        one = revocation_eu_slices.read_filter(bloom_slice(found, documented=documented), found.hex()[:1])
        assert one.rounds == bloom.fill([found]).rounds


def test_a_key_of_nobody_whom_the_gate_believes_is_left_out() -> None:
    keys = json.dumps([{"kid": KID, "hashTypes": ["UCI"]}]).encode()
    assert revocation_eu_slices.read(keys, [], {}, lambda _: None, 1) == {}


def test_a_missing_slice_or_partition_is_refused() -> None:
    found = digest("a")
    keys = json.dumps([{"kid": KID, "hashTypes": ["UCI"]}]).encode()
    meta = {"2022-11-01T00:00:00Z": {"type": "VARHASHLIST", "version": "1.0", "hash": "missing"}}
    partitions = json.dumps([{"kid": KID, "chunks": {found.hex()[0]: meta}}]).encode()
    for given in ([], [partitions]):
        with pytest.raises(TrustError):
            revocation_eu_slices.read(keys, given, {}, lambda _: "DE", 1)


GOOD = digest("a")
HASHES = hash_slice(8, GOOD)
FILTER = bloom_slice(GOOD)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HASHES[:-1],
        HASHES + b"\0",
        b"\0\2" + HASHES[2:],
        HASHES[:10] + b"\3" + HASHES[11:],
        HASHES[:10] + b"\xff" + HASHES[11:],
        hash_slice(8, bytes([GOOD[0] ^ 0x80]) + GOOD[1:]),
    ],
    ids=["empty", "cut off", "goes on", "version", "width 3", "width -1", "of another chunk"],
)
def test_a_slice_of_digests_that_is_out_of_order_is_refused(data: bytes) -> None:
    with pytest.raises(TrustError):
        published({GOOD.hex()[0]: ("VARHASHLIST", data)})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        FILTER[:-1],
        FILTER + b"\0" * 4,
        b"\0\2" + FILTER[2:],
        FILTER[:3] + b"\1" + FILTER[4:],
        FILTER[:2] + b"\0" + FILTER[3:],
        FILTER[:2] + b"\x80" + FILTER[3:],
        FILTER[:16] + b"\xff" * 4 + FILTER[20:],
        FILTER[:16] + bytes(4),
    ],
)
def test_a_bloom_filter_that_is_out_of_order_is_refused(data: bytes) -> None:
    with pytest.raises(TrustError):
        published({GOOD.hex()[0]: ("BLOOMFILTER", data)})


@pytest.mark.parametrize("more", [{"x": "g"}, {"x": "00"}, {"chunks": {"ab": {}}}, {"chunks": 1}, {"kid": 1}])
def test_partitions_of_another_form_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(TrustError):
        published({"a": ("VARHASHLIST", HASHES)}, **more)
