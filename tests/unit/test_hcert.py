from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from signed_certificates import ENTRIES, EXPIRES, ISSUED, NOW, Signer, believing, content, ec_signer, rsa_signer

from gate.credentials import base45, hcert, hcert_issue
from gate.credentials.identify import parse_code
from gate.errors import CredentialFault
from gate.model import Assurance, CredentialKind, Moment, Reason
from gate.trust.anchors import Anchors

if TYPE_CHECKING:
    from gate.credentials.signer import SignerKey

CLAIMS = {1: "XX", 4: int(EXPIRES.timestamp()), 6: int(ISSUED.timestamp()), -260: {1: content()}}


def reason(code: bytes, anchors: Anchors | None = None, moment: Moment = NOW) -> Reason:
    with pytest.raises(CredentialFault) as fault:
        parse_code(code, believing(ec_signer().anchors if anchors is None else anchors), moment)
    return fault.value.reason


@pytest.mark.parametrize("signer", [ec_signer(), rsa_signer(), rsa_signer(4096)], ids=["ES256", "PS256", "PS256-4096"])
@pytest.mark.parametrize("group", ENTRIES)
def test_a_certificate_of_a_trusted_signer_becomes_a_credential(signer: Signer, group: str) -> None:
    credential = parse_code(signer.code(content(group)), believing(signer.anchors), NOW)
    assert credential.kind is CredentialKind.HCERT
    assert credential.assurance is Assurance.STATIC_CODE
    assert credential.holder is not None
    assert credential.holder.name == "Grete Öl Musterfrau"
    certificate = credential.certificate
    assert certificate is not None
    assert certificate.issuer == "XX"
    assert certificate.key_id == signer.key_id.hex()
    assert (certificate.issued_at, certificate.expires_at) == (ISSUED, EXPIRES)
    assert certificate.payload == content(group)


def test_a_credential_shows_nobody_in_a_log() -> None:
    credential = parse_code(ec_signer().code(), believing(ec_signer().anchors), NOW)
    assert "Musterfrau" not in repr(credential)
    assert "1990" not in repr(credential)


def test_an_unknown_key_id_is_an_unknown_issuer() -> None:
    assert reason(ec_signer().code(), Anchors()) is Reason.CERTIFICATE_ISSUER_UNKNOWN
    assert reason(ec_signer().code(), rsa_signer().anchors) is Reason.CERTIFICATE_ISSUER_UNKNOWN


def test_a_foreign_signature_under_a_known_key_id_is_forged() -> None:
    forger = Signer(*hcert_issue.throwaway_signer("XX", ISSUED))
    code = hcert_issue.issue(content(), forger.private_key, ec_signer().key_id, "XX", ISSUED, EXPIRES)
    assert reason(code.encode()) is Reason.CERTIFICATE_FORGED


def test_an_algorithm_that_is_not_that_of_the_key_is_forged() -> None:
    code = hcert_issue.issue(content(), rsa_signer().private_key, ec_signer().key_id, "XX", ISSUED, EXPIRES)
    assert reason(code.encode()) is Reason.CERTIFICATE_FORGED


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (EXPIRES + timedelta(seconds=1), Reason.CERTIFICATE_EXPIRED),
        (ISSUED - timedelta(minutes=6), Reason.CERTIFICATE_NOT_YET_VALID),
        (ISSUED + timedelta(days=800), Reason.CERTIFICATE_EXPIRED),
        (ISSUED - timedelta(days=800), Reason.CERTIFICATE_NOT_YET_VALID),
    ],
)
def test_a_certificate_out_of_date_is_refused(moment: datetime, expected: Reason) -> None:
    assert reason(ec_signer().code(), moment=Moment(moment, trusted=True)) is expected


@pytest.mark.parametrize("moment", [EXPIRES, ISSUED, ISSUED - timedelta(minutes=5)])
def test_the_ends_of_its_life_belong_to_it(moment: datetime) -> None:
    assert (
        parse_code(ec_signer().code(), believing(ec_signer().anchors), Moment(moment, trusted=True)).certificate
        is not None
    )


