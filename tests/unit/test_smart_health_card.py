from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from health_cards import (
    DOSES,
    ISS,
    ISSUED,
    NOW,
    PATIENT,
    TYPES,
    Issuer,
    base64url,
    bundle,
    claims,
    deflated,
    issuer,
    issuers_file,
    lab_result,
    numeric,
    trusting,
)

from gate.credentials import jws, smart_health_card
from gate.credentials.identify import identify, parse_code
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault
from gate.model import Assurance, Credential, CredentialKind, Moment, Reason

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def parse(code: bytes, trusted: Trusted | None = None, moment: Moment = NOW) -> Credential:
    return parse_code(code, trusting() if trusted is None else trusted, moment)


def reason(code: bytes, trusted: Trusted | None = None, moment: Moment = NOW) -> Reason:
    with pytest.raises(CredentialFault) as fault:
        parse(code, trusted, moment)
    return fault.value.reason


def of(**changes: Any) -> bytes:
    return issuer().code(claims(**changes))


def with_bundle(value: Any) -> bytes:
    return of(vc={"credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": value}})


def parts() -> list[str]:
    digits = issuer().code().decode().removeprefix("shc:/")
    return "".join(chr(int(digits[at : at + 2]) + 45) for at in range(0, len(digits), 2)).split(".")


def test_a_card_says_who_it_is_about_and_who_issued_it() -> None:
    credential = parse(issuer().code(claims(exp=ISSUED.timestamp() + 86_400 * 365)))
    assert credential.kind is CredentialKind.SMART_HEALTH_CARD
    assert credential.assurance is Assurance.STATIC_CODE
    assert credential.holder is not None
    assert (credential.holder.name, credential.holder.birth_date) == ("Grete Öl Musterfrau", date(1990, 1, 1))
    certificate = credential.certificate
    assert certificate is not None
    assert (certificate.issuer, certificate.key_id) == (ISS, issuer().kid)
    assert (certificate.issued_at, certificate.expires_at) == (ISSUED, ISSUED + timedelta(days=365))


def test_rules_see_the_resources_by_type_and_unchanged() -> None:
    certificate = parse(issuer().code(claims(DOSES[0], lab_result(), DOSES[1]))).certificate
    assert certificate is not None
    assert certificate.payload == {
        "type": TYPES,
        "fhirVersion": "4.0.1",
        "resources": {"Patient": [PATIENT], "Immunization": list(DOSES), "Observation": [lab_result()]},
    }


def test_nothing_about_the_person_is_shown_in_a_repr() -> None:
    card = smart_health_card.decode(issuer().code())
    shown = repr(card) + repr(card.content) + repr(card.message) + repr(parse(issuer().code()))
    assert not [word for word in ("Muster", "Grete", "1990", "208") if word in shown]


@pytest.mark.parametrize("dress", ["{}", "  {}\r\n", "\t{}\n"])
def test_what_a_gun_adds_does_not_count(dress: str) -> None:
    code = issuer().code()
    assert parse(dress.format(code.decode()).encode()) == parse(code.upper()) == parse(code)


def test_a_card_that_says_it_is_the_only_chunk_is_whole() -> None:
    assert parse(issuer().code().replace(b"shc:/", b"shc:/1/1/")) == parse(issuer().code())


@pytest.mark.parametrize("chunk", [b"1/2/", b"2/2/", b"3/17/", b"0/0/", b"2/1/"])
def test_one_of_several_chunks_is_refused_with_what_to_ask_for(chunk: bytes) -> None:
    code = issuer().code().replace(b"shc:/", b"shc:/" + chunk)
    with pytest.raises(CredentialFault, match="as a single code") as fault:
        parse(code)
    assert fault.value.reason is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize(
    "code",
    [
        b"shc:",
        b"shc:/",
        b"SHC:5676",
        b"shc:/567",
        b"shc:/5676",
        b"shc:/56 76",
        b"shc:/" + "５６".encode(),
        b"shc:/\xb2\xb2",
        b"shc:/9999",
        b"shc:/78",
        b"shc:/1/5676",
        b"shc:/1000/1/5676",
        numeric("a.b"),
        numeric("a.b.c.d"),
        numeric("..a"),
        numeric("a.eyJ9.eyJ9"),
        b"shc:/" + b"0" * 8190,
    ],
)
def test_a_damaged_code_is_read_again(code: bytes) -> None:
    assert reason(code) is Reason.CODE_UNREADABLE


def test_it_is_known_by_its_scheme_and_links_are_something_else() -> None:
    assert identify(b"SHC:/56", Trusted()).kind is CredentialKind.SMART_HEALTH_CARD
    for link in (b"shlink:/eyJ1cmwi", b"https://viewer.example/#shlink:/eyJ1cmwi"):
        assert reason(link) is Reason.CODE_UNRECOGNISED


