"""Sorted digests in a file: all that were put in are found, nothing else, and no file that is out of order is read."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

import pytest

from gate.errors import TrustError
from gate.trust import digest_lists
from gate.trust.digest_lists import ChangedList, ListFile


def digest(number: int) -> bytes:
    return sha256(str(number).encode()).digest()


MANY = [digest(number) for number in range(5000)]
OTHERS = [digest(-number) for number in range(1, 5000)]


@pytest.mark.parametrize("width", [4, 8, 16, 32])
@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 65, 5000])
def test_what_was_put_in_is_found_and_nothing_else(count: int, width: int) -> None:
    found = ListFile.load(digest_lists.whole(MANY[:count], 1, width)).revoked
    assert found.count == count
    assert all(one in found for one in MANY[:count])
    assert not any(one in found for one in MANY[count:])
    assert not any(one in found for one in OTHERS)


def test_the_first_and_the_last_digests_there_can_be_are_found() -> None:
    ends = [bytes(32), bytes(31) + b"\1", b"\xff" * 32, b"\xff" * 31 + b"\xfe"]
    for width in (16, 32):
        found = ListFile.load(digest_lists.whole([*ends, *MANY], 1, width)).revoked
        assert all(one in found for one in ends)


def test_a_digest_given_twice_is_kept_once() -> None:
    assert digest_lists.whole([*MANY, *MANY], 1) == digest_lists.whole(MANY, 1)


def test_a_list_takes_little_more_than_its_digests() -> None:
    assert len(digest_lists.whole(MANY, 1)) < 16 * len(MANY) * 1.05


# --- changes -----------------------------------------------------------------------------------------------------


def test_changes_put_in_and_take_out_and_the_newest_counts() -> None:
    a, b, c, d = MANY[:4]
    parts = [digest_lists.whole([a, b], 1), digest_lists.change([c], [a], 1, 2), digest_lists.change([a], [c, d], 2, 5)]
    states = []
    for end in (1, 2, 3):
        found = ChangedList([ListFile.load(part) for part in parts[:end]])
        states.append((found.number, [one in found for one in (a, b, c, d)]))
    assert states == [
        (1, [True, True, False, False]),
        (2, [False, True, True, False]),
        (5, [True, True, False, False]),
    ]


def test_after_a_gap_nobody_knows_which_list_it_is() -> None:
    parts = [digest_lists.whole(MANY[:9], 1), digest_lists.change([], [], 1, 2), digest_lists.change([], [], 3, 4)]
    assert ChangedList([ListFile.load(part) for part in parts]).number is None
    assert ChangedList([ListFile.load(part) for part in (parts[0], parts[2])]).number is None


@pytest.mark.parametrize(
    "parts",
    [
        [digest_lists.change([], [], 1, 2)],
        [digest_lists.whole([], 1), digest_lists.whole([], 2)],
        [digest_lists.whole(MANY[:9], 1, 8), digest_lists.change([], [], 1, 2)],
        [digest_lists.whole(MANY[:9], 1, 32), digest_lists.change([], [], 1, 2)],
    ],
    ids=["no whole list", "two whole lists", "too short to be taken out", "two widths"],
)
def test_what_is_no_list_with_changes_is_refused(parts: list[bytes]) -> None:
    with pytest.raises(TrustError):
        ChangedList([ListFile.load(part) for part in parts])


# --- files that are out of order ---------------------------------------------------------------------------------

WHOLE = digest_lists.whole(MANY[:200], 7)
CHANGE = digest_lists.change(MANY[:100], MANY[100:200], 6, 7)


@pytest.mark.parametrize("data", [WHOLE, CHANGE], ids=["whole", "change"])
def test_a_file_that_is_cut_off_or_goes_on_is_refused(data: bytes) -> None:
    for end in range(len(data)):
        with pytest.raises(TrustError):
            ListFile.load(data[:end])
    with pytest.raises(TrustError):
        ListFile.load(data + b"\0")


@pytest.mark.parametrize("data", [WHOLE, CHANGE], ids=["whole", "change"])
def test_a_changed_bit_is_refused_or_keeps_the_file_in_order(data: bytes) -> None:
    for bit in range(0, 8 * len(data), 5):
        changed = bytearray(data)
        changed[bit >> 3] ^= 1 << (bit & 7)
        try:
            file = ListFile.load(bytes(changed))
        except TrustError:
            continue
        for part in (file.revoked, file.restored):
            if part is not None:
                raw = bytes(changed)[part.end - part.count * part.width : part.end]
                kept = [raw[at : at + part.width] for at in range(0, len(raw), part.width)]
                assert all(before < after for before, after in pairwise(kept))
                assert all(one in part for one in kept)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (slice(4, 12), bytes(8)),
        (slice(4, 12), b"\0\0\0\7\0\0\0\7"),
        (slice(12, 13), b"\3"),
        (slice(12, 13), b"\x21"),
        (slice(13, 14), b"\x0d"),
        (slice(14, 18), b"\xff" * 4),
        (slice(18, 22), b"\0\0\0\xc8"),
        (slice(-32, None), bytes(32)),
    ],
    ids=["no number", "older", "narrow", "wide", "large directory", "many", "wrong directory", "unsorted"],
)
def test_a_file_that_says_what_cannot_be_is_refused(at: slice, value: bytes) -> None:
    changed = bytearray(WHOLE)
    changed[at] = value
    with pytest.raises(TrustError):
        ListFile.load(bytes(changed))


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(TrustError, match="64 MiB"):
        ListFile.load(WHOLE + bytes(digest_lists.MAX_FILE_BYTES))
