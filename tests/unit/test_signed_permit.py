from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from signed_certificates import ec_signer
from signed_codes import FOR_A_WEEK, HOLDER, IDENTIFIER, ISSUED, ISSUER, NOW, PERMIT, PSEUDONYM, City, Lists, city

from gate.credentials import hcert, signed_permit
from gate.credentials.identify import parse_code
from gate.credentials.revocation import NameKind, NothingRevoked
from gate.credentials.signed_content import Issue
from gate.credentials.trusted import Trusted
from gate.errors import ConfigError, CredentialFault
from gate.model import Assurance, CredentialKind, Holder, Moment, Reason, Records
from gate.trust.anchors import Anchors

TRUSTED = Trusted(city(), NothingRevoked())


def fault(code: bytes, moment: Moment = NOW, trusted: Trusted = TRUSTED) -> CredentialFault:
    with pytest.raises(CredentialFault) as found:
        parse_code(code, trusted, moment)
    return found.value


def claims(**content: Any) -> dict[int, Any]:
    """Claims of a good permit with fields of its content changed, added or left out (None)."""
    made = signed_permit.claims(HOLDER, PERMIT, FOR_A_WEEK)
    fields = made[hcert.HCERT][hcert.PERMIT]
    for name, value in content.items():
        fields[int(name[1:])] = value
    kept = {key: value for key, value in fields.items() if value is not None}
    return made | {hcert.HCERT: {hcert.PERMIT: kept}}


def test_a_permit_says_whose_it_is_and_where_and_when_it_lets_in() -> None:
    credential = parse_code(city().permit(), TRUSTED, NOW)
    assert (credential.kind, credential.assurance) == (CredentialKind.PERMIT, Assurance.STATIC_CODE)
    assert credential.holder == Holder("张**", pseudonym=PSEUDONYM)
    assert credential.records == Records(permits=(PERMIT,))
    assert credential.one_time is None, "it is shown at every entry"


def test_it_may_hold_for_all_day_as_often_as_wanted_and_for_nobody_in_particular() -> None:
    bare = replace(PERMIT, hours=None, entries_left=None, sponsor=None)
    assert parse_code(city().permit(bare), TRUSTED, NOW).records == Records(permits=(bare,))


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (Moment(ISSUED - timedelta(minutes=6), trusted=True), Reason.CERTIFICATE_NOT_YET_VALID),
        (Moment(FOR_A_WEEK.expires_at + timedelta(seconds=1), trusted=True), Reason.CERTIFICATE_EXPIRED),
        (Moment(NOW.at, trusted=False), Reason.CLOCK_UNTRUSTED),
    ],
)
def test_a_permit_out_of_date_is_refused(moment: Moment, reason: Reason) -> None:
    assert fault(city().permit(), moment).reason is reason


def test_a_permit_that_has_not_begun_is_for_the_rules() -> None:
    later = replace(PERMIT, valid_from=ISSUED + timedelta(days=1))
    assert parse_code(city().permit(later), TRUSTED, NOW).records == Records(permits=(later,))


@pytest.mark.parametrize("usage", [(), ("health_code",), ("t", "v", "r")])
def test_only_who_may_sign_permits_signs_one(usage: tuple[str, ...]) -> None:
    other = City(*usage)
    found = fault(other.permit(), trusted=Trusted(other, NothingRevoked()))
    assert (found.reason, found.kind) == (Reason.CERTIFICATE_UNACCEPTABLE, CredentialKind.PERMIT)


def test_a_signer_of_certificates_signs_no_permit_and_a_city_no_certificate() -> None:
    code = ec_signer().code_of_claims(claims())
    assert fault(code, trusted=Trusted(ec_signer().anchors, NothingRevoked())).kind is CredentialKind.PERMIT
    certificate = city().signer.code()
    at = Moment(datetime(2022, 6, 1, tzinfo=UTC), trusted=True)
    assert fault(certificate, at).reason is Reason.CERTIFICATE_UNACCEPTABLE


def test_the_list_of_signers_says_who_signs_what() -> None:
    def trusting(*signs: str) -> Trusted:
        entry = {"certificate": base64.b64encode(city().signer.certificate).decode(), "signs": signs}
        return Trusted(Anchors.load(json.dumps({"anchors": [entry]}).encode()), NothingRevoked())

    assert parse_code(city().permit(), trusting("permit"), NOW).kind is CredentialKind.PERMIT
    assert parse_code(city().permit(), trusting("health_code", "permit"), NOW).kind is CredentialKind.PERMIT
    assert fault(city().permit(), trusted=trusting("health_code")).reason is Reason.CERTIFICATE_UNACCEPTABLE
    assert fault(city().health_code(), trusted=trusting("permit")).reason is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize("kind", NameKind)
def test_a_permit_is_looked_up_on_the_lists_of_what_was_revoked(kind: NameKind) -> None:
    code = city().permit()
    names = {
        NameKind.UCI: sha256(IDENTIFIER).digest(),
        NameKind.COUNTRY_UCI: sha256(b"XX" + IDENTIFIER).digest(),
        NameKind.SIGNATURE: sha256(hcert.decode(code).message.signature[:32]).digest(),
    }
    assert parse_code(code, Trusted(city(), Lists(kind)), NOW).records == Records(permits=(PERMIT,))
    assert fault(code, trusted=Trusted(city(), Lists(kind, names[kind]))).reason is Reason.CERTIFICATE_REVOKED
    assert fault(code, trusted=Trusted(city())).reason is Reason.REVOCATION_UNKNOWN


@pytest.mark.parametrize("identifier", [None, b"1234567", bytes(33), "12345678"])
def test_a_permit_without_an_identifier_could_not_be_counted_or_revoked(identifier: object) -> None:
    made = claims() | {hcert.IDENTIFIER: identifier}
    assert fault(city().sign(made)).reason is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"x1": None},
        {"x1": bytes(17)},
        {"x2": "\u2066张**"},
        {"x3": None},
        {"x3": []},
        {"x3": [""]},
        {"x3": ["z" * 65]},
        {"x3": ["z"] * 21},
        {"x3": "east-3"},
        {"x4": None},
        {"x5": None},
        {"x5": -3600},
        {"x5": -3601},
        {"x5": 4_000_000_001},
        {"x4": -4_000_000_001},
        {"x6": [0]},
        {"x6": [0, 1441]},
        {"x6": [-1, 60]},
        {"x7": -1},
        {"x7": 100_001},
        {"x7": "many"},
        {"x8": ""},
        {"x8": "Market\u202e"},
        {"x9": 1},
    ],
    ids=str,
)
def test_content_of_another_form_is_unacceptable(changes: dict[str, Any]) -> None:
    assert fault(city().sign(claims(**changes))).reason is Reason.CERTIFICATE_UNACCEPTABLE


def test_an_end_outside_the_calendar_is_unacceptable() -> None:
    end = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
    assert fault(city().sign(claims() | {6: end, 4: end})).reason is Reason.CERTIFICATE_UNACCEPTABLE


def test_a_permit_that_cannot_be_said_is_not_made() -> None:
    for permit, issue in (
        (PERMIT, Issue(ISSUER, ISSUED, FOR_A_WEEK.expires_at)),
        (replace(PERMIT, zones=frozenset()), FOR_A_WEEK),
        (replace(PERMIT, sponsor=""), FOR_A_WEEK),
    ):
        with pytest.raises(ConfigError):
            signed_permit.claims(HOLDER, permit, issue)