def test_the_text_is_bounded_also_for_whoever_asks_the_decoder_itself() -> None:
    with pytest.raises(CredentialFault) as fault:
        smart_health_card.decode(b"shc:/" + b"00" * 4096)
    assert fault.value.reason is Reason.CODE_UNREADABLE
    with pytest.raises(CredentialFault) as fault:
        smart_health_card.decode(b"HC1:6BF")
    assert fault.value.reason is Reason.CODE_UNREADABLE


GOOD_HEADER = {"zip": "DEF", "alg": "ES256", "kid": issuer().kid}


@pytest.mark.parametrize(
    "header",
    [
        {**GOOD_HEADER, "alg": "none"},
        {**GOOD_HEADER, "alg": "HS256"},
        {**GOOD_HEADER, "alg": "es256"},
        {**GOOD_HEADER, "zip": "GZ"},
        {**GOOD_HEADER, "kid": 7},
        {**GOOD_HEADER, "kid": None},
        {**GOOD_HEADER, "crit": ["b64"], "b64": False},
        {**GOOD_HEADER, "crit": []},
        {key: value for key, value in GOOD_HEADER.items() if key != "alg"},
        {key: value for key, value in GOOD_HEADER.items() if key != "zip"},
        {key: value for key, value in GOOD_HEADER.items() if key != "kid"},
        {},
    ],
)
def test_another_header_is_refused_although_its_signature_is_good(header: dict[str, Any]) -> None:
    message = issuer().message(deflated(json.dumps(claims()).encode()), header)
    assert reason(numeric(message)) is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize("header", [b"[]", b"\xff", b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"alg":"ES256"'])
def test_a_header_that_is_no_object_is_refused(header: bytes) -> None:
    with pytest.raises(CredentialFault) as fault:
        jws.decode(f"{base64url(header)}.eyJ9.eyJ9".encode())
    assert fault.value.reason is Reason.CERTIFICATE_UNACCEPTABLE


def test_members_of_the_header_that_nobody_knows_do_no_harm() -> None:
    message = issuer().message(deflated(json.dumps(claims()).encode()), {**GOOD_HEADER, "typ": "JWT"})
    assert parse(numeric(message)).certificate is not None


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(claims()).encode(),
        zlib.compress(json.dumps(claims()).encode()),
        deflated(json.dumps(claims()).encode())[:-1],
        deflated(json.dumps(claims()).encode()) + b"x",
        deflated(json.dumps(claims()).encode() + b" " * jws.MAX_PAYLOAD_BYTES),
        deflated(b"0" * 10_000_000),
        deflated(b"\xef\xbb\xbf" + json.dumps(claims()).encode()),
        deflated(json.dumps(json.dumps(claims())).encode()),
        deflated(json.dumps(claims()).encode() + b"}"),
        deflated(b"[" * 30_000),
        deflated(b'{"iss":' * 4_000),
        deflated(b'"\xff"'),
        deflated(b'"\\ud800"'),
        deflated(b""),
    ],
)
def test_another_payload_is_refused_although_its_signature_is_good(payload: bytes) -> None:
    message = issuer().message(payload)
    with pytest.raises(CredentialFault) as fault:
        smart_health_card.read_claims(jws.decode(message.encode()))
    assert fault.value.reason is Reason.CERTIFICATE_UNACCEPTABLE


def test_what_was_changed_is_forged() -> None:
    header, _, signature = parts()
    richer = base64url(deflated(json.dumps(claims(*DOSES, DOSES[1])).encode()))
    assert reason(numeric(f"{header}.{richer}.{signature}")) is Reason.CERTIFICATE_FORGED


def test_the_signature_covers_the_exact_characters() -> None:
    _, payload, signature = parts()
    spaced = base64url(json.dumps(GOOD_HEADER, indent=1).encode())
    assert reason(numeric(f"{spaced}.{payload}.{signature}")) is Reason.CERTIFICATE_FORGED


@pytest.mark.parametrize("length", [0, 63, 65, 71])
def test_a_signature_of_another_length_is_forged(length: int) -> None:
    header, payload, signature = parts()
    r_and_s = jws.from_base64url(signature.encode())
    other = (r_and_s + bytes(8))[:length] or b"\0"
    assert reason(numeric(f"{header}.{payload}.{base64url(other)}")) is Reason.CERTIFICATE_FORGED


def test_a_signature_that_is_no_base64url_is_read_again() -> None:
    header, payload, _ = parts()
    assert reason(numeric(f"{header}.{payload}.a")) is Reason.CODE_UNREADABLE


def test_a_signature_in_der_is_forged() -> None:
    header, payload, signature = parts()
    raw = jws.from_base64url(signature.encode())
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    assert decode_dss_signature(der)
    assert reason(numeric(f"{header}.{payload}.{base64url(der)}")) is Reason.CERTIFICATE_FORGED


