"""Challenges and tokens are the server's own, for the gate they were made for, and for a while."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.plane.tokens import (
    NONCE_LIFE_S,
    Holder,
    check_gateway_token,
    check_nonce,
    check_token,
    gateway_key,
    gateway_token,
    nonce,
    token,
)
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


@pytest.mark.parametrize("gate", ["gate-7", "g", "g" * 64])
def test_a_token_for_the_gateway_names_its_gate_until_its_time_is_over(gate: str) -> None:
    key = gateway_key(SECRET)
    made = gateway_token(key, gate, NOW + 600)
    assert check_gateway_token(key, NOW + 599, made) == gate
    with pytest.raises(WireFault, match="over"):
        check_gateway_token(key, NOW + 600, made)
    for place, letter in enumerate(made):
        forged = made[:place] + ("A" if letter != "A" else "B") + made[place + 1 :]
        with pytest.raises(WireFault):
            check_gateway_token(key, NOW, forged)


def test_what_opens_the_gateway_opens_nothing_of_the_fleet() -> None:
    key = gateway_key(SECRET)
    for made in (gateway_token(key, "gate-7", NOW + 600), gateway_token(SECRET, "gate-7", NOW + 600)):
        with pytest.raises(WireFault):
            check_token(SECRET, NOW, made)
    for made in (token(SECRET, HOLDER, NOW + 600, CHANCE), token(key, HOLDER, NOW + 600, CHANCE)):
        with pytest.raises(WireFault):
            check_gateway_token(key, NOW, made)
    with pytest.raises(WireFault):
        check_gateway_token(gateway_key(OTHER), NOW, gateway_token(key, "gate-7", NOW + 600))


@given(st.text(max_size=300) | st.text("AB-_=", max_size=120))
def test_whatever_else_comes_is_refused(text: str) -> None:
    with contextlib.suppress(WireFault):
        check_nonce(SECRET, "gate-7", NOW, text)
        raise AssertionError
    with contextlib.suppress(WireFault):
        check_token(SECRET, NOW, text)
        raise AssertionError
    with contextlib.suppress(WireFault):
        check_gateway_token(SECRET, NOW, text)
        raise AssertionError
