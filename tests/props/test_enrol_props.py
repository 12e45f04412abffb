"""Whatever a gun, a file or a stranger gives as a claim: it is one, or ``WireFault``; only the root makes it good."""

from __future__ import annotations

import contextlib
from base64 import b32encode
from typing import Any

import msgspec
import pytest
from claims import ROOT_KEYS, Desk, vouchers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signed_certificates import NOW, believing

from gate.credentials.identify import parse_code
from gate.errors import CredentialFault, WireFault
from gate.model import Reason
from gate.trust.anchors import Anchors
from gate.wire import claims, enrol
from gate.wire.claims import PREFIX, Claim, Declined, Refusal, read_claim
from gate.wire.enrol import EnrolRequest
from gate.wire.message import decode, encode

DESK = Desk()
CLAIM = DESK.claim(url="https://fleet.city.example", pins=(bytes(32), bytes(32)), serial="10000000a1b2c3d4")
TEXT = DESK.text(CLAIM)
ROOTS = [bytes.fromhex(root.public_key.keyval["public"]) for root in ROOT_KEYS]
LARGEST_OF_VERSION_17_M = 729
"""Characters of a QR code with 85 modules a side; one of the EU's certificates is about as large."""


def test_a_claim_of_usual_length_fits_a_code_that_cheap_guns_read() -> None:
    assert len(TEXT) <= LARGEST_OF_VERSION_17_M
    assert set(TEXT) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:"), "the alphanumeric mode of a QR code"


@settings(deadline=None)
@given(st.binary(max_size=32), st.binary(max_size=30), st.sampled_from(["", "\r\n", " \t"]), st.booleans())
def test_what_was_signed_is_what_is_read(site: bytes, device: bytes, blanks: str, lower: bool) -> None:
    claim = msgspec.structs.replace(CLAIM, site=site.hex() or "s", device="g" + device.hex())
    text = DESK.text(claim)
    signed = read_claim(blanks + (text.lower() if lower else text) + blanks)
    assert signed.claim == claim
    claims.check_vouched(signed, ROOTS, 2)


def test_what_no_device_could_read_is_not_written() -> None:
    for changes in ({"site": "s" * 65}, {"url": "ftp://x"}, {"serial": "a b c d"}, {"pins": ()}, {"device": "-"}):
        with pytest.raises(WireFault, match="no claim can say this"):
            DESK.text(msgspec.structs.replace(CLAIM, **changes))


@settings(deadline=None)
@given(st.text(max_size=300))
@example(TEXT[:-1])
@example(PREFIX)
@example(PREFIX + "ſ" * 16)
@example(PREFIX + "A" * 100_000)
def test_anything_else_is_refused_in_declared_words(text: str) -> None:
    for given_text in (text, PREFIX + text):
        with pytest.raises(WireFault):
            read_claim(given_text)


@settings(deadline=None)
@given(st.recursive(st.none() | st.integers() | st.binary() | st.text(), lambda inner: st.lists(inner, max_size=5)))
def test_msgpack_of_another_form_is_refused(item: Any) -> None:
    with contextlib.suppress(OverflowError), pytest.raises(WireFault):
        read_claim(PREFIX + b32encode(msgspec.msgpack.encode(item)).decode().rstrip("="))


def test_deep_nesting_ends_in_a_refusal() -> None:
    with pytest.raises(WireFault):
        read_claim(PREFIX + b32encode(b"\x91" * 1200).decode().rstrip("="))


@settings(deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_a_changed_letter_makes_no_other_claim(place: int, letter: str) -> None:
    changed = TEXT[:place] + letter + TEXT[place + 1 :]
    try:
        signed = read_claim(changed)
        claims.check_vouched(signed, ROOTS, 2)
    except WireFault:
        return
    assert signed.claim == CLAIM


@pytest.mark.parametrize("given_vouchers", [[], vouchers(DESK.key)[:1], vouchers(DESK.key)[:1] * 4])
def test_fewer_vouchers_than_the_root_demands_are_none(given_vouchers: list[bytes]) -> None:
    signed = read_claim(claims.write_claim(CLAIM, DESK.key, given_vouchers))
    with pytest.raises(WireFault, match="another fleet's"):
        claims.check_vouched(signed, ROOTS, 2)


def test_a_voucher_is_good_for_its_key_alone() -> None:
    signed = read_claim(claims.write_claim(CLAIM, Ed25519PrivateKey.generate(), DESK.vouchers))
    with pytest.raises(WireFault, match="another fleet's"):
        claims.check_vouched(signed, ROOTS, 2)


@given(st.binary(max_size=600))
def test_a_request_is_one_or_is_refused(body: bytes) -> None:
    with contextlib.suppress(WireFault):
        decode(body, EnrolRequest)


@settings(deadline=None)
@given(
    st.sampled_from(["claim", "serial", "key", "proof"]), st.text("ABCDEFabcdef0123456789", min_size=86, max_size=86)
)
def test_no_field_of_a_request_can_be_another_ones(name: str, text: str) -> None:
    good = enrol.request(TEXT, CLAIM.serial, Ed25519PrivateKey.generate(), "0.1", None)
    value = {"key": text[:43], "serial": text[:16]}.get(name, text)
    with pytest.raises(Declined) as declined:
        enrol.check_request(msgspec.structs.replace(good, **{name: value}), {DESK.key.public_key().public_bytes_raw()})
    assert declined.value.reason is Refusal.FORGED


def test_a_request_travels_as_it_is() -> None:
    good = enrol.request(TEXT, CLAIM.serial, Ed25519PrivateKey.generate(), "0.1", "Raspberry Pi 4")
    found = decode(encode(good), EnrolRequest)
    assert enrol.check_request(found, {DESK.key.public_key().public_bytes_raw()}).claim == CLAIM


def test_a_working_gate_takes_a_claim_for_no_credential() -> None:
    with pytest.raises(CredentialFault) as fault:
        parse_code(TEXT.encode(), believing(Anchors()), NOW)
    assert fault.value.reason is Reason.CODE_UNRECOGNISED


def test_a_claim_says_nothing_about_people() -> None:
    assert set(Claim.__struct_fields__) == {"id", "secret", "url", "pins", "site", "device", "serial", "until"}