def test_turning_the_signature_round_does_not_evade_revocation() -> None:
    revoked = trusting(issuers_file({**issuer().jwk, "crlVersion": 1}, crls=[issuer().revocation_list("abc")]))
    card = of(vc={"rid": "abc"})
    digits = card.decode().removeprefix("shc:/")
    message = "".join(chr(int(digits[at : at + 2]) + 45) for at in range(0, len(digits), 2))
    signed, _, signature = message.rpartition(".")
    raw = jws.from_base64url(signature.encode())
    turned = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    other = numeric(f"{signed}.{base64url(turned)}")
    assert other != card
    assert parse(other).certificate == parse(card).certificate
    assert reason(other, revoked) is reason(card, revoked) is Reason.CERTIFICATE_REVOKED


def test_only_the_issuer_s_own_keys_count() -> None:
    assert reason(issuer().code(), Trusted()) is Reason.CERTIFICATE_ISSUER_UNKNOWN
    elsewhere = trusting(issuers_file(iss="https://other.example.org"))
    assert reason(issuer().code(), elsewhere) is Reason.CERTIFICATE_ISSUER_UNKNOWN
    stranger = Issuer(ec.generate_private_key(ec.SECP256R1()))
    assert reason(stranger.code()) is Reason.CERTIFICATE_ISSUER_UNKNOWN
    claimed = {"zip": "DEF", "alg": "ES256", "kid": issuer().kid}
    forged = stranger.message(deflated(json.dumps(claims()).encode()), claimed)
    assert reason(numeric(forged)) is Reason.CERTIFICATE_FORGED


@pytest.mark.parametrize("seconds", [-300, 0, 86_399])
def test_it_counts_from_its_issue_to_its_end(seconds: int) -> None:
    card = of(exp=ISSUED.timestamp() + 86_400)
    assert parse(card, moment=Moment(ISSUED + timedelta(seconds=seconds), trusted=True)).certificate is not None


@pytest.mark.parametrize(
    ("seconds", "why"),
    [(-301, Reason.CERTIFICATE_NOT_YET_VALID), (86_400, Reason.CERTIFICATE_EXPIRED)],
)
def test_out_of_date(seconds: int, why: Reason) -> None:
    card = of(exp=ISSUED.timestamp() + 86_400)
    assert reason(card, moment=Moment(ISSUED + timedelta(seconds=seconds), trusted=True)) is why


def test_without_the_time_nobody_knows() -> None:
    assert reason(issuer().code(), moment=replace(NOW, trusted=False)) is Reason.CLOCK_UNTRUSTED


def test_dates_at_the_ends_of_the_calendar() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    eve = Moment(datetime.max.replace(tzinfo=UTC) - timedelta(days=1), trusted=True)
    assert parse(of(exp=last.timestamp()), moment=eve).certificate is not None
    assert reason(of(nbf=last.timestamp())) is Reason.CERTIFICATE_NOT_YET_VALID
    assert parse(of(nbf=1.5)).certificate is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"nbf": 0},
        {"nbf": -1},
        {"nbf": 1622576398924},
        {"nbf": 1e300},
        {"nbf": float("nan")},
        {"nbf": float("inf")},
        {"nbf": 10**400},
        {"nbf": True},
        {"nbf": "1646121600"},
        {"nbf": None},
        {"exp": None},
        {"exp": float("-inf")},
        {"exp": ISSUED.timestamp() - 1},
        {"iss": "http://health.example.org/cards"},
        {"iss": ISS + "/"},
        {"iss": ISS + "\n"},
        {"iss": "https://" + "x" * 300},
        {"iss": 7},
        {"vc": {"type": []}},
        {"vc": {"type": TYPES[1:]}},
        {"vc": {"type": TYPES[0]}},
        {"vc": {"type": TYPES * 30}},
        {"vc": {"type": [*TYPES, "x" * 300]}},
        {"vc": {"rid": ""}},
        {"vc": {"rid": "x" * 25}},
        {"vc": {"rid": "a.5"}},
        {"vc": {"rid": None}},
        {"vc": {"credentialSubject": {}}},
    ],
)
def test_claims_of_another_form_are_refused(changes: dict[str, Any]) -> None:
    assert reason(of(**changes)) is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": []},
        {"resourceType": "Patient", "entry": bundle(PATIENT)["entry"]},
        {"entry": bundle(PATIENT)["entry"]},
        bundle(),
        bundle(*DOSES),
        bundle(PATIENT, PATIENT),
        bundle(PATIENT, *(DOSES[:1] * 100)),
        bundle(PATIENT, {"status": "completed"}),
        bundle(PATIENT, {"resourceType": "a.b"}),
        bundle(PATIENT, {"resourceType": 7}),
        {"resourceType": "Bundle", "entry": [{"fullUrl": "resource:0"}]},
        {"resourceType": "Bundle", "entry": [{"resource": [PATIENT]}]},
        bundle({**PATIENT, "name": []}),
        bundle({**PATIENT, "name": [{}]}),
        bundle({**PATIENT, "name": [{"family": ""}]}),
        bundle({**PATIENT, "name": [{"family": "x" * 300}]}),
        bundle({**PATIENT, "name": [{"given": ["x"] * 11}]}),
        bundle({**PATIENT, "birthDate": "2021-02-30"}),
        bundle({**PATIENT, "birthDate": "0000-01-01"}),
        bundle({**PATIENT, "birthDate": "1990-01-01T00:00:00Z"}),
        bundle({**PATIENT, "birthDate": 1990}),
    ],
)
def test_a_bundle_of_another_form_is_refused(content: Any) -> None:
    assert reason(with_bundle(content)) is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize(
    ("patient", "name", "born"),
    [
        ({"name": [{"family": "Li", "given": ["Hua"]}], "birthDate": "1990"}, "Hua Li", None),
        ({"name": [{"text": "测试甲"}], "birthDate": "1990-02"}, "测试甲", None),
        ({"name": [{"given": ["A\u030a"], "text": "not this"}, {"family": "nor this"}]}, "Å", None),
        ({"name": [{"family": "Muster"}], "birthDate": "2000-02-29"}, "Muster", date(2000, 2, 29)),
    ],
)
def test_whose_it_is(patient: dict[str, Any], name: str, born: date | None) -> None:
    holder = parse(with_bundle(bundle({"resourceType": "Patient", **patient}))).holder
    assert holder is not None
    assert (holder.name, holder.birth_date) == (name, born)


