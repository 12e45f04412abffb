from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import segno
from signed_certificates import ec_signer, rsa_signer
from signed_codes import (
    DYNAMIC,
    HOLDER,
    IDENTIFIER,
    ISSUED,
    ISSUER,
    NOW,
    PRINTED,
    PSEUDONYM,
    RECORDS,
    City,
    Lists,
    believing,
    city,
    ed25519_city,
)

from gate.credentials import hcert, hcert_issue, signed_health_code
from gate.credentials.identify import parse_code
from gate.credentials.revocation import NameKind, NothingRevoked
from gate.credentials.signed_content import Issue
from gate.credentials.trusted import Trusted
from gate.errors import ConfigError, CredentialFault
from gate.model import Assurance, CredentialKind, Holder, Moment, Reason, Records, TestRecord, TestResult

MOST_CHARACTERS = 419
"""Of a QR code of version 12 at level M in alphanumeric mode (ISO/IEC 18004)."""


def fault(code: bytes, moment: Moment = NOW, trusted: Trusted | None = None) -> CredentialFault:
    with pytest.raises(CredentialFault) as found:
        parse_code(code, believing(city()) if trusted is None else trusted, moment)
    return found.value


def claims(**content: Any) -> dict[int, Any]:
    """Claims of a good code with fields of its content changed, added (``x99``) or left out (None)."""
    made = signed_health_code.claims(HOLDER, RECORDS, DYNAMIC)
    fields = made[hcert.HCERT][hcert.HEALTH_CODE]
    for name, value in content.items():
        fields[int(name[1:])] = value
    kept = {key: value for key, value in fields.items() if value is not None}
    return made | {hcert.HCERT: {hcert.HEALTH_CODE: kept}}


@pytest.mark.parametrize("signer", [city(), ed25519_city()], ids=["ES256", "EdDSA"])
def test_a_dynamic_code_says_who_it_is_and_all_four_facts(signer: City) -> None:
    credential = parse_code(signer.health_code(), believing(signer), NOW)
    assert (credential.kind, credential.assurance) == (CredentialKind.HEALTH_CODE, Assurance.DYNAMIC_CODE)
    assert credential.holder == Holder("张**", birth_date=date(1990, 1, 1), pseudonym=PSEUDONYM)
    assert credential.records == RECORDS
    assert credential.certificate is None
    assert credential.one_time is not None
    assert credential.one_time.expires_at == DYNAMIC.expires_at
    assert len(credential.one_time.digest) == 16


def test_nothing_in_it_names_anybody() -> None:
    code = hcert.decode(city().health_code())
    assert "张三".encode() not in code.message.payload
    credential = parse_code(city().health_code(), believing(city()), NOW)
    assert "张" not in repr(credential)
    assert "1990" not in repr(credential)
    assert PSEUDONYM.hex() not in repr(credential)
    assert repr(PSEUDONYM) not in repr(credential)


def test_the_same_code_has_one_digest_and_another_code_another() -> None:
    def digest(code: bytes, trusted: City) -> bytes:
        one_time = parse_code(code, believing(trusted), NOW).one_time
        assert one_time is not None
        return one_time.digest

    code = city().health_code()
    assert digest(code, city()) == digest(code.lower(), city())
    assert digest(code, city()) != digest(city().health_code(), city())


def test_a_code_may_say_less() -> None:
    bare = parse_code(city().sign(claims(x3=None, x4=None, x5=None, x6=None, x7=None, x8=None)), believing(city()), NOW)
    assert bare.records == Records()
    assert bare.holder == Holder("张**", pseudonym=PSEUDONYM)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (ISSUED - timedelta(minutes=5, seconds=1), Reason.CERTIFICATE_NOT_YET_VALID),
        (ISSUED - timedelta(minutes=5), None),
        (ISSUED + timedelta(minutes=10), None),
        (ISSUED + timedelta(minutes=10, seconds=1), Reason.CODE_TOO_OLD),
        (ISSUED + timedelta(days=800), Reason.CODE_TOO_OLD),
    ],
)
def test_it_lives_for_ten_minutes(at: datetime, reason: Reason | None) -> None:
    if reason is None:
        assert parse_code(city().health_code(), believing(city()), Moment(at, trusted=True)).records == RECORDS
    else:
        assert fault(city().health_code(), Moment(at, trusted=True)).reason is reason


