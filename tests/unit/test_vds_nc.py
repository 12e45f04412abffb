"""Seals (VDS-NC): what becomes a credential, and for what reason everything else is refused."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from seals import (
    COUNTRY,
    DOSES,
    FOUNDED,
    NOW,
    SIGNER,
    TRUSTED,
    UTOPIA,
    Authority,
    as_text,
    base64url,
    believing,
    data,
    document_types,
    lab_report,
    new_key,
    vaccination,
    vaccine,
)
from seals import SIGNER_EXTENSIONS as EXTENSIONS

from gate.credentials import vds_nc
from gate.credentials.identify import claims_of, identify, parse_code
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault
from gate.model import Assurance, Credential, CredentialKind, Document, DocumentType, Moment, Reason

ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def parsed(code: bytes, trusted: Trusted = TRUSTED, moment: Moment = NOW) -> Credential:
    return parse_code(code, trusted, moment)


def reason(code: bytes, trusted: Trusted = TRUSTED, moment: Moment = NOW) -> Reason:
    with pytest.raises(CredentialFault) as caught:
        parsed(code, trusted, moment)
    assert "MUSTERFRAU" not in str(caught.value)
    return caught.value.reason


def at(when: datetime) -> Moment:
    return Moment(when, trusted=True)


def person(**changes: Any) -> dict[str, Any]:
    """The one of a vaccination; None takes a member away."""
    return {key: value for key, value in (vaccination()["pid"] | changes).items() if value is not None}


def test_a_vaccination_becomes_a_credential_with_what_was_signed() -> None:
    credential = parsed(SIGNER.code())
    assert (credential.kind, credential.assurance) == (CredentialKind.VDS_NC, Assurance.STATIC_CODE)
    assert credential.holder is not None
    assert credential.holder.name == "MUSTERFRAU GRETE OEL"
    assert credential.holder.document == Document(DocumentType.PASSPORT, "P1234567")
    assert credential.holder.birth_date == date(1990, 1, 1)
    certificate = credential.certificate
    assert certificate is not None
    assert certificate.issuer == COUNTRY
    assert certificate.issued_at is None
    assert certificate.expires_at == FOUNDED + timedelta(days=4000)
    assert certificate.payload == data()
    assert "MUSTERFRAU" not in repr(credential)


def test_a_test_says_when_it_was_reported() -> None:
    credential = parsed(SIGNER.code(data(lab_report())))
    assert credential.certificate is not None
    assert credential.certificate.issued_at == datetime(2022, 3, 30, 12, tzinfo=UTC)
    assert credential.certificate.payload["hdr"]["t"] == "icao.test"
    assert credential.holder is not None
    assert credential.holder.document == Document(DocumentType.PASSPORT, "P1234567")


def test_only_a_passport_is_taken_for_one() -> None:
    card = {"n": "MUSTERFRAU  GRETE", "dob": "1990-01-01", "dt": "I", "dn": "X1"}
    for message in (lab_report(pid=card), vaccination(pid=person(i=None))):
        holder = parsed(SIGNER.code(data(message))).holder
        assert holder is not None
        assert holder.document is None


def test_members_that_the_standard_does_not_name_are_signed_too_and_stay() -> None:
    content = data(vaccination(opt="x", extra={"a": [1, None, True, 0.5]})) | {"more": "y"}
    credential = parsed(SIGNER.code(content))
    assert credential.certificate is not None
    assert credential.certificate.payload == content


@pytest.mark.parametrize("indent", [None, 1, "\t"])
def test_blanks_order_and_escapes_of_the_text_do_not_matter(indent: int | str | None) -> None:
    seal = SIGNER.seal(data(vaccination(pid=person(n="Ö\u20ac\U0001d11e  <A>/\n\x7f"))))
    turned = {key: seal[key] for key in reversed(seal)}
    for escaped in (True, False):
        text = json.dumps(turned, indent=indent, ensure_ascii=escaped, sort_keys=not escaped)
        assert parsed(text.encode()).certificate is not None


@pytest.mark.parametrize("padding", ["", "=", "=="])
def test_base64url_may_be_padded_or_not(padding: str) -> None:
    seal = SIGNER.seal()
    seal["sig"] = {name: text.rstrip("=") + padding * (name != "alg") for name, text in seal["sig"].items()}
    assert parsed(as_text(seal)).certificate is not None


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512"])
@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.BrainpoolP256R1()])
def test_every_algorithm_goes_with_every_curve_in_use(curve: ec.EllipticCurve, algorithm: str) -> None:
    signer = UTOPIA.signer(new_key(curve))
    assert parsed(signer.code(algorithm=algorithm)).certificate is not None
    seal = signer.seal(algorithm=algorithm)
    other = "ES384" if algorithm != "ES384" else "ES256"
    assert reason(as_text(seal | {"sig": seal["sig"] | {"alg": other}})) is Reason.CERTIFICATE_FORGED


def test_whatever_is_changed_the_signature_does_not_fit() -> None:
    seal = SIGNER.seal()
    for changed in (
        data(vaccination(uvci="U00000000009")),
        data(vaccination(vaccine(DOSES[0], DOSES[1] | {"seq": 3}))),
        data(v=1) | {"more": None},
    ):
        assert reason(as_text(seal | {"data": changed})) is Reason.CERTIFICATE_FORGED
    assert (
        reason(as_text(seal | {"sig": seal["sig"] | {"sigvl": SIGNER.sign(data(lab_report()))}}))
        is Reason.CERTIFICATE_FORGED
    )


@pytest.mark.parametrize("signature", [b"\0" * 64, b"\xff" * 64, b"\0" * 63, b"\0" * 65, b"\0"])
def test_a_signature_that_is_none_is_forged(signature: bytes) -> None:
    seal = SIGNER.seal()
    assert reason(as_text(seal | {"sig": seal["sig"] | {"sigvl": base64url(signature)}})) is Reason.CERTIFICATE_FORGED


def test_a_signature_in_der_is_not_the_standards_form() -> None:
    seal = SIGNER.seal()
    der = SIGNER.private_key.sign(vds_nc.decode(as_text(seal)).signed, ec.ECDSA(vds_nc._HASHES["ES256"]))
    assert reason(as_text(seal | {"sig": seal["sig"] | {"sigvl": base64url(der)}})) is Reason.CERTIFICATE_FORGED


def test_the_twin_of_a_signature_says_the_same_and_escapes_no_list() -> None:
    seal = SIGNER.seal()
    raw = urlsafe_b64decode(seal["sig"]["sigvl"])
    twin = raw[:32] + (ORDER_OF_P256 - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    code = as_text(seal | {"sig": seal["sig"] | {"sigvl": base64url(twin)}})
    assert parsed(code) == parsed(SIGNER.code())
    assert reason(code, believing(UTOPIA.entry(UTOPIA.crl(77)))) is Reason.CERTIFICATE_REVOKED


# --- the signer, its authority, its life -----------------------------------------------------------------------------


def test_an_unknown_country_or_authority_is_an_unknown_issuer() -> None:
    assert reason(SIGNER.code(), Trusted()) is Reason.CERTIFICATE_ISSUER_UNKNOWN
    assert reason(SIGNER.code(data(None, **{"is": "XXX"}))) is Reason.CERTIFICATE_ISSUER_UNKNOWN
    assert reason(Authority().signer().code()) is Reason.CERTIFICATE_ISSUER_UNKNOWN


def test_an_authority_speaks_for_its_own_country_only() -> None:
    trusted = believing(UTOPIA.entry(UTOPIA.crl()), Authority().entry(country="AUS"))
    assert reason(SIGNER.code(data(None, **{"is": "AUS"})), trusted) is Reason.CERTIFICATE_ISSUER_UNKNOWN
    assert parsed(SIGNER.code(), trusted).certificate is not None


def test_a_certificate_that_its_authority_did_not_sign_is_forged() -> None:
    der = bytearray(SIGNER.der)
    der[-1] ^= 1
    seal = SIGNER.seal()
    code = as_text(seal | {"sig": seal["sig"] | {"cer": base64url(bytes(der))}})
    assert reason(code) is Reason.CERTIFICATE_FORGED


@pytest.mark.parametrize("der", [b"", b"\0", b"\x30\x80", b"\x30\x03\x02\x01\x01", UTOPIA.certificate[:-1]])
def test_what_is_no_certificate_is_unacceptable(der: bytes) -> None:
    seal = SIGNER.seal()
    code = as_text(seal | {"sig": seal["sig"] | {"cer": base64url(der) or "="}})
    assert reason(code) is Reason.CERTIFICATE_UNACCEPTABLE


def test_a_signer_signs_only_what_its_certificate_allows() -> None:
    for types, allowed in ((("NV",), "icao.vacc"), (("NT",), "icao.test"), (("P",), None), ((), None)):
        signer = UTOPIA.signer(extensions=[EXTENSIONS[0], (document_types(*types), False)])
        for content in (data(), data(lab_report())):
            if content["hdr"]["t"] == allowed:
                assert parsed(signer.code(content)).certificate is not None
            else:
                assert reason(signer.code(content)) is Reason.CERTIFICATE_UNACCEPTABLE


def test_without_a_trusted_clock_nobody_knows_whether_it_is_in_date() -> None:
    assert reason(SIGNER.code(), moment=Moment(NOW.at, trusted=False)) is Reason.CLOCK_UNTRUSTED


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (FOUNDED + timedelta(days=4000, seconds=1), Reason.CERTIFICATE_EXPIRED),
        (FOUNDED - timedelta(minutes=6), Reason.CERTIFICATE_NOT_YET_VALID),
        (datetime(2022, 2, 17, 9, 54, tzinfo=UTC), Reason.CERTIFICATE_NOT_YET_VALID),
    ],
)
def test_a_seal_lives_as_long_as_its_signer_and_not_before_its_last_dose(when: datetime, expected: Reason) -> None:
    assert reason(SIGNER.code(), moment=at(when)) is expected


@pytest.mark.parametrize("when", [datetime(2022, 2, 17, 9, 55, tzinfo=UTC), FOUNDED + timedelta(days=4000)])
def test_the_ends_of_its_life_belong_to_it(when: datetime) -> None:
    trusted = believing(UTOPIA.entry(UTOPIA.crl(since=when)))
    assert parsed(SIGNER.code(), trusted, at(when)).certificate is not None


def test_a_test_that_will_be_reported_is_not_yet_valid() -> None:
    reported = datetime(2022, 3, 30, 12, tzinfo=UTC)
    code = SIGNER.code(data(lab_report()))
    assert reason(code, moment=at(reported - timedelta(minutes=6))) is Reason.CERTIFICATE_NOT_YET_VALID
    assert parsed(code, moment=at(reported - timedelta(minutes=5))).certificate is not None


def test_the_life_of_the_authority_bounds_that_of_its_signers() -> None:
    authority = Authority(days=1000)
    signer = authority.signer(days=4000)
    after = FOUNDED + timedelta(days=1001)
    trusted = believing(authority.entry(authority.crl(since=after)))
    assert reason(signer.code(), trusted, at(after)) is Reason.CERTIFICATE_EXPIRED


def test_a_signer_that_was_taken_back_signs_nothing_more() -> None:
    taken_back = believing(UTOPIA.entry(UTOPIA.crl(5, 77)))
    assert reason(SIGNER.code(), taken_back) is Reason.CERTIFICATE_REVOKED
    assert parsed(UTOPIA.signer(serial=78).code(), taken_back).certificate is not None


def test_a_list_past_its_end_or_none_leaves_everybody_unknown_but_those_on_it() -> None:
    old = UTOPIA.entry(UTOPIA.crl(5, days=29))
    assert reason(SIGNER.code(), believing(old)) is Reason.REVOCATION_UNKNOWN
    assert reason(UTOPIA.signer(serial=5).code(), believing(old)) is Reason.CERTIFICATE_REVOKED
    assert reason(SIGNER.code(), believing(UTOPIA.entry())) is Reason.REVOCATION_UNKNOWN
    ahead = UTOPIA.entry(UTOPIA.crl(since=NOW.at + timedelta(minutes=6)))
    assert reason(SIGNER.code(), believing(ahead)) is Reason.REVOCATION_UNKNOWN
    just = UTOPIA.entry(UTOPIA.crl(days=30))
    assert parsed(SIGNER.code(), believing(just)).certificate is not None


# --- the form --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        {"t": "icao.visa"},
        {"t": "icao.vacc\n"},
        {"t": None},
        {"v": 2},
        {"v": 0},
        {"v": "1"},
        {"v": True},
        {"is": "utopia"},
        {"is": "UT1"},
        {"is": ""},
        {"is": ["UTO"]},
    ],
)
def test_another_header_is_unacceptable(header: dict[str, Any]) -> None:
    assert reason(SIGNER.code(data(**header))) is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize(
    "message",
    [
        vaccination(uvci=""),
        vaccination(uvci=None),
        vaccination(pid=person(n=None)),
        vaccination(pid=person(n=" \u200b\u202e<<")),
        vaccination(pid=person(n="A" * 256)),
        vaccination(pid=person(dob=None, i=None)),
        vaccination(pid=person(dob="1990-02-30")),
        vaccination(pid=person(dob="1990")),
        vaccination(pid=person(dob="19900101")),
        vaccination(pid=person(i="P" * 25)),
        vaccination() | {"ve": []},
        vaccination(*[{"des": "X", "nam": "", "vd": [{"dvc": "2021-03-01", "seq": 1, "ctr": "UTO", "lot": ""}]}] * 51),
        vaccination(vaccine(des="")),
        vaccination(vaccine(nam=7)),
        vaccination(vaccine() | {"vd": []}),
        vaccination(vaccine(DOSES[0] | {"seq": 0})),
        vaccination(vaccine(DOSES[0] | {"seq": 100})),
        vaccination(vaccine(DOSES[0] | {"seq": "1"})),
        vaccination(vaccine(DOSES[0] | {"seq": 1.5})),
        vaccination(vaccine(DOSES[0] | {"ctr": "Utopia"})),
        vaccination(vaccine(DOSES[0] | {"dvc": "2021-02-29"})),
        vaccination(vaccine(DOSES[0] | {"dvc": "2021-03-01T00:00:00Z"})),
        vaccination(vaccine(DOSES[0] | {"dvn": "2021-13-01"})),
        lab_report(utci=3),
        lab_report(dat={"sc": "2022-03-30T08:00:00Z"}),
        lab_report(dat={"sc": "2022-03-30T08:00:00", "ri": "2022-03-30T09:00:00Z"}),
        lab_report(dat={"sc": "2022-03-30", "ri": "2022-03-30T09:00:00Z"}),
        lab_report(dat={"sc": "2022-03-30T25:00:00Z", "ri": "2022-03-31T09:00:00Z"}),
        lab_report(dat={"sc": "2022-03-30T09:00:01Z", "ri": "2022-03-30T09:00:00Z"}),
        lab_report(pid={"n": "A", "dob": "1990-01-01", "dt": "P"}),
        lab_report(pid={"n": "A", "dob": "1990-01-01", "dt": "X", "dn": "1"}),
        lab_report(tr={"tc": "antigen"}),
        lab_report(tr=[]),
        lab_report(sp={"spn": "x"}),
    ],
)
def test_a_message_against_the_standard_is_unacceptable_though_it_was_signed(message: dict[str, Any]) -> None:
    assert reason(SIGNER.code(data(message))) is Reason.CERTIFICATE_UNACCEPTABLE


def test_each_kind_has_its_own_message() -> None:
    assert reason(SIGNER.code(data(t="icao.test"))) is Reason.CERTIFICATE_UNACCEPTABLE
    assert reason(SIGNER.code(data(lab_report(), t="icao.vacc"))) is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize(
    "sig",
    [
        {"alg": "ES256K"},
        {"alg": "none"},
        {"alg": 7},
        {"cer": ""},
        {"cer": "+/=="},
        {"cer": "A"},
        {"cer": "MIIB==="},
        {"sigvl": "ab cd"},
        {"sigvl": None},
    ],
)
def test_another_signature_block_is_unacceptable(sig: dict[str, Any]) -> None:
    seal = SIGNER.seal()
    assert reason(as_text(seal | {"sig": seal["sig"] | sig})) is Reason.CERTIFICATE_UNACCEPTABLE


# --- hostile text ----------------------------------------------------------------------------------------------------


def with_more(text: str) -> bytes:
    """A genuine seal with something else before its first member, so that only that can be why it is refused."""
    return b'{"x":' + text.encode("utf-8", "surrogatepass") + b"," + SIGNER.code()[1:]


@pytest.mark.parametrize("text", ["1", "-0", "1.5e3", '"\\ud834\\udd1e"', "null", "[" * 14 + "]" * 14])
def test_something_else_beside_a_seal_changes_nothing(text: str) -> None:
    assert parsed(with_more(text)) == parsed(SIGNER.code())


@pytest.mark.parametrize(
    "text",
    ["", "01", "'x'", "[1,]", "{", '"\n"', '"\\x"', "1 2", "/**/1", "tru", "\udc80", "\ufeff1", "[" * 2000],
)
def test_what_is_no_json_is_unreadable(text: str) -> None:
    assert reason(with_more(text)) in {Reason.CODE_UNREADABLE, Reason.CERTIFICATE_UNACCEPTABLE}
    if "[" * 2000 not in text:
        assert reason(with_more(text)) is Reason.CODE_UNREADABLE


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "-Infinity",
        "9" * 5000,
        '{"a":1,"a":1}',
        '{"a":1,"\\u0061":2}',
        "[" * 16 + "]" * 16,
        "[" * 1500 + "]" * 1500,
    ],
)
def test_json_that_readers_understand_differently_is_unacceptable(text: str) -> None:
    assert reason(with_more(text)) is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize("text", ["1e999", "9007199254740992", '"\\ud800"', '{"\\udfff":1}'])
def test_what_has_no_canonical_form_is_unacceptable(text: str) -> None:
    signed = SIGNER.code().replace(b'"data":{', b'"data":{"x":' + text.encode() + b",")
    assert reason(signed) is Reason.CERTIFICATE_UNACCEPTABLE


def test_a_member_twice_is_refused_wherever_it_stands() -> None:
    code = SIGNER.code()
    for member in (b'"is":"UTO"', b'"sex":"F"', b'"alg":"ES256"', b'"seq":1'):
        assert reason(code.replace(member, member + b"," + member)) is Reason.CERTIFICATE_UNACCEPTABLE


def test_only_json_with_the_names_of_a_seal_is_taken_for_one() -> None:
    assert identify(SIGNER.code(), TRUSTED).kind is CredentialKind.VDS_NC
    assert identify(b" \r\n" + SIGNER.code()[:-10], TRUSTED).kind is CredentialKind.VDS_NC
    for other in (
        b'{"sig":1,"data":2}',
        b'{"cid":"0123","hdr":1}',
        b"[" + SIGNER.code() + b"]",
        b'{"isThisAVDS": false}',
    ):
        with pytest.raises(CredentialFault, match="code_unrecognised"):
            identify(other, TRUSTED)
    assert reason(b" " * 9000 + SIGNER.code()) is Reason.CODE_UNREADABLE
    with pytest.raises(CredentialFault, match="longer than any code"):
        vds_nc.decode(b"{" * 9000)


def test_a_seal_that_was_cut_off_is_read_again() -> None:
    assert reason(SIGNER.code()[:-1]) is Reason.CODE_UNREADABLE


def test_what_a_seal_claims_can_be_said_without_believing_it() -> None:
    claims = claims_of(SIGNER.code(), Trusted())
    certificate = parsed(SIGNER.code()).certificate
    assert claims is not None
    assert certificate is not None
    assert (claims.issuer, claims.key_id) == (COUNTRY, certificate.key_id)