def test_what_was_sent_is_not_quoted() -> None:
    for code in (
        of(iss="https://Musterfrau/"),
        with_bundle({"resourceType": "Musterfrau", "entry": bundle(PATIENT)["entry"]}),
        with_bundle(bundle({**PATIENT, "birthDate": "Musterfrau"})),
        with_bundle(bundle(PATIENT, {"resourceType": "Muster frau"})),
    ):
        with pytest.raises(CredentialFault) as fault:
            parse(code)
        assert "Muster" not in str(fault.value)


@pytest.mark.parametrize(
    ("rid", "listed", "revoked"),
    [
        ("abc", ["abc"], True),
        ("abc", ["x", "abc", "y"], True),
        ("abc", ["abC", "abcd", "ab"], False),
        ("abc", [f"abc.{int(ISSUED.timestamp()) + 1}"], True),
        ("abc", [f"abc.{int(ISSUED.timestamp())}"], False),
        ("abc", [f"abc.{int(ISSUED.timestamp()) - 1}"], False),
        ("abc", ["abc.1", "abc"], True),
        ("abc", ["abc", "abc.1"], True),
        ("abc", [f"abc.{int(ISSUED.timestamp()) * 1000}"], True),
        ("abc", [], False),
        (None, ["abc"], False),
    ],
)
def test_a_card_is_revoked_by_its_name_and_only_if_it_is_old_enough(
    rid: str | None, listed: list[str], revoked: bool
) -> None:
    trusted = trusting(issuers_file({**issuer().jwk, "crlVersion": 1}, crls=[issuer().revocation_list(*listed)]))
    card = of(vc={} if rid is None else {"rid": rid})
    if revoked:
        assert reason(card, trusted) is Reason.CERTIFICATE_REVOKED
    else:
        assert parse(card, trusted).certificate is not None


@pytest.mark.parametrize("rid", [{}, {"rid": "abc"}])
def test_a_card_whose_list_is_missing_may_have_been_revoked(rid: dict[str, str]) -> None:
    key = {**issuer().jwk, "crlVersion": 3}
    card = of(vc=rid)
    assert reason(card, trusting(issuers_file(key))) is Reason.REVOCATION_UNKNOWN
    old = issuer().revocation_list("abc", ctr=2)
    assert reason(card, trusting(issuers_file(key, crls=[old]))) is Reason.REVOCATION_UNKNOWN
    for method in ("hash-fhir", None):
        other = issuer().revocation_list("x", ctr=3) | {"method": method}
        assert reason(card, trusting(issuers_file(key, crls=[other]))) is Reason.REVOCATION_UNKNOWN
    of_another = issuer().revocation_list("x", ctr=3) | {"kid": "x" * 43}
    assert reason(card, trusting(issuers_file(key, crls=[of_another]))) is Reason.REVOCATION_UNKNOWN
    assert parse(card, trusting(issuers_file(key, crls=[issuer().revocation_list(ctr=3)]))).certificate is not None


def test_an_issuer_that_revokes_nothing_says_so() -> None:
    assert parse(of(vc={"rid": "abc"}), trusting(issuers_file(issuer().jwk))).certificate is not None