def test_without_a_clock_nobody_knows_whether_it_is_a_screenshot() -> None:
    assert fault(city().health_code(), Moment(NOW.at, trusted=False)).reason is Reason.CLOCK_UNTRUSTED


@pytest.mark.parametrize(
    ("life", "assurance"),
    [
        (timedelta(seconds=1), Assurance.DYNAMIC_CODE),
        (timedelta(minutes=10), Assurance.DYNAMIC_CODE),
        (timedelta(minutes=10, seconds=1), Assurance.STATIC_CODE),
        (timedelta(days=7), Assurance.STATIC_CODE),
        (timedelta(days=7, seconds=1), None),
        (timedelta(0), None),
        (timedelta(seconds=-1), None),
    ],
)
def test_a_longer_life_makes_it_a_printed_code_and_a_week_is_the_most(
    life: timedelta, assurance: Assurance | None
) -> None:
    code = city().health_code(Issue(ISSUER, ISSUED, ISSUED + life, IDENTIFIER))
    trusted = Trusted(city(), NothingRevoked())
    if assurance is None:
        assert fault(code, Moment(ISSUED, trusted=True), trusted).reason is Reason.CERTIFICATE_UNACCEPTABLE
    else:
        credential = parse_code(code, trusted, Moment(ISSUED, trusted=True))
        assert credential.assurance is assurance
        assert (credential.one_time is None) == (assurance is Assurance.STATIC_CODE), "a printed code is used again"


def test_a_printed_code_past_its_life_is_too_old() -> None:
    late = Moment(PRINTED.expires_at + timedelta(seconds=1), trusted=True)
    assert fault(city().health_code(PRINTED), late).reason is Reason.CODE_TOO_OLD


# --- who may sign it -----------------------------------------------------------------------------------------------


def test_a_signer_of_certificates_signs_no_health_code() -> None:
    code = ec_signer().code_of_claims(claims())
    found = fault(code, trusted=believing(ec_signer().anchors))
    assert found.reason is Reason.CERTIFICATE_UNACCEPTABLE
    assert found.kind is CredentialKind.HEALTH_CODE, "its record says what was shown"


@pytest.mark.parametrize("usage", [(), ("permit",), ("t", "v", "r", "permit"), ("health_codes",)])
def test_nor_does_a_signer_of_something_else(usage: tuple[str, ...]) -> None:
    other = City(*usage)
    assert fault(other.health_code(), trusted=believing(other)).reason is Reason.CERTIFICATE_UNACCEPTABLE


def test_a_forged_one_is_not_believed_to_be_one() -> None:
    forger = City("health_code")
    code = hcert_issue.issue_claims(claims(), forger.signer.private_key, city().signer.key_id).encode()
    found = fault(code)
    assert (found.reason, found.kind) == (Reason.CERTIFICATE_FORGED, None)
    assert fault(code, trusted=Trusted()).reason is Reason.CERTIFICATE_ISSUER_UNKNOWN


def test_it_is_not_older_than_its_signer_and_no_younger_than_the_end_of_that() -> None:
    early = Issue(ISSUER, ISSUED - timedelta(days=31), ISSUED - timedelta(days=31) + timedelta(minutes=10))
    at = Moment(early.issued_at, trusted=True)
    assert fault(city().health_code(early, Records()), at).reason is Reason.CERTIFICATE_UNACCEPTABLE
    end = ISSUED - timedelta(days=30) + timedelta(days=730)
    late = Issue(ISSUER, end, end + timedelta(minutes=10))
    after = Moment(end + timedelta(minutes=1), trusted=True)
    assert fault(city().health_code(late), after).reason is Reason.CERTIFICATE_EXPIRED


# --- what was revoked ----------------------------------------------------------------------------------------------


def test_a_dynamic_code_is_over_before_any_list_could_name_it() -> None:
    assert parse_code(city().health_code(), Trusted(city()), NOW).records == RECORDS


