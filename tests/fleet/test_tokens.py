"""Challenges and tokens are the server's own, for the gate they were made for, and for a while."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.plane.tokens import NONCE_LIFE_S, Holder, check_nonce, check_token, nonce, token
from gate.errors import WireFault

SECRET, OTHER = bytes(32), bytes([1]) * 32
CHANCE = bytes(16)
HOLDER = Holder(7, 2)
NOW = 1_600_000_000.0


def test_a_token_says_whose_it_is_until_its_time_is_over() -> None:
    made = token(SECRET, HOLDER, NOW + 600, CHANCE)
    assert check_token(SECRET, NOW + 599, made) == HOLDER
    with pytest.raises(WireFault, match="over"):
        check_token(SECRET, NOW + 600, made)


def test_no_bit_of_a_token_can_be_changed() -> None:
    made = token(SECRET, HOLDER, NOW + 600, CHANCE)
    for place, letter in enumerate(made):
        forged = made[:place] + ("A" if letter != "A" else "B") + made[place + 1 :]
        with pytest.raises(WireFault):
            check_token(SECRET, NOW, forged)
    with pytest.raises(WireFault):
        check_token(OTHER, NOW, made)


def test_a_challenge_is_for_one_gate_and_a_minute() -> None:
    made = nonce(SECRET, "gate-7", NOW, CHANCE)
    check_nonce(SECRET, "gate-7", NOW + NONCE_LIFE_S, made)
    for secret, device, now in (
        (SECRET, "gate-8", NOW),
        (OTHER, "gate-7", NOW),
        (SECRET, "gate-7", NOW + NONCE_LIFE_S + 1),
        (SECRET, "gate-7", NOW - 2),
    ):
        with pytest.raises(WireFault):
            check_nonce(secret, device, now, made)


def test_a_token_is_no_challenge() -> None:
    with pytest.raises(WireFault):
        check_nonce(SECRET, "gate-7", NOW, token(SECRET, HOLDER, NOW + 600, CHANCE))


@given(st.text(max_size=300) | st.text("AB-_=", max_size=120))
def test_whatever_else_comes_is_refused(text: str) -> None:
    with contextlib.suppress(WireFault):
        check_nonce(SECRET, "gate-7", NOW, text)
        raise AssertionError
    with contextlib.suppress(WireFault):
        check_token(SECRET, NOW, text)
        raise AssertionError
