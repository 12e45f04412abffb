"""Whatever is shown as a SMART Health Card, only what a trusted issuer signed and has not taken back is believed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from health_cards import ISS, ISSUED, NOW, base64url, claims, deflated, issuer, issuers_file, numeric, trusting
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.credentials import smart_health_card
from gate.credentials.identify import parse_code
from gate.errors import CredentialFault, TrustError
from gate.model import Credential, Moment, Reason
from gate.trust.card_issuers import HealthCardIssuers

TRUSTED = trusting()
CODE = issuer().code()
PAYLOAD = json.dumps(claims()).encode()
RIDS = st.text(alphabet="abAB-_", min_size=1, max_size=3)
SECONDS = st.integers(int(ISSUED.timestamp()) - 2, int(ISSUED.timestamp()) + 2)

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def parsed(code: bytes, moment: Moment = NOW) -> Credential | None:
    try:
        return parse_code(code, TRUSTED, moment)
    except CredentialFault:
        return None


@given(st.text(alphabet="ABCxyz019-_.", min_size=1, max_size=200))
def test_digits_give_back_every_character(text: str) -> None:
    assert smart_health_card._characters(numeric(text)) == text.encode()


@given(st.binary(max_size=300) | st.text(alphabet="0123456789/", max_size=300).map(str.encode))
def test_no_bytes_become_a_credential_by_themselves(data: bytes) -> None:
    assert parsed(data) is None
    assert parsed(b"shc:/" + data) is None


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=80))
def test_no_bytes_inside_the_layers_become_a_credential(header: bytes, payload: bytes, signature: bytes) -> None:
    for inside in (payload, deflated(payload), deflated(PAYLOAD)):
        assert parsed(numeric(f"{base64url(header)}.{base64url(inside)}.{base64url(signature)}")) is None


@settings(max_examples=300)
@given(st.integers(5, len(CODE) - 1), st.integers(1, 9))
def test_a_card_with_one_digit_changed_says_nothing_else_than_before(at: int, by: int) -> None:
    other = bytearray(CODE)
    other[at] = 48 + (other[at] - 48 + by) % 10
    found = parsed(bytes(other))
    # The last character of a signature has bits that stand for nothing.
    assert found is None or found == parsed(CODE)


@given(json_like)
def test_claims_of_any_form_that_were_signed_are_taken_or_refused(value: Any) -> None:
    message = issuer().message(deflated(json.dumps(value).encode()))
    assert parsed(numeric(message)) is None


PLACES = [
    ("iss",),
    ("nbf",),
    ("exp",),
    ("vc",),
    ("vc", "type"),
    ("vc", "rid"),
    ("vc", "credentialSubject"),
    ("vc", "credentialSubject", "fhirVersion"),
    ("vc", "credentialSubject", "fhirBundle"),
    ("vc", "credentialSubject", "fhirBundle", "entry"),
]


@given(st.sampled_from(PLACES), json_like)
def test_any_value_in_the_place_of_a_claim_is_taken_or_refused(place: tuple[str, ...], value: Any) -> None:
    changed = json.loads(json.dumps(claims()))
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    found = parsed(issuer().code(changed))
    assert found is None or found.certificate is not None


@given(st.integers(-900, 90_000), st.booleans())
def test_it_is_taken_in_its_life_and_only_by_a_clock_that_is_right(second: int, trusted: bool) -> None:
    card = issuer().code(claims(exp=ISSUED.timestamp() + 86_400))
    inside = -smart_health_card.LEEWAY.total_seconds() <= second < 86_400
    taken = parsed(card, Moment(ISSUED + timedelta(seconds=second), trusted=trusted)) is not None
    assert taken is (inside and trusted)


@given(RIDS | st.none(), st.lists(st.tuples(RIDS, SECONDS | st.none()), max_size=4))
def test_a_card_is_revoked_by_every_entry_that_names_it_and_none_else(
    rid: str | None, entries: list[tuple[str, int | None]]
) -> None:
    listed = [name if before is None else f"{name}.{before}" for name, before in entries]
    trusted = trusting(issuers_file({**issuer().jwk, "crlVersion": 1}, crls=[issuer().revocation_list(*listed)]))
    revoked = any(name == rid and (before is None or ISSUED.timestamp() < before) for name, before in entries)
    card = issuer().code(claims(vc={} if rid is None else {"rid": rid}))
    if revoked:
        with pytest.raises(CredentialFault) as fault:
            parse_code(card, trusted, NOW)
        assert fault.value.reason is Reason.CERTIFICATE_REVOKED
    else:
        assert parse_code(card, trusted, NOW).certificate is not None


@given(st.binary(max_size=200) | json_like.map(lambda value: json.dumps(value).encode()))
def test_a_file_of_issuers_is_read_or_refused(data: bytes) -> None:
    for text in (data, b'{"card_issuers": [{"iss": "https://a.example", "keys": [' + data + b"]}]}"):
        try:
            assert len(HealthCardIssuers.load(text)) == 0
        except TrustError:
            continue


@given(st.sampled_from(sorted(issuer().jwk)), json_like)
def test_a_key_with_any_other_value_in_it_is_not_believed(member: str, value: Any) -> None:
    file = issuers_file({**issuer().jwk, member: value})
    try:
        key = HealthCardIssuers.load(file).key(ISS, issuer().kid)
    except TrustError:  # a number that JSON does not have
        return
    assert (key is not None) is (value == issuer().jwk[member])