@pytest.mark.parametrize("kind", NameKind)
def test_a_printed_code_is_looked_up(kind: NameKind) -> None:
    code = city().health_code(PRINTED)
    names = {
        NameKind.UCI: sha256(IDENTIFIER).digest(),
        NameKind.COUNTRY_UCI: sha256(b"XX" + IDENTIFIER).digest(),
        NameKind.SIGNATURE: sha256(hcert.decode(code).message.signature[:32]).digest(),
    }
    assert parse_code(code, Trusted(city(), Lists(kind)), NOW).records == RECORDS
    assert fault(code, trusted=Trusted(city(), Lists(kind, names[kind]))).reason is Reason.CERTIFICATE_REVOKED
    assert fault(code).reason is Reason.REVOCATION_UNKNOWN


@pytest.mark.parametrize("identifier", [None, b"", b"1234567", bytes(33), "12345678", 7])
def test_a_printed_code_has_a_name_by_which_it_can_be_revoked(identifier: object) -> None:
    made = signed_health_code.claims(HOLDER, RECORDS, PRINTED) | {hcert.IDENTIFIER: identifier}
    found = fault(city().sign(made), trusted=Trusted(city(), NothingRevoked()))
    assert found.reason is Reason.CERTIFICATE_UNACCEPTABLE


# --- form ----------------------------------------------------------------------------------------------------------

BAD = [
    {"x1": None},
    {"x1": bytes(15)},
    {"x1": PSEUDONYM.hex()},
    {"x2": None},
    {"x2": ""},
    {"x2": "张" * 25},
    {"x2": "张\u202e*"},
    {"x2": "张\u200b*"},
    {"x2": "张\n*"},
    {"x3": 60_001},
    {"x3": "1990-01-01"},
    {"x4": [6, 0]},
    {"x4": [-1, 0]},
    {"x4": ["green", 0]},
    {"x4": [1]},
    {"x4": [1, 0, 0]},
    {"x4": [1, -1]},
    {"x4": [1, 4_000_000_001]},
    {"x4": [1, 0.5]},
    {"x4": [True, 0]},
    {"x5": [0, 0]},
    {"x5": [None, 0]},
    {"x6": []},
    {"x6": [[1, 9, 5, 0, 1]] * 4},
    {"x6": [[4, 9, 5, 0, 1]]},
    {"x6": [[1, 9, None, 0, 1]]},
    {"x6": [[0, 9, 5, 0, 1]]},
    {"x6": [[1, 5, 9, 0, 1]]},
    {"x6": [[1, 9, 5, 2, 1]]},
    {"x6": [[1, 9, 5, 0, 0]]},
    {"x6": [[1, 9, 5, 0, 101]]},
    {"x7": [-1, None]},
    {"x7": [21, None]},
    {"x8": [None, 0]},
    {"x9": 1},
]


@pytest.mark.parametrize("changes", BAD, ids=str)
def test_content_of_another_form_is_unacceptable(changes: dict[str, Any]) -> None:
    found = fault(city().sign(claims(**changes)))
    assert found.reason is Reason.CERTIFICATE_UNACCEPTABLE
    assert "张" not in str(found)


@pytest.mark.parametrize("content", [[], None, "x", 1, {"1": PSEUDONYM}])
def test_so_is_content_that_is_no_map_of_numbers(content: object) -> None:
    made = claims() | {hcert.HCERT: {hcert.HEALTH_CODE: content}}
    assert fault(city().sign(made)).reason is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize("issuer", [None, "", "x" * 65])
def test_so_is_a_code_without_an_issuer(issuer: str | None) -> None:
    assert fault(city().sign(claims() | {hcert.ISSUER: issuer})).reason is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize(
    "contents",
    [{}, {-6: {}}, {2: {}}, {"1": {}}, {-101: {}, -102: {}}, {1: {}, -101: {}}, [], None],
    ids=["none", "WHO DDCC", "another", "text", "ours twice", "ours and the EU's", "a list", "nothing"],
)
def test_content_of_another_kind_is_refused_clearly(contents: object) -> None:
    found = fault(city().sign(claims() | {hcert.HCERT: contents}))
    assert found.reason is Reason.CERTIFICATE_UNACCEPTABLE
    assert "content" in found.detail


