"""The file of issuers of SMART Health Cards."""

from __future__ import annotations

from typing import Any

import pytest
from health_cards import ISS, base64url, issuer, issuers_file

from gate.errors import TrustError
from gate.trust import card_issuers
from gate.trust.card_issuers import HealthCardIssuers

KEY = issuer().jwk


def loaded(*keys: dict[str, Any], crls: list[Any] | None = None) -> HealthCardIssuers:
    return HealthCardIssuers.load(issuers_file(*keys, crls=crls or []))


def test_what_an_issuer_publishes_is_read_unchanged() -> None:
    found = loaded({**KEY, "x5c": ["MIIB"], "crlVersion": 1, "ext": True}, crls=[issuer().revocation_list("abc.5")])
    key = found.key(ISS, issuer().kid)
    assert key is not None
    assert key.public_key == issuer().private_key.public_key()
    assert (key.revokes, key.revoked, found.notes) == (True, {"abc": 5.0}, ())
    assert len(found) == 1


def test_issuer_and_key_must_both_fit() -> None:
    found = loaded()
    assert found.key(ISS, issuer().kid) is not None
    for name, key_id in ((ISS + "/", issuer().kid), (ISS.upper(), issuer().kid), (ISS, issuer().kid[:-1]), ("", "")):
        assert found.key(name, key_id) is None
    assert HealthCardIssuers().key(ISS, issuer().kid) is None


@pytest.mark.parametrize(
    "key",
    [
        {**KEY, "kty": "RSA"},
        {**KEY, "use": "enc"},
        {**KEY, "alg": "ES384"},
        {**KEY, "crv": "P-384"},
        {**KEY, "kid": "x" * 43},
        {**KEY, "kid": "short"},
        {**KEY, "x": KEY["y"], "y": KEY["x"]},
        {**KEY, "x": base64url(bytes(32)), "y": base64url(bytes(32))},
        {**KEY, "x": base64url(b"\xff" * 32)},
        {**KEY, "x": KEY["x"] + "="},
        {**KEY, "x": "+" + KEY["x"][1:]},
        {**KEY, "crlVersion": "1"},
        {**KEY, "crlVersion": -1},
        {key: value for key, value in KEY.items() if key != "alg"},
        {},
    ],
)
def test_a_key_that_is_none_for_cards_is_left_out_and_noted(key: dict[str, Any]) -> None:
    found = loaded(key)
    assert len(found) == 0
    assert [note.startswith(f"{ISS}: key 1 left out: ") for note in found.notes] == [True]
    assert len(loaded(key, KEY)) == 1


def test_a_private_key_in_the_file_is_never_believed() -> None:
    secret = base64url(issuer().private_key.private_numbers().private_value.to_bytes(32, "big"))
    found = loaded({**KEY, "d": secret})
    assert found.key(ISS, issuer().kid) is None
    assert "whoever has read it can sign" in found.notes[0]
    assert secret not in found.notes[0]


def test_of_several_entries_for_one_key_the_strictest_counts() -> None:
    for keys in ([KEY, {**KEY, "crlVersion": 2}], [{**KEY, "crlVersion": 2}, KEY]):
        found = loaded(*keys, crls=[issuer().revocation_list("abc", ctr=1)]).key(ISS, issuer().kid)
        assert found is not None
        assert found.revokes
        assert found.revoked is None


def test_a_list_counts_also_where_the_key_does_not_announce_it() -> None:
    found = loaded(KEY, crls=[issuer().revocation_list("abc")]).key(ISS, issuer().kid)
    assert found is not None
    assert found.revokes
    assert found.revoked == {"abc": float("inf")}


def test_the_newer_list_counts_also_from_another_file() -> None:
    old, new = issuer().revocation_list("abc", ctr=1), issuer().revocation_list("abd", ctr=2)
    for found in (
        loaded(KEY, crls=[old, new]),
        loaded(KEY, crls=[new, old]),
        loaded(KEY, crls=[old]).merged(loaded(KEY, crls=[new])),
        loaded(KEY, crls=[new]).merged(loaded(KEY, crls=[old])),
    ):
        key = found.key(ISS, issuer().kid)
        assert key is not None
        assert key.revoked is not None
        assert set(key.revoked) == {"abd"}


def test_notes_are_kept_when_files_are_put_together() -> None:
    assert len(loaded({}).merged(loaded({}, crls=[{}])).notes) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"rids": ["x" * 25]},
        {"rids": ["base64=="]},
        {"rids": ["abc.x"]},
        {"rids": ["abc."]},
        {"rids": ["abc.1.2"]},
        {"rids": ["abc." + "9" * 16]},
        {"rids": [""]},
        {"rids": [7]},
        {"rids": None},
        {"method": "hash-fhir"},
        {"ctr": "1"},
        {"ctr": -1},
        {"kid": "x"},
    ],
)
def test_a_faulty_list_is_none_and_noted(changes: dict[str, Any]) -> None:
    found = loaded({**KEY, "crlVersion": 1}, crls=[issuer().revocation_list("abc") | changes])
    key = found.key(ISS, issuer().kid)
    assert key is not None
    assert key.revokes
    assert key.revoked is None
    assert [note.startswith(f"{ISS}: revocation list 1 left out: ") for note in found.notes] == [True]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"card_issuers": []}',
        b'{"card_issuers": [{"iss": "https://a.example"}]}',
        b'{"card_issuers": [{"iss": "https://a.example", "keys": []}]}',
        b'{"card_issuers": [{"iss": "https://a.example/", "keys": [{}]}]}',
        b'{"card_issuers": [{"iss": "http://a.example", "keys": [{}]}]}',
        b'{"card_issuers": [{"iss": "https://a.example", "keys": [{}], "jwks": 1}]}',
        b'{"keys": []}',
    ],
)
def test_a_file_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(TrustError, match="file of card issuers"):
        HealthCardIssuers.load(data)


def test_a_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_issuers, "MAX_REVOKED", 3)
    assert len(loaded(KEY, crls=[issuer().revocation_list("a", "b", "c")])) == 1
    with pytest.raises(TrustError, match="revoke more than 3 cards"):
        loaded(KEY, crls=[issuer().revocation_list("a", "b"), issuer().revocation_list("c", "d", ctr=2)])
    monkeypatch.setattr(card_issuers, "MAX_FILE_BYTES", 100)
    with pytest.raises(TrustError, match="more than 100 bytes"):
        loaded()
