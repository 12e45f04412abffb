"""Bloom filters: everybody who was put in is found, of the others as many as was said."""

from __future__ import annotations

from hashlib import sha256

import pytest

from gate.errors import TrustError
from gate.trust import bloom
from gate.trust.bloom import BloomFile, BloomFilter


def digest(number: int) -> bytes:
    return sha256(str(number).encode()).digest()


MANY = [digest(number) for number in range(2000)]


def test_whoever_was_put_in_is_found() -> None:
    found = BloomFile(bloom.write([bloom.fill(MANY)], 1))
    assert all(one in found for one in MANY)
    assert not any(digest(-number) in found for number in range(1, 5000))


def test_others_are_found_by_the_odds_that_were_asked_for() -> None:
    found = BloomFile(bloom.write([bloom.fill(MANY, odds=0.02)], 1))
    errors = sum(digest(-number) in found for number in range(1, 20_001))
    assert 200 < errors < 600
    assert 0.01 < found.odds < 0.03


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_the_filter_is_as_large_and_as_good_as_the_formulas_say(count: int) -> None:
    one = bloom.fill(MANY[:count])
    assert one.rounds in {33, 44}  # with one digest a whole word is more than it needs
    assert one.odds < 1.2e-10
    assert 47 <= 8 * len(one.bits) / count <= 64


def test_filters_are_asked_only_for_digests_that_begin_so() -> None:
    one = digest(1)
    start = one.hex()
    bits = bloom.fill([one]).bits
    rounds = bloom.fill([one]).rounds
    for prefix, expected in (("", True), (start[0], True), (start[:2], True), (start[:3], True), ("0a", False)):
        assert (one in BloomFile(bloom.write([BloomFilter(prefix, rounds, bits)], 1))) is expected
    several = [BloomFilter(start[:3], 1, bytes(4)), BloomFilter(start[:3], rounds, bits), BloomFilter("", 1, bytes(4))]
    assert one in BloomFile(bloom.write(several, 1))


def test_the_eu_fills_the_same_bits() -> None:
    """Figures of dgc-bloomfilter's test data: the text "1" in a filter of three words for odds of 1:10,000."""
    words = (2102098068, 1202697683, 439752268)
    bits = b"".join(word.to_bytes(4, "big") for word in words)
    made = bytearray(12)
    numbers = bloom.Numbers(b"1")
    for order in range(67):  # 96 bits × ln 2
        position = numbers[order] % 96
        made[position >> 3] |= 0x80 >> (position & 7)
    assert bytes(made) == bits
    assert BloomFilter("", 67, bits).finds(numbers)


@pytest.mark.parametrize(
    ("element", "order", "size", "position"), [(bytes([11]), 1, 100, 75), (bytes([0, 5, 33, 44]), 0, 32, 26)]
)
def test_positions_are_those_that_the_eu_tests_for(element: bytes, order: int, size: int, position: int) -> None:
    assert bloom.Numbers(element)[order] % size == position


WHOLE = bloom.write([bloom.fill(MANY[:3]), BloomFilter("abc", 2, bytes(8))], 7)


def test_a_file_that_is_cut_off_or_goes_on_is_refused() -> None:
    for end in range(len(WHOLE)):
        with pytest.raises(TrustError):
            BloomFile(WHOLE[:end])
    with pytest.raises(TrustError):
        BloomFile(WHOLE + b"\0")


@pytest.mark.parametrize(
    "data",
    [
        bloom.write([], 0),
        bloom.write([BloomFilter("", 0, bytes(4))], 1),
        bloom.write([BloomFilter("", 128, bytes(4))], 1),
        bloom.write([BloomFilter("", 1, b"")], 1),
        bloom.write([BloomFilter("abcd", 1, bytes(4))], 1),
        bloom.write([BloomFilter("a", 1, bytes(4))] * (bloom.MOST_ALIKE + 1), 1),
        WHOLE.replace(b"\3\2\x0a\xbc", b"\2\2\x0a\xbc"),
        WHOLE[:8] + b"\xff" * 4 + WHOLE[12:],
    ],
    ids=["no number", "no round", "rounds", "empty", "digits", "alike", "more digits than it says", "many"],
)
def test_a_file_that_says_what_cannot_be_is_refused(data: bytes) -> None:
    with pytest.raises(TrustError):
        BloomFile(data)


def test_no_filters_find_nobody() -> None:
    found = BloomFile(bloom.write([], 1))
    assert digest(1) not in found
    assert found.odds == 0
