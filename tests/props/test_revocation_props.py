"""Lists and filters made of any digests find exactly those, or at least those; hostile files raise declared faults."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from revoked_lists import AS_OF, EXPIRES, ISSUER
from signed_certificates import NOW

from gate.credentials.revocation import NameKind, Standing
from gate.errors import TrustError
from gate.model import Moment
from gate.trust import bloom, digest_lists
from gate.trust.bloom import BloomFile
from gate.trust.digest_lists import ListFile
from gate.trust.revocation import INDEX, RevocationIndex
from gate.trust.revocation_files import PublishedList, files

if TYPE_CHECKING:
    from collections.abc import Sequence

digests = st.binary(min_size=32, max_size=32) | st.integers(0, 999).map(lambda number: number.to_bytes(32, "big"))
few = st.sampled_from([bytes([number]) * 32 for number in range(6)])


@given(st.sets(digests, max_size=300), st.sets(digests, max_size=20), st.integers(4, 32))
def test_a_list_finds_exactly_what_it_was_made_of(put: set[bytes], others: set[bytes], width: int) -> None:
    found = ListFile.load(digest_lists.whole(put, 1, width)).revoked
    assert all(one in found for one in put)
    cut = {one[:width] for one in put}
    assert all((one in found) == (one[:width] in cut) for one in others)


@given(st.sets(digests, min_size=1, max_size=60), st.sampled_from(["", "0", "00", "000"]), st.floats(1e-12, 0.9))
def test_a_bloom_filter_finds_everybody(put: set[bytes], prefix: str, odds: float) -> None:
    found = BloomFile(bloom.write([replace(bloom.fill(put, odds), prefix=prefix)], 1))
    assert all(one in found for one in put if one.hex().startswith(prefix))
    assert not any(one in found for one in put if not one.hex().startswith(prefix))


@given(st.sets(few), st.lists(st.tuples(st.sets(few), st.sets(few)), max_size=5))
def test_changes_end_where_applying_them_to_a_set_ends(
    whole: set[bytes], changes: Sequence[tuple[set[bytes], set[bytes]]]
) -> None:
    state = set(whole)
    written = []
    for number, (put, out) in enumerate(changes, 1):
        state = (state | put) - (out - put)
        written.append(digest_lists.change(put, out - put, number, number + 1))
    one = PublishedList((NameKind.UCI,), "hashes", len(changes) + 1, digest_lists.whole(whole, 1), tuple(written))
    index = RevocationIndex.load(files({ISSUER: [one]}, AS_OF, EXPIRES))
    for number in range(6):
        digest = bytes([number]) * 32
        expected = Standing.REVOKED if digest in state else Standing.GOOD
        assert index.standing(ISSUER, lambda _, digest=digest: [digest], NOW) is expected  # type: ignore[misc]


@given(st.permutations(range(6)), st.sets(st.integers(0, 5), min_size=1))
def test_whenever_a_change_is_missing_or_out_of_its_order_nothing_is_known(
    order: Sequence[int], kept: set[int]
) -> None:
    parts = [digest_lists.whole([], 1), *(digest_lists.change([], [], number, number + 1) for number in range(1, 6))]
    chosen = [number for number in order if number in kept]
    one = PublishedList((NameKind.UCI,), "hashes", 6, parts[chosen[0]], tuple(parts[number] for number in chosen[1:]))
    made = files({ISSUER: [one]}, AS_OF, EXPIRES)
    complete = chosen == list(range(6))
    try:
        found = RevocationIndex.load(made).standing(ISSUER, lambda _: [bytes(32)], NOW)
    except TrustError:
        assert chosen[0] != 0
    else:
        assert found is (Standing.GOOD if complete else Standing.UNKNOWN)


@given(st.integers(-120 * 86_400, 120 * 86_400), st.booleans())
def test_only_a_list_in_date_by_a_trusted_clock_says_anything(seconds: int, trusted: bool) -> None:
    moment = Moment(AS_OF + timedelta(seconds=seconds), trusted)
    index = RevocationIndex.load(files({ISSUER: []}, AS_OF, EXPIRES))
    in_date = trusted and seconds >= -300 and moment.at <= EXPIRES
    assert index.standing(ISSUER, lambda _: [], moment) is (Standing.GOOD if in_date else Standing.UNKNOWN)


WHOLE = digest_lists.whole([bytes([number]) * 32 for number in range(200)], 1)
FILTERS = bloom.write([bloom.fill([bytes([number]) * 32 for number in range(9)])], 1)


@given(st.binary(max_size=300), st.integers(0, 300), st.sampled_from([WHOLE, FILTERS, b"GRL1", b"GRB1"]))
def test_any_bytes_are_a_file_in_order_or_a_declared_fault(data: bytes, at: int, base: bytes) -> None:
    data = base[:at] + data + base[at + len(data) :]
    with contextlib.suppress(TrustError):
        bytes(32) in BloomFile(data)  # noqa: B015 - that it can be asked is what is tried
    with contextlib.suppress(TrustError):
        file = ListFile.load(data)
        part = file.revoked
        raw = data[part.end - part.count * part.width : part.end]
        kept = [raw[start : start + part.width] for start in range(0, len(raw), part.width)]
        assert all(before < after for before, after in pairwise(kept))
        assert all(one in part for one in kept)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_index_or_a_declared_fault(data: bytes) -> None:
    with contextlib.suppress(TrustError):
        RevocationIndex.load({INDEX: data})