# --- making one ----------------------------------------------------------------------------------------------------


def test_a_code_that_cannot_be_said_is_not_made() -> None:
    later = replace(RECORDS.codes[0], as_of=ISSUED + timedelta(seconds=1))
    for holder, records in (
        (replace(HOLDER, pseudonym=None), RECORDS),
        (replace(HOLDER, name=" "), RECORDS),
        (HOLDER, replace(RECORDS, codes=(later,))),
        (HOLDER, replace(RECORDS, codes=RECORDS.codes * 2)),
        (HOLDER, replace(RECORDS, tests=RECORDS.tests * 2)),
    ):
        with pytest.raises(ConfigError):
            signed_health_code.claims(holder, records, DYNAMIC)


@pytest.mark.parametrize(
    ("name", "masked"), [("张三丰", "张**"), ("Grete Öl Musterfrau", "G** Ö** M**"), ("阿依古丽·买买提", "阿** 买**")]
)
def test_the_name_is_masked_when_it_is_made(name: str, masked: str) -> None:
    credential = parse_code(city().health_code(holder=replace(HOLDER, name=name)), believing(city()), NOW)
    assert credential.holder is not None
    assert credential.holder.name == masked


# --- size ----------------------------------------------------------------------------------------------------------


def largest() -> Records:
    """The four facts of somebody about whom there is most to say: everything old enough to take five bytes."""
    long_ago = ISSUED - timedelta(days=400, seconds=17)
    tests = tuple(
        TestRecord(
            "a-city-with-a-long-name",
            ISSUED,
            TestResult.NEGATIVE,
            ISSUED - timedelta(days=3 * day + 1, seconds=4321),
            ISSUED - timedelta(days=3 * day + 1, seconds=21),
            pool_size=20,
        )
        for day in range(3)
    )
    return Records(
        codes=(replace(RECORDS.codes[0], as_of=ISSUED - timedelta(days=1, seconds=7)),),
        pop_ups=(replace(RECORDS.pop_ups[0], as_of=ISSUED - timedelta(days=1, seconds=9)),),
        tests=tests,
        vaccinations=(replace(RECORDS.vaccinations[0], last_dose_at=long_ago),),
        travel=(replace(RECORDS.travel[0], as_of=ISSUED - timedelta(days=1, seconds=11)),),
    )


@pytest.mark.parametrize("signer", [city(), ed25519_city()], ids=["ES256", "EdDSA"])
@pytest.mark.parametrize("life", [timedelta(minutes=10), timedelta(days=7)], ids=["dynamic", "printed"])
def test_the_largest_code_for_one_person_fits_a_qr_code_of_version_12(signer: City, life: timedelta) -> None:
    issue = Issue("a-city-with-a-long-name", ISSUED, ISSUED + life, bytes(range(200, 216)))
    holder = Holder("阿依古丽·买买提·艾合买提", birth_date=date(1931, 12, 31), pseudonym=bytes(range(240, 256)))
    text = signer.health_code(issue, largest(), holder).decode()
    assert len(text) <= MOST_CHARACTERS
    picture = segno.make_qr(text, error="m", boost_error=False)
    assert picture.mode == "alphanumeric"
    assert int(picture.version) <= 12


def test_the_signature_of_an_rsa_key_alone_is_too_large_for_that() -> None:
    claims_ = signed_health_code.claims(HOLDER, Records(), DYNAMIC)
    text = rsa_signer().code_of_claims(claims_)
    assert len(text) > MOST_CHARACTERS, "PS256 can't be used for codes on a screen"


def test_times_before_1970_have_no_place_in_a_code() -> None:
    made = claims() | {hcert.ISSUED_AT: int(datetime(1969, 1, 1, tzinfo=UTC).timestamp())}
    assert fault(city().sign(made)).reason is Reason.CERTIFICATE_UNACCEPTABLE