def test_the_life_of_its_signer_bounds_it() -> None:
    claims = CLAIMS | {4: int(datetime(2090, 1, 1, tzinfo=UTC).timestamp())}
    later = Moment(ISSUED + timedelta(days=701), trusted=True)
    assert reason(ec_signer().code_of_claims(claims), moment=later) is Reason.CERTIFICATE_EXPIRED
    claims = CLAIMS | {6: int((ISSUED - timedelta(days=31)).timestamp())}
    assert reason(ec_signer().code_of_claims(claims)) is Reason.CERTIFICATE_UNACCEPTABLE


def test_without_a_clock_nobody_knows_whether_it_is_in_date() -> None:
    assert reason(ec_signer().code(), moment=Moment(NOW.at, trusted=False)) is Reason.CLOCK_UNTRUSTED


@pytest.mark.parametrize("claim", [4, 6])
@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        float("-inf"),
        -1,
        0,
        1e300,
        10**18,
        True,
        False,
        "1700000000",
        None,
        [],
        {1: 2},
        b"1",
    ],
)
def test_a_date_that_is_no_date_never_passes(claim: int, value: object) -> None:
    assert reason(ec_signer().code_of_claims(CLAIMS | {claim: value})) is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize("missing", [4, 6, -260])
def test_a_claim_that_is_missing_is_unacceptable(missing: int) -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != missing}
    assert reason(ec_signer().code_of_claims(claims)) is Reason.CERTIFICATE_UNACCEPTABLE


def test_dates_may_have_fractions_and_the_issuer_may_be_missing() -> None:
    claims = {4: EXPIRES.timestamp() + 0.5, 6: ISSUED.timestamp() + 0.25, -260: {1: content(), 2: "another kind"}}
    certificate = parse_code(ec_signer().code_of_claims(claims), believing(ec_signer().anchors), NOW).certificate
    assert certificate is not None
    assert certificate.issuer == "XX"
    assert certificate.issued_at == ISSUED + timedelta(seconds=0.25)


@pytest.mark.parametrize("issuer", [1, b"XX", "X" * 81, ["XX"]])
def test_an_issuer_that_is_no_short_text_is_unacceptable(issuer: object) -> None:
    assert reason(ec_signer().code_of_claims(CLAIMS | {1: issuer})) is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize("hcert_claim", [None, {}, {1: None}, {1: []}, {2: content()}, content(), "text"])
def test_other_content_is_unacceptable(hcert_claim: object) -> None:
    assert reason(ec_signer().code_of_claims(CLAIMS | {-260: hcert_claim})) is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize("allowed", ["v", "t", "r"])
@pytest.mark.parametrize("group", ["v", "t", "r"])
def test_a_signer_signs_only_what_its_certificate_allows(allowed: str, group: str) -> None:
    signer = ec_signer(allowed)
    if allowed == group:
        assert parse_code(signer.code(content(group)), believing(signer.anchors), NOW).certificate is not None
    else:
        assert reason(signer.code(content(group)), signer.anchors) is Reason.CERTIFICATE_UNACCEPTABLE


def test_all_signers_with_the_same_key_id_are_tried() -> None:
    signers = [rsa_signer(), Signer(*hcert_issue.throwaway_signer("XY", ISSUED)), ec_signer()]

    class Collision:
        def candidates(self, key_id: bytes) -> list[SignerKey]:
            assert key_id == ec_signer().key_id
            return [key for signer in signers for key in signer.anchors.candidates(signer.key_id)]

    assert parse_code(ec_signer().code(), believing(Collision()), NOW).certificate is not None
    signers.pop()
    with pytest.raises(CredentialFault, match="certificate_forged"):
        parse_code(ec_signer().code(), believing(Collision()), NOW)


def test_a_bomb_is_unreadable() -> None:
    bomb = hcert_issue.wrap(bytes(2_500_000)).encode()
    assert len(bomb) < hcert.MAX_TEXT_BYTES
    assert reason(bomb) is Reason.CODE_UNREADABLE


def test_damaged_or_missing_compression_is_unreadable() -> None:
    whole = base45.decode(ec_signer().code()[4:])
    for data in (zlib.decompress(whole), whole[:-1], whole + b"\0", whole + whole, b"", zlib.compress(b"")):
        assert reason(b"HC1:" + base45.encode(data)) is Reason.CODE_UNREADABLE


def test_a_hundred_thousand_characters_are_unreadable() -> None:
    assert reason(b"HC1:" + b"0" * 100_000) is Reason.CODE_UNREADABLE
    with pytest.raises(CredentialFault):
        hcert.decode(b"HC1:" + b"0" * 100_000)
